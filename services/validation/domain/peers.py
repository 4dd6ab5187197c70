"""Peer groups: computed once for all, then fixed in each region's own stream."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Self

from contracts.peers import LevelFigures, PeerService, PeersFixedV1, PeerSpread
from contracts.quarter import Quarter
from services.validation.domain.case import PeerFigures, PeerGroup
from services.validation.domain.figures import Figures
from services.validation.domain.head import IDS_KEPT, head_id
from services.validation.domain.outliers import Spread, ratio

_PLACES: Final = Decimal("0.000001")
_PERIODS_KEPT: Final = 64


@lru_cache(maxsize=IDS_KEPT)
def peer_ids(region_code: str, period: str) -> tuple[str, str]:
    """What a report may be held against: its own period and, while that is not fixed, the same quarter a year before.

    Attainment grows from quarter to quarter, so no other quarter is comparable.
    """
    return head_id(region_code, period), head_id(region_code, _a_year_before(period))


def level_id(figures: LevelFigures) -> str:
    return f"{figures.period}/{figures.period_revision}/{figures.level}"


@lru_cache(maxsize=_PERIODS_KEPT)
def _a_year_before(period: str) -> str:
    quarter = Quarter.parse(period)
    return Quarter(quarter.fiscal_year - 1, quarter.number).text


@dataclass(frozen=True, slots=True)
class PeerHead:
    """The latest figures of a region's peers for one period; ``revision`` is the period's."""

    region_code: str
    period: str
    revision: int
    figures: Mapping[str, PeerFigures]

    @classmethod
    def of(cls, fixed: PeersFixedV1) -> Self:
        told = fixed.figures
        figures = {
            service.service_type: PeerFigures(_spread(service.attainment), _spread(service.budget_per_target))
            for service in told.services
        }
        return cls(fixed.region_code, told.period, told.period_revision, figures)

    @property
    def id(self) -> str:
        return head_id(self.region_code, self.period)

    @property
    def as_group(self) -> PeerGroup:
        return PeerGroup(self.period, self.figures)


def figures_of(reports: Collection[Mapping[str, Figures]]) -> tuple[PeerService, ...]:
    """Over the reports in force of one level; their order does not matter."""
    services = sorted({service_type for report in reports for service_type in report})
    return tuple(
        PeerService(
            service_type=service_type,
            attainment=_peer_spread(ratio(row.served, row.target) for row in rows),
            budget_per_target=_peer_spread(ratio(row.allocated, row.target) for row in rows),
        )
        for service_type in services
        if (rows := [report[service_type] for report in reports if service_type in report])
    )


def _peer_spread(figures: Iterable[float | None]) -> PeerSpread | None:
    sample = [figure for figure in figures if figure is not None]
    if not sample:
        return None
    n, *statistics = Spread.of(sample)
    mean, sd, median, mad, lowest, highest = (Decimal(each).quantize(_PLACES) for each in statistics)
    return PeerSpread(n=n, mean=mean, sd=sd, median=median, mad=mad, lowest=lowest, highest=highest)


def _spread(told: PeerSpread | None) -> Spread | None:
    if told is None:
        return None
    statistics = (told.mean, told.sd, told.median, told.mad, told.lowest, told.highest)
    return Spread(told.n, *map(float, statistics))
