"""Each edition that the law writes, given from synthetic figures and recomputed from its bundle."""

import random
import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.quarter import quarters_of
from regulation.law import Law
from regulation.loading import FOLDER, load_law
from services.scoring.domain.audit import audit
from services.scoring.domain.bundle import bundle_of
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.snapshot import Snapshot
from tests.scoring.editions import in_announcement, in_nomination
from tests.scoring.years import figures

PROVINCES = {"72", "73", "75", "64", "65", "81"}


def some_regions(law: Law, fiscal_year: int) -> list[QuarterFigures]:
    draw = random.Random(fiscal_year)
    return [
        figures(region.code, quarter.text, index_pct=index)
        for region in law.regions.reporting()
        if region.code[:2] in PROVINCES
        for index in [Decimal(draw.randint(0, 10_000)) / 100]
        for quarter in quarters_of(fiscal_year)
    ]


def winners_of(law: Law, edition_year: int, reported: Sequence[QuarterFigures]) -> dict[str, tuple[str, ...]]:
    edition = law.award_edition(edition_year)
    progress = in_announcement(in_nomination(law, edition, reported), edition)
    found = audit(bundle_of(law, edition, progress, Snapshot.of(reported)), law)
    assert found.differences == ()
    return dict(found.winners or {})


@pytest.mark.parametrize("edition_year", [2023, 2024, 2025])
def test_every_written_edition_can_be_given_and_recomputed(law: Law, edition_year: int) -> None:
    edition = law.award_edition(edition_year)
    winners = winners_of(law, edition_year, some_regions(law, edition.fiscal_year))
    assert winners.keys() == {category.id for category in edition.categories}
    for category in edition.categories:
        assert len(winners[category.id]) <= category.winner_count
        assert all(category.admits(law.regions[code]) for code in winners[category.id])


def test_the_best_of_sulawesi_are_of_sulawesi_of_whatever_kind(law: Law) -> None:
    winners = winners_of(law, 2025, some_regions(law, 2024))
    assert len(winners["sulawesi"]) == 2
    assert {law.regions[code].island_group for code in winners["sulawesi"]} == {"sulawesi"}
    assert winners["sumatra"] == ()


def test_the_most_active_provinsi_is_the_one_whose_regions_do_best(law: Law) -> None:
    reported = [
        one.model_copy(update={"index_pct": Decimal(99 if one.region_code.startswith("75.") else 40)})
        for one in some_regions(law, 2024)
    ]
    assert winners_of(law, 2025, reported)["pembinaan"] == ("75",)


def test_the_award_of_the_implementation_team_can_be_switched_on(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "award_editions.toml"
    path.write_text(path.read_text().replace("enabled = false", "enabled = true", 1))
    law = load_law(tmp_path)
    idle_team = figures("64", "2022Q2", team=False)
    reported = [
        one if one.period != "2022Q2" or one.region_code != "64" else idle_team for one in some_regions(law, 2022)
    ]
    edition = law.award_edition(2023)
    assert [row.id for row in edition.criteria_of("tim_penerapan")] == ["team", "reporting", "stages"]
    nominees = in_nomination(law, edition, reported).awards[-1].nominees
    assert len({nominee.score for nominee in nominees}) == 1, "they differ in their index alone, which only breaks ties"
    assert winners_of(law, 2023, reported)["tim_penerapan"] == tuple(one.region_code for one in nominees[:3])
    assert "64" not in {nominee.region_code for nominee in nominees}
