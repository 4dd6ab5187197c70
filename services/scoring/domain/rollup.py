"""The index of a province and of the nation, from the indices of their regions.

The rows ``index_choices/rollups`` of the law say whose indices are taken and how; they are our own definition. A region
without an accepted report is left out of the mean, so how many are counted always stands beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.quarter import Quarter
from regulation.index_rows import IndexRollup
from regulation.law import Law
from regulation.rows import Region
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.rounding import mean

SectorIndices = Mapping[str, Mapping[str, Decimal | None]]
"""By submission, then by sector; None where no service of the sector applies."""


@dataclass(frozen=True, slots=True)
class Rollup:
    area: str
    """A province's code, or ``nation``."""
    name: str
    must_report: int
    scored: int
    index_pct: Decimal | None
    """Over the regions that are scored; None where there is none."""
    completeness_pct: Decimal | None
    sectors: Mapping[str, Decimal | None]
    expected_pct: Decimal
    row_id: str
    """The row of law that defines it."""


def nation_rollup(law: Law, quarter: Quarter, figures: Iterable[QuarterFigures], sectors: SectorIndices) -> Rollup:
    """Raises:
    RegulationError: the law is silent on the quarter's last day.
    """
    row = law.index_rollup("nation", quarter.last_day)
    return _rolled_up(law, quarter, row, "nation", "Indonesia", law.regions.reporting(), list(figures), sectors)


def province_rollups(
    law: Law, quarter: Quarter, figures: Iterable[QuarterFigures], sectors: SectorIndices
) -> tuple[Rollup, ...]:
    """Every province that has autonomous kabupaten or kota, in the order of the codes.

    Raises:
        RegulationError: the law is silent on the quarter's last day.
    """
    row, known = law.index_rollup("province", quarter.last_day), list(figures)
    members: dict[str, list[Region]] = {}
    for region in law.regions.reporting():
        if region.parent is not None:
            members.setdefault(region.parent, []).append(region)
    return tuple(
        _rolled_up(law, quarter, row, code, law.regions[code].name, regions, known, sectors)
        for code, regions in sorted(members.items())
    )


def _rolled_up(
    law: Law,
    quarter: Quarter,
    row: IndexRollup,
    area: str,
    name: str,
    members: Sequence[Region],
    figures: Sequence[QuarterFigures],
    sectors: SectorIndices,
) -> Rollup:
    codes = {region.code for region in members}
    scored = [one for one in figures if one.region_code in codes]
    indices = [sectors[one.submission_id] for one in scored if one.submission_id in sectors]
    return Rollup(
        area=area,
        name=name,
        must_report=len(members),
        scored=len(scored),
        index_pct=_mean([one.index_pct for one in scored]),
        completeness_pct=_mean([one.completeness_pct for one in scored]),
        sectors={sector: _mean([of_region.get(sector) for of_region in indices]) for sector in law.sectors},
        expected_pct=law.expected_path(quarter.number, quarter.last_day).expected_pct,
        row_id=row.row_id,
    )


def _mean(values: Iterable[Decimal | None]) -> Decimal | None:
    counted = [value for value in values if value is not None]
    return mean(counted) if counted else None
