"""How the nation stands in one quarter: regions by band and kind."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.quarter import Quarter
from regulation.law import Law
from regulation.rows import RegionKind
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.rounding import mean, shown


@dataclass(frozen=True, slots=True)
class KindStanding:
    kind: RegionKind
    must_report: int
    scored: int
    mean_index_shown: Decimal | None
    """Over the regions that are scored; None where there is none."""
    mean_completeness_shown: Decimal | None
    """Over the same regions: achievement is never shown without it."""
    bands: Mapping[str, int]
    """Highest first."""


def nation(law: Law, quarter: Quarter, figures: Iterable[QuarterFigures]) -> tuple[KindStanding, ...]:
    """Raises:
    RegulationError: the law is silent on the quarter's last day.
    """
    on = quarter.last_day
    bands = [band.id for band in law.bands(on)]
    decimals = law.index_choices(on).display_decimals
    must_report = Counter(region.kind for region in law.regions.reporting())
    by_kind: dict[RegionKind, list[QuarterFigures]] = {kind: [] for kind in must_report}
    for scored in figures:
        by_kind[law.regions[scored.region_code].kind].append(scored)
    return tuple(
        KindStanding(
            kind=kind,
            must_report=must_report[kind],
            scored=len(of_kind),
            mean_index_shown=_mean_shown([one.index_pct for one in of_kind], decimals),
            mean_completeness_shown=_mean_shown([one.completeness_pct for one in of_kind], decimals),
            bands=_counted(bands, of_kind),
        )
        for kind, of_kind in by_kind.items()
    )


def _mean_shown(values: Sequence[Decimal], decimals: int) -> Decimal | None:
    return shown(mean(values), decimals) if values else None


def _counted(bands: Iterable[str], figures: Iterable[QuarterFigures]) -> dict[str, int]:
    counted = Counter(one.band for one in figures)
    return {band: counted[band] for band in bands}
