"""The index of attainment (Indeks Pencapaian SPM): from the figures of a report to one number between 0 and 100.

    recipients % = served / target * 100                  at most the cap
    quality %    = mean of fulfilled / required * 100     each item at most the cap
    service      = recipients_ratio * recipients % + quality_ratio * quality %
    sector       = mean of its services
    region       = mean of its sectors

That is the method ``standard_80_20``; ``regulation/index_choices.toml`` names one for each sector, so that education
can get its own. The two ratios stand in ``regulation/index_weights.toml``. What the law's text leaves open is decided
by the row of ``regulation/index_choices.toml`` and done here as follows:

- A service that an event triggers and that lawfully has no target this year is not applicable: it and a sector that
  has no other service are left out of the means.
- A service that the report leaves out, or whose counts it leaves out, counts 0.
- A quality item with a figure left out counts 0; one of which nothing is required is left out of the mean. Where no
  item remains, quality counts 0: a region must not gain by silence.
- ``mean_of_items`` takes the mean of the items' percentages; ``pooled_sum`` divides the sum of all that is fulfilled by
  the sum of all that is required, whatever the units; what is fulfilled of an unknown requirement is not counted.
- Services outside the region's catalogue never count.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from contracts.scorecard import SectorScore, ServiceScore, ServiceState
from contracts.submission import QualityItem, ServiceReport
from regulation.index_rows import IndexChoices
from regulation.rows import ServiceType
from services.scoring.domain.basis import Basis
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.rounding import NONE_PCT, mean, mean_of, share_pct, shares_pct, total, weighted_pair


@dataclass(frozen=True, slots=True)
class Attainment:
    index_pct: Decimal
    sectors: tuple[SectorScore, ...]


def attainment(reports: Iterable[ServiceReport], basis: Basis) -> Attainment:
    """Raises:
    Unscorable: no service of the region's catalogue applies.
    """
    by_type = {report.service_type: report for report in reports}
    sectors = []
    for sector, services in basis.catalogue.items():
        score_service = METHODS[basis.methods[sector].method]
        sectors.append(sector_score(sector, [score_service(one, by_type.get(one.id), basis) for one in services]))
    return Attainment(region_index(sectors), tuple(sectors))


def region_index(sectors: Iterable[SectorScore]) -> Decimal:
    """Raises:
    Unscorable: no sector applies.
    """
    counted = [sector.index_pct for sector in sectors if sector.index_pct is not None]
    if not counted:
        raise Unscorable("No service of the region's catalogue applies; at least one must have a target every year.")
    return mean(counted)


def sector_score(sector: str, services: Sequence[ServiceScore]) -> SectorScore:
    counted = [service.index_pct for service in services if service.index_pct is not None]
    return SectorScore(sector=sector, index_pct=mean(counted) if counted else None, services=tuple(services))


def _standard_80_20(service: ServiceType, report: ServiceReport | None, basis: Basis) -> ServiceScore:
    if report is None:
        return _missing(service)
    target, served = report.recipients.target, report.recipients.served
    if not target and service.conditional and report.no_target_reason is not None:
        return ServiceScore(service_type=service.id, state=ServiceState.NOT_APPLICABLE)
    if not target or served is None:
        return _missing(service)
    choices, weights = basis.choices, basis.weights
    recipients_pct = share_pct(served, target, at_most=choices.cap_pct)
    quality_pct = _quality_pct(report.quality, choices)
    return ServiceScore(
        service_type=service.id,
        state=ServiceState.SCORED,
        recipients_pct=recipients_pct,
        quality_pct=quality_pct,
        index_pct=weighted_pair(weights.recipients_ratio, recipients_pct, weights.quality_ratio, quality_pct),
    )


def _missing(service: ServiceType) -> ServiceScore:
    return ServiceScore(service_type=service.id, state=ServiceState.MISSING, index_pct=NONE_PCT)


def _quality_pct(items: Sequence[QualityItem], choices: IndexChoices) -> Decimal:
    if choices.quality_aggregation == "pooled_sum":
        return _pooled_pct(items, choices.cap_pct)
    known = [(item.fulfilled, item.required) for item in items if item.required and item.fulfilled is not None]
    demanded = len(items) if len(known) == len(items) else sum(item.required != 0 for item in items)
    return mean_of(demanded, shares_pct(known, at_most=choices.cap_pct)) if demanded else NONE_PCT


def _pooled_pct(items: Iterable[QualityItem], cap_pct: Decimal) -> Decimal:
    known = [(Decimal(item.fulfilled or 0), Decimal(item.required)) for item in items if item.required]
    if not known:
        return NONE_PCT
    fulfilled, required = total([pair[0] for pair in known]), total([pair[1] for pair in known])
    return share_pct(fulfilled, required, at_most=cap_pct)


METHODS: Final[Mapping[str, Callable[[ServiceType, ServiceReport | None, Basis], ServiceScore]]] = MappingProxyType(
    {"standard_80_20": _standard_80_20}
)
"""How a service is scored, by the name that the row of its sector gives; all known in ``basis.METHODS``."""
