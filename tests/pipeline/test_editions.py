"""Two editions of the awards through the HTTP doors, on a real broker and database, laid beside what was published."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio

from cli.demo.flow import Found
from cli.demo.generator import plan_year
from cli.demo.nation import NATION_LEAST
from cli.demo.plan import Plan
from regulation.loading import load_law
from regulation.published_results import PublishedResult, load_published_results
from tests.pipeline.installation import Installation

pytestmark = pytest.mark.engines
PUBLISHED = load_published_results()
EDITIONS = {2023: 2022, 2024: 2023}
CATEGORIES = ("provinsi", "kabupaten", "kota")
each_category = pytest.mark.parametrize("category", CATEGORIES)
each_edition = pytest.mark.parametrize("edition_year", EDITIONS)


@dataclass(frozen=True)
class Given:
    """What became of an edition."""

    plan: Plan
    found: Found

    def award(self, category: str) -> Mapping[str, list[str]]:
        award = next(one for one in self.found.award["awards"] if one["category"] == category)
        return {"nominees": [one["region_code"] for one in award["nominees"]], "winners": award["winners"]}


@pytest_asyncio.fixture(scope="module")
async def given(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[int, Given]]:
    """Both years in one installation, one after the other, each of the smallest nation with synthetic figures."""
    law = load_law()
    plans = {
        edition: plan_year(law, seed=11, regions=NATION_LEAST, fiscal_year=year) for edition, year in EDITIONS.items()
    }
    nation = {region.code: region for plan in plans.values() for region in plan.nation}
    installation = Installation.of(kafka, mongo, tmp_path_factory.mktemp("editions"), list(nation.values()))
    async with installation.running() as doors:
        yield {edition: Given(plan, await installation.flow(plan, doors).run()) for edition, plan in plans.items()}


def published(edition_year: int, category: str) -> list[PublishedResult]:
    return [row for row in PUBLISHED if (row.edition_year, row.category) == (edition_year, category)]


@each_edition
@each_category
def test_each_published_rank_is_the_rank_of_our_nominee(
    given: dict[int, Given], edition_year: int, category: str
) -> None:
    nominees = given[edition_year].award(category)["nominees"]
    ranked = {row.rank: row.region for row in published(edition_year, category) if row.rank is not None}
    assert ranked
    assert {rank: nominees[rank - 1] for rank in ranked} == ranked


@each_edition
@each_category
def test_the_published_winners_win_in_their_order(given: dict[int, Given], edition_year: int, category: str) -> None:
    winners = given[edition_year].award(category)["winners"]
    rows = published(edition_year, category)
    ranked = {row.rank: row.region for row in rows if row.standing == "winner" and row.rank is not None}
    assert len(winners) == 3
    assert {rank: winners[rank - 1] for rank in ranked} == ranked


@each_edition
@each_category
def test_every_published_nominee_is_nominated_in_the_published_order(
    given: dict[int, Given], edition_year: int, category: str
) -> None:
    nominees = given[edition_year].award(category)["nominees"]
    named = [row.region for row in published(edition_year, category)]
    assert [code for code in nominees if code in named] == named


@each_edition
def test_every_step_of_the_order_of_work_is_on_record(given: dict[int, Given], edition_year: int) -> None:
    steps = given[edition_year].found.award["steps"]
    assert [step["step"] for step in steps] == ["closed", "nominated", "decided", "announced"]


@each_edition
def test_the_bundle_of_each_edition_verifies(given: dict[int, Given], edition_year: int) -> None:
    audit = given[edition_year].found.audit
    assert (audit.differences, audit.edition_year) == ((), edition_year)
    winners = {category: tuple(given[edition_year].award(category)["winners"]) for category in CATEGORIES}
    assert audit.winners == winners
