"""The league table of one quarter: the regions in the order of what they attained, completeness always beside it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from regulation.law import Law
from regulation.rows import Region, RegionKind
from services.scoring.domain.figures import QuarterFigures


class SortBy(StrEnum):
    INDEX = "index"
    NAME = "name"
    COMPLETENESS = "completeness"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class Place:
    region: Region
    province: Region
    """Itself, for a provinsi."""
    figures: QuarterFigures | None
    """None where no report was accepted."""
    rank: int | None
    """Among the regions that are compared; equal indices share a rank."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which regions are compared; None means all."""

    kind: RegionKind | None = None
    province: str | None = None

    def takes(self, region: Region) -> bool:
        return self.kind in {None, region.kind} and self.province in {None, region.parent or region.code}


def league(law: Law, figures: Iterable[QuarterFigures], choice: Choice) -> tuple[Place, ...]:
    """Best first, then those without an accepted report; equals in the order of their codes."""
    known = {one.region_code: one for one in figures}
    compared = [region for region in law.regions.reporting() if choice.takes(region)]
    scored = [known[region.code].index_pct for region in compared if region.code in known]
    ranks = _ranks(scored)
    places = [
        Place(
            region=region,
            province=law.regions[region.parent or region.code],
            figures=known.get(region.code),
            rank=ranks[known[region.code].index_pct] if region.code in known else None,
        )
        for region in compared
    ]
    return arranged(places, SortBy.INDEX)


def arranged(places: Iterable[Place], by: SortBy, *, turned: bool = False) -> tuple[Place, ...]:
    """In the order asked for, or the other way round; a region without a report is last either way."""
    in_order = sorted(places, key=lambda place: place.region.code)
    scored = sorted((place for place in in_order if place.figures), key=_ORDERS[by], reverse=turned)
    return (*scored, *(place for place in in_order if place.figures is None))


def named(places: Sequence[Place], words: str) -> tuple[Place, ...]:
    """Those whose name or code holds the words; ranks stay as they are."""
    sought = words.casefold()
    return tuple(place for place in places if sought in place.region.name.casefold() or sought == place.region.code)


def _ranks(indices: Iterable[Decimal]) -> dict[Decimal, int]:
    """One more than the number of regions that stand higher."""
    counted, ranks, higher = Counter(indices), {}, 0
    for index in sorted(counted, reverse=True):
        ranks[index] = higher + 1
        higher += counted[index]
    return ranks


def _figures(place: Place) -> QuarterFigures:
    if place.figures is None:
        raise ValueError(f"Region {place.region.code} has no figures to be compared by.")
    return place.figures


_ORDERS: Final[Mapping[SortBy, Callable[[Place], Any]]] = MappingProxyType(
    {
        SortBy.INDEX: lambda place: _figures(place).index_pct.copy_negate(),
        SortBy.NAME: lambda place: place.region.name,
        SortBy.COMPLETENESS: lambda place: _figures(place).completeness_pct.copy_negate(),
        SortBy.ARRIVAL: lambda place: _figures(place).arrived_at - _figures(place).due_at,
    }
)
