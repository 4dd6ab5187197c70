"""Where a region loses most: what each service costs the index, in points of the region's index.

A region's index is the mean of its sectors, a sector's the mean of its services. So a service that stands ``d`` points
below the quarter's path costs ``d / services of its sector / sectors of the region``. A service above the path costs
nothing; in the fourth quarter the path is 100 and the losses sum to what is missing to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.scorecard import SectorScore, ServiceScore
from services.scoring.domain.rounding import EXACT, NONE_PCT, ROUNDED


@dataclass(frozen=True, slots=True)
class Loss:
    sector: str
    service: ServiceScore
    points: Decimal


def losses(sectors: Sequence[SectorScore], expected_pct: Decimal) -> tuple[Loss, ...]:
    """The greatest first; equals in the order of the law. Services that cost nothing are left out."""
    applying = [
        (sector.sector, [service for service in sector.services if service.index_pct is not None])
        for sector in sectors
        if sector.index_pct is not None
    ]
    found = [
        Loss(sector, service, ROUNDED.divide(missing, len(services) * len(applying)))
        for sector, services in applying
        for service in services
        if (missing := EXACT.subtract(expected_pct, service.index_pct or NONE_PCT)) > 0
    ]
    return tuple(sorted(found, key=lambda loss: loss.points, reverse=True))
