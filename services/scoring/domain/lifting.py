"""The smallest change that lifts a region's band: for each service, how many more served people would do it alone.

Where all of the target served is not enough, quality items are fulfilled on top, the smallest requirement first: each
unit of it moves the mean of items most. The fewest additional units come first; that they are people of one service
and goods of another is for the reader to weigh.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from typing import Annotated

from pydantic import Field

from contracts.message import Frozen
from contracts.scorecard import Percent, ServiceScore, ServiceState
from contracts.submission import QualityItem, ServiceReport, Submission
from regulation.rows import Band, ServiceType
from services.scoring.domain.basis import Basis
from services.scoring.domain.index import METHODS, Attainment, region_index, sector_score
from services.scoring.domain.rounding import EXACT, NONE_PCT, WHOLE_PCT


class MoreFulfilled(Frozen):
    code: str
    unit: str
    more: Annotated[int, Field(ge=1, description="Additional units, in the item's own unit.")]


class Lift(Frozen):
    """What one service must gain so that the region reaches a higher band by it alone."""

    service_type: str
    more_served: Annotated[int, Field(ge=0)]
    more_quality: tuple[MoreFulfilled, ...] = ()
    index_pct: Percent
    band: str


class NoLift(Frozen):
    """A service whose full attainment is not enough, or that names no target to count from."""

    service_type: str
    index_at_most_pct: Annotated[Percent, Field(description="The region's, with the service fully attained.")]
    target_known: bool


class Lifting(Frozen):
    band: str
    next_band: Annotated[str | None, Field(description="Null in the highest band.")]
    lifts: tuple[Lift, ...]
    without_lift: tuple[NoLift, ...]


def lifting(submission: Submission, attained: Attainment, basis: Basis) -> Lifting:
    band = basis.band_of(attained.index_pct)
    higher = [one for one in basis.bands if one.lower_pct > band.lower_pct]
    if not higher:
        return Lifting(band=band.id, next_band=None, lifts=(), without_lift=())
    tried = list(_tried(_Trial(submission, attained, basis, band)))
    lifts = [one for one in tried if isinstance(one, Lift)]
    lifts.sort(key=lambda lift: (lift.more_served + sum(item.more for item in lift.more_quality), lift.service_type))
    without_lift = tuple(one for one in tried if isinstance(one, NoLift))
    return Lifting(band=band.id, next_band=higher[-1].id, lifts=tuple(lifts), without_lift=without_lift)


@dataclass(frozen=True, slots=True)
class _Trial:
    submission: Submission
    attained: Attainment
    basis: Basis
    band: Band

    def score(self, service: ServiceType, report: ServiceReport | None) -> ServiceScore:
        return METHODS[self.basis.methods[service.sector].method](service, report, self.basis)

    def index_with(self, score: ServiceScore) -> Decimal:
        """The region's index when one service is scored like this."""
        return region_index(
            sector_score(
                sector.sector,
                [score if one.service_type == score.service_type else one for one in sector.services],
            )
            for sector in self.attained.sectors
        )

    def band_with(self, score: ServiceScore) -> Band:
        return self.basis.band_of(self.index_with(score))

    def lifts(self, score: ServiceScore) -> bool:
        return self.band_with(score).lower_pct > self.band.lower_pct


def _tried(trial: _Trial) -> Iterator[Lift | NoLift]:
    reports = {report.service_type: report for report in trial.submission.services}
    states = {one.service_type: one.state for sector in trial.attained.sectors for one in sector.services}
    for service in (one for services in trial.basis.catalogue.values() for one in services):
        if states[service.id] is ServiceState.NOT_APPLICABLE:
            continue
        report = reports.get(service.id)
        if report is None or not report.recipients.target:
            full = ServiceScore(service_type=service.id, state=ServiceState.SCORED, index_pct=WHOLE_PCT)
            at_most = trial.index_with(full)
            yield NoLift(service_type=service.id, index_at_most_pct=at_most, target_known=False)
        else:
            yield _smallest(trial, service, report)


def _smallest(trial: _Trial, service: ServiceType, report: ServiceReport) -> Lift | NoLift:
    cap_pct = trial.basis.choices.cap_pct
    room = _room(report.recipients.target or 0, report.recipients.served, cap_pct)
    items = _smallest_requirement_first(report.quality)
    rooms = [_room(item.required or 0, item.fulfilled, cap_pct) for item in items]

    def with_more(served: int, units: int) -> ServiceReport:
        recipients = replace(report.recipients, served=(report.recipients.served or 0) + served)
        more = dict(_dealt(items, rooms, units))
        quality = tuple(
            replace(item, fulfilled=(item.fulfilled or 0) + more[item.code]) if item.code in more else item
            for item in report.quality
        )
        return replace(report, recipients=recipients, quality=quality)

    def lifts(served: int, units: int) -> bool:
        return trial.lifts(trial.score(service, with_more(served, units)))

    served = _first(room, lambda more: lifts(more, 0))
    units = 0 if served is not None else _first(sum(rooms), lambda more: lifts(room, more))
    if units is None:
        at_most = trial.index_with(trial.score(service, with_more(room, sum(rooms))))
        return NoLift(service_type=service.id, index_at_most_pct=at_most, target_known=True)
    served = room if served is None else served
    after = trial.score(service, with_more(served, units))
    named = {item.code: item.unit for item in items}
    return Lift(
        service_type=service.id,
        more_served=served,
        more_quality=tuple(
            MoreFulfilled(code=code, unit=named[code], more=more) for code, more in _dealt(items, rooms, units)
        ),
        index_pct=trial.index_with(after),
        band=trial.band_with(after).id,
    )


def _first(most: int, holds: Callable[[int], bool]) -> int | None:
    """The smallest number up to ``most`` for which it holds, as it does for every larger one; None when for none."""
    if not holds(most):
        return None
    least = 0
    while least < most:
        middle = (least + most) // 2
        if holds(middle):
            most = middle
        else:
            least = middle + 1
    return most


def _room(whole: Decimal | int, part: Decimal | int | None, cap_pct: Decimal) -> int:
    """How many more units still count."""
    counted = EXACT.scaleb(EXACT.multiply(cap_pct, whole), -2)
    left = EXACT.subtract(counted, part or 0)
    return max(0, int(left.to_integral_value(ROUND_CEILING)))


def _smallest_requirement_first(items: Sequence[QualityItem]) -> list[QualityItem]:
    """Those of which something is required; an item whose code stands twice is left as it is."""
    codes = [item.code for item in items]
    raisable = [item for item in items if item.required and codes.count(item.code) == 1]
    return sorted(raisable, key=lambda item: (item.required or NONE_PCT, item.code))


def _dealt(items: Sequence[QualityItem], rooms: Sequence[int], units: int) -> Iterator[tuple[str, int]]:
    """So many units given to the items in their order, each as many as it takes."""
    for item, room in zip(items, rooms, strict=True):
        given = min(room, units)
        units -= given
        if given:
            yield item.code, given
