"""The usual faults of real reports: each does one thing to a good report and names the rule that should see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cli.demo.figures import RegionYear
from contracts.quarter import Quarter
from contracts.submission import Budget, Justification, Recipients, ServiceReport, Submission

_SERVED_ENOUGH: Final = 20
_REASON: Final = "Data sintetis: angka sudah diperiksa bersama perangkat daerah dan memang benar."


@dataclass(frozen=True, slots=True)
class Subject:
    """A good report, the region's first of the year, and the service that the fault befalls."""

    report: Submission
    first: Submission
    place: int

    @property
    def service(self) -> ServiceReport:
        return self.report.services[self.place]

    def changed(self, **change: Any) -> Submission:
        services = list(self.report.services)
        services[self.place] = replace(self.service, **change)
        return self.report.model_copy(update={"services": tuple(services)})


@dataclass(frozen=True, slots=True)
class Fault:
    rule: str | None
    """The code of the rule that it breaks; None for a slip that no rule can see."""
    quarters: tuple[int, ...]
    """The quarters in which it can happen without breaking a second rule."""
    spoil: Callable[[Subject], Submission]
    needs_history: bool = False
    """Only against an accepted report of an earlier quarter."""
    needs_other_level: bool = False
    """Only where a list of service types is not the region's own."""
    needs_most_served: bool = False
    """Only in a service that comes near its target, or the count would leap."""


def spoilt(fault: Fault, year: RegionYear, quarter: Quarter, *, place: int, justified: bool) -> Submission:
    """The region's report with the fault; a justified one says why it is no mistake."""
    subject = Subject(year.submission(quarter), year.submission(Quarter(quarter.fiscal_year, 1)), place)
    report = fault.spoil(subject)
    if not justified or fault.rule is None:
        return report
    justification = Justification(
        rule=fault.rule,
        service_type=subject.service.service_type,
        author_role="Tim Penerapan SPM",
        reason=_REASON,
    )
    return report.model_copy(update={"justifications": (justification,)})


def places(year: RegionYear, quarter: Quarter) -> Sequence[int]:
    """The services in which a fault shows: somebody was served from the first quarter on."""
    report = year.submission(Quarter(quarter.fiscal_year, 1))
    return [place for place, one in enumerate(report.services) if (one.recipients.served or 0) >= _SERVED_ENOUGH]


def is_mostly_served(year: RegionYear, quarter: Quarter, place: int) -> bool:
    """Whether a service reaches two thirds of its target by the year's end."""
    recipients = year.submission(Quarter(quarter.fiscal_year, 4)).services[place].recipients
    return 3 * (recipients.served or 0) >= 2 * (recipients.target or 0)


def _realised_above_allocated(subject: Subject) -> Submission:
    allocated = subject.service.budget.allocated or 0
    return subject.changed(budget=Budget(allocated=allocated, realised=allocated + allocated // 10 + 1))


def _served_left_out(subject: Subject) -> Submission:
    recipients = subject.service.recipients
    return subject.changed(recipients=Recipients(target=recipients.target, served=None, unit=recipients.unit))


def _served_falls(subject: Subject) -> Submission:
    """Below the first quarter's count: lower than whichever earlier report was the last to be accepted."""
    recipients = subject.service.recipients
    served = (subject.first.services[subject.place].recipients.served or 0) // 2
    return subject.changed(recipients=Recipients(target=recipients.target, served=served, unit=recipients.unit))


def _idle_without_reason(subject: Subject) -> Submission:
    services = tuple(replace(service, no_target_reason=None) for service in subject.report.services)
    return subject.report.model_copy(update={"services": services})


def _foreign_service(subject: Subject) -> Submission:
    """A service of the other level, with figures that are good in themselves."""
    own = subject.service
    foreign = "social.kab.child_out" if ".prov." in own.service_type else "social.prov.child_in"
    services = (*subject.report.services, replace(own, service_type=foreign))
    return subject.report.model_copy(update={"services": services})


def _served_above_target(subject: Subject) -> Submission:
    recipients = subject.service.recipients
    target = recipients.target or 0
    served = target + target // 20 + 1
    return subject.changed(recipients=Recipients(target=target, served=served, unit=recipients.unit))


def _no_budget(subject: Subject) -> Submission:
    return subject.changed(budget=Budget(allocated=0, realised=0))


def _fulfilled_understated(subject: Subject) -> Submission:
    first, *others = subject.service.quality
    return subject.changed(quality=(replace(first, fulfilled=0), *others))


def _fulfilled_above_required(subject: Subject) -> Submission:
    first, *others = subject.service.quality
    more = replace(first, fulfilled=(first.required or 0) + 1)
    return subject.changed(quality=(more, *others))


_ANY: Final = (1, 2, 3, 4)
ERRORS: Final = (
    Fault("realised-within-allocated", _ANY, _realised_above_allocated),
    Fault("counts-reported", _ANY, _served_left_out),
    Fault("cumulative-does-not-fall", (2, 3, 4), _served_falls, needs_history=True),
    Fault("no-target-has-reason", _ANY, _idle_without_reason),
    Fault("service-types-of-level", _ANY, _foreign_service, needs_other_level=True),
)
SLIP: Final = Fault(None, _ANY, _fulfilled_understated)
WARNINGS: Final = (
    # More than the target at the year's end only: earlier, the next quarter's count would seem to fall.
    Fault("served-within-target", (4,), _served_above_target, needs_most_served=True),
    # Before the budget is made up, in the first quarter: later, the money already spent would seem to be gone.
    Fault("target-has-budget", (1,), _no_budget),
    Fault("fulfilled-within-required", _ANY, _fulfilled_above_required),
)
