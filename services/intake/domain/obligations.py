"""What a region owes for each quarter, until when, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from contracts.message import Bilingual, Frozen, Instant
from contracts.period import PeriodChangedV1, PeriodState
from contracts.quarter import Quarter, quarters_of
from contracts.verdict import VerdictOutcome
from regulation.law import ReportingWindow
from services.intake.domain.obligation_words import Step, deadline_in_words, state_in_words, step_in_words


class ObligationState(StrEnum):
    """How a region stands with one quarter; the last accepted report fulfils it, whatever came after."""

    NOT_OPEN = "not_open"
    DUE = "due"
    RETURNED = "returned"
    IN_JUDGEMENT = "in_judgement"
    OVERDUE = "overdue"
    CLOSED_UNFULFILLED = "closed_unfulfilled"
    FULFILLED = "fulfilled"
    FULFILLED_WITH_WARNINGS = "fulfilled_with_warnings"

    @property
    def fulfilled(self) -> bool:
        return self in {ObligationState.FULFILLED, ObligationState.FULFILLED_WITH_WARNINGS}

    @property
    def owed(self) -> bool:
        """Whether a report can and must still come, or is being looked at."""
        return self in {
            ObligationState.DUE,
            ObligationState.RETURNED,
            ObligationState.IN_JUDGEMENT,
            ObligationState.OVERDUE,
        }


class Entry(StrEnum):
    """Whether reports of a period are taken."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A quarter's dates and entry as they stand at an instant: by the secretariat's order, else by the calendar."""

    period: str
    opens_at: datetime
    due_at: datetime
    entry: Entry
    revision: int
    """Of the period; 0 while the secretariat has ordered nothing."""
    set_at: datetime
    """When these dates were set; of the calendar's own dates, the opening."""

    @classmethod
    def of(cls, window: ReportingWindow, period: PeriodChangedV1 | None, now: datetime) -> Self:
        if period is None:
            return cls(window.period, window.opens_at, window.due_at, Entry.NOT_OPEN, 0, window.opens_at)
        if period.state is PeriodState.CLOSED:
            entry = Entry.CLOSED
        else:
            entry = Entry.NOT_OPEN if now < period.opens_at else Entry.OPEN
        return cls(period.period, period.opens_at, period.due_at, entry, period.revision, period.changed_at)


@dataclass(frozen=True, slots=True)
class Sent:
    """A report that a region sent; outcome and revision are None until it is judged."""

    submission_id: str
    arrived_at: datetime
    on_time: bool
    outcome: VerdictOutcome | None = None
    revision: int | None = None


class NextStep(Frozen):
    text: Bilingual
    url: Annotated[str, Field(description="Where to go for it, at this service.", examples=["/v1/submissions"])]


class Obligation(Frozen):
    """One quarter of one region."""

    region_code: str
    period: str
    opens_at: Instant
    due_at: Annotated[Instant, Field(description="A report that arrives at this very instant is on time.")]
    due_in_words: Annotated[Bilingual, Field(description="With the days left or overdue while nothing is accepted.")]
    entry: Annotated[Entry, Field(description="Whether reports of the period are taken.")]
    period_revision: Annotated[int, Field(description="Counts the secretariat's orders for the period; 0 for none.")]
    set_at: Annotated[Instant, Field(description="When the dates were set; the opening where the calendar set them.")]
    state: ObligationState
    state_in_words: Bilingual
    on_time: Annotated[bool | None, Field(description="Of the first accepted report; null until there is one.")]
    submission_id: Annotated[
        str | None, Field(description="The report that counts: the last accepted one, else the last that came.")
    ]
    next_step: NextStep


def obligation_of(
    region_code: str, deadline: Deadline, reports: Sequence[Sent], *, now: datetime, zone: ZoneInfo
) -> Obligation:
    """``reports`` are those of the region and period, in any order; days are counted in ``zone``."""
    standing = _Standing.of(reports)
    state = _state(deadline, standing, now)
    return Obligation(
        region_code=region_code,
        period=deadline.period,
        opens_at=deadline.opens_at,
        due_at=deadline.due_at,
        due_in_words=deadline_in_words(
            deadline.due_at, None if state.fulfilled or deadline.entry is Entry.CLOSED else now, zone
        ),
        entry=deadline.entry,
        period_revision=deadline.revision,
        set_at=deadline.set_at,
        state=state,
        state_in_words=state_in_words(state),
        on_time=standing.on_time,
        submission_id=standing.counting.submission_id if standing.counting else None,
        next_step=_next_step(deadline, standing, state),
    )


