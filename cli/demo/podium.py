"""Whom the published results of an edition name: the only place outside tests that reads them.

The demo gives these regions strong figures, so that the product's own ranking can be laid beside what was published.
The product itself knows no winner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from cli.demo.figures import Strength
from regulation.awards import AwardEdition
from regulation.law import Law
from regulation.published_results import PublishedResult, load_published_results

_BEST_ATTAINMENT = 0.994
_ATTAINMENT_GAP = 0.012
_BEST_SPENDING = 0.98
_SPENDING_GAP = 0.01


@dataclass(frozen=True, slots=True)
class Place:
    region_code: str
    standing: str | None
    """``winner`` or ``nominee`` as published; None where nothing was published and the demo picked a region."""

    @property
    def published(self) -> bool:
        return self.standing is not None


@dataclass(frozen=True, slots=True)
class Podium:
    places: Mapping[str, tuple[Place, ...]]
    """By category, best first."""
    regions: frozenset[str]


def published_podium(law: Law, edition: AwardEdition, random: Random) -> Podium:
    """The places of each category; those that nobody published are filled by a seeded pick."""
    results = [row for row in load_published_results() if row.edition_year == edition.edition_year]
    named = {row.region for row in results}
    places: dict[str, tuple[Place, ...]] = {}
    for category in edition.categories:
        published = _by_rank([row for row in results if row.category == category.id], category.nominee_count)
        others = [
            region.code
            for region in law.regions.reporting()
            if region.kind in category.region_kinds and region.code not in named
        ]
        picked = iter(random.sample(others, k=category.nominee_count))
        places[category.id] = tuple(
            Place(row.region, row.standing) if row else Place(next(picked), None) for row in published
        )
    return Podium(places, frozenset(place.region_code for ranked in places.values() for place in ranked))


def strength_at(rank: int, stages: int) -> Strength:
    """Strong in every criterion, and clearly weaker than the rank before; ranks count from 0."""
    return Strength(
        attainment=_BEST_ATTAINMENT - _ATTAINMENT_GAP * rank,
        spending=_BEST_SPENDING - _SPENDING_GAP * rank,
        stages_done=stages,
        team_from=1,
        action_plan=True,
        scatter=0,
    )


def _by_rank(rows: list[PublishedResult], count: int) -> list[PublishedResult | None]:
    """Rows at their rank; those published without a rank follow in the published order."""
    places: list[PublishedResult | None] = [None] * count
    for row in rows:
        if row.rank is not None:
            places[row.rank - 1] = row
    unranked = iter([row for row in rows if row.rank is None])
    return [row or next(unranked, None) for row in places]
