"""The nation at a glance: who reported, and where the regions stand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.quarter import Quarter
from regulation.law import Law
from regulation.rows import RegionKind
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.rounding import mean


@dataclass(frozen=True, slots=True)
class Group:
    """The regions of one kind, or all of them."""

    kind: RegionKind | None
    must_report: int
    on_time: int
    late: int
    on_path: int
    """Regions whose index is at least where the year's path should stand."""
    mean_index_pct: Decimal | None
    """Over the regions that reported, each alike; None where there is none."""
    mean_completeness_pct: Decimal | None
    bands: Mapping[str, int]
    """Highest first."""

    @property
    def reported(self) -> int:
        return self.on_time + self.late

    @property
    def silent(self) -> int:
        return self.must_report - self.reported


def groups(law: Law, quarter: Quarter, figures: Iterable[QuarterFigures]) -> tuple[Group, ...]:
    """The whole nation first, then each kind of region.

    Raises:
        RegulationError: the law is silent on the quarter's last day.
    """
    on = quarter.last_day
    bands, expected_pct = [band.id for band in law.bands(on)], law.expected_path(quarter.number, on).expected_pct
    found = [one for one in figures if law.regions[one.region_code].reports_spm]
    reporting = law.regions.reporting()
    kinds: list[RegionKind] = list(dict.fromkeys(region.kind for region in reporting))
    return (
        _group(None, len(reporting), found, bands, expected_pct),
        *(
            _group(
                kind,
                sum(region.kind == kind for region in reporting),
                [one for one in found if law.regions[one.region_code].kind == kind],
                bands,
                expected_pct,
            )
            for kind in kinds
        ),
    )


def _group(
    kind: RegionKind | None,
    must_report: int,
    found: Sequence[QuarterFigures],
    bands: Sequence[str],
    expected_pct: Decimal,
) -> Group:
    on_time = sum(one.on_time for one in found)
    return Group(
        kind=kind,
        must_report=must_report,
        on_time=on_time,
        late=len(found) - on_time,
        on_path=sum(one.index_pct >= expected_pct for one in found),
        mean_index_pct=mean([one.index_pct for one in found]) if found else None,
        mean_completeness_pct=mean([one.completeness_pct for one in found]) if found else None,
        bands={band: sum(one.band == band for one in found) for band in bands},
    )