def years_shown(today: date) -> tuple[int, ...]:
    """The fiscal years that a list shows when none is asked for: the one being reported and the one that runs."""
    running = Quarter(today.year, (today.month + 2) // 3)
    return tuple(sorted({running.preceding.fiscal_year, running.fiscal_year}))


def shown(obligations: Sequence[Obligation], years: Sequence[int]) -> list[Obligation]:
    """Those of the years, and what is still owed of years before; in the order of the periods."""
    periods = {quarter.text for year in years for quarter in quarters_of(year)}
    return sorted((each for each in obligations if each.period in periods or each.state.owed), key=_in_order)


def _in_order(obligation: Obligation) -> tuple[str, str]:
    return obligation.period, obligation.region_code


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the reports of one region and period come to."""

    accepted: Sent | None
    """The last accepted one."""
    latest: Sent | None
    """The last that came: one that is not judged yet comes after all that are."""
    on_time: bool | None

    @classmethod
    def of(cls, reports: Sequence[Sent]) -> Self:
        chain = sorted(reports, key=_place_in_chain)
        accepted = [each for each in chain if each.outcome not in {None, VerdictOutcome.RETURNED}]
        first = min(accepted, key=_arrival, default=None)
        return cls(
            accepted=accepted[-1] if accepted else None,
            latest=chain[-1] if chain else None,
            on_time=first.on_time if first else None,
        )

    @property
    def counting(self) -> Sent | None:
        return self.accepted or self.latest


def _place_in_chain(report: Sent) -> tuple[bool, int, datetime, str]:
    return report.revision is None, report.revision or 0, report.arrived_at, report.submission_id


def _arrival(report: Sent) -> tuple[datetime, int]:
    return report.arrived_at, report.revision or 0


def _state(deadline: Deadline, standing: _Standing, now: datetime) -> ObligationState:
    if standing.accepted:
        warned = standing.accepted.outcome is VerdictOutcome.ACCEPTED_WITH_WARNINGS
        return ObligationState.FULFILLED_WITH_WARNINGS if warned else ObligationState.FULFILLED
    if standing.latest and standing.latest.outcome is None:
        return ObligationState.IN_JUDGEMENT
    if deadline.entry is Entry.CLOSED:
        return ObligationState.CLOSED_UNFULFILLED
    if deadline.entry is Entry.NOT_OPEN:
        return ObligationState.NOT_OPEN
    if now > deadline.due_at:
        return ObligationState.OVERDUE
    return ObligationState.RETURNED if standing.latest else ObligationState.DUE


_STEPS = {
    ObligationState.NOT_OPEN: Step.WAIT_FOR_OPENING,
    ObligationState.DUE: Step.SEND,
    ObligationState.RETURNED: Step.CORRECT,
    ObligationState.IN_JUDGEMENT: Step.WAIT_FOR_VERDICT,
    ObligationState.CLOSED_UNFULFILLED: Step.ASK_THE_SECRETARIAT,
    ObligationState.FULFILLED: Step.NOTHING,
    ObligationState.FULFILLED_WITH_WARNINGS: Step.JUSTIFY,
}


def _next_step(deadline: Deadline, standing: _Standing, state: ObligationState) -> NextStep:
    latest = standing.latest
    if state is ObligationState.OVERDUE:
        step = Step.CORRECT_LATE if latest else Step.SEND_LATE
    elif state.fulfilled and latest and latest.outcome is None:
        step = Step.WAIT_FOR_CORRECTION
    elif state.fulfilled and latest and latest.outcome is VerdictOutcome.RETURNED:
        step = Step.CORRECTION_RETURNED
    else:
        step = _STEPS[state]
    if step is Step.JUSTIFY and deadline.entry is not Entry.OPEN:
        step = Step.NOTHING
    return NextStep(text=step_in_words(step, deadline.period), url=_url(step, latest))


def _url(step: Step, latest: Sent | None) -> str:
    if step in {Step.WAIT_FOR_OPENING, Step.ASK_THE_SECRETARIAT}:
        return "/v1/periods"
    return f"/v1/submissions/{latest.submission_id}" if latest else "/v1/submissions"
