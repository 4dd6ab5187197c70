"""The reporting calendar: what the secretariat may ask for, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from contracts.message import Frozen, Instant, ShortWords, Words
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, EntryClosedV1, PeriodChangedV1, PeriodState
from contracts.quarter import Quarter
from regulation.law import ReportingWindow
from services.intake.domain.arrival import to_the_millisecond


class PeriodOrder(Frozen):
    """What the secretariat asks for. A date that is left out stays as it is, at first as the calendar has it."""

    model_config = ConfigDict(extra="forbid")

    state: PeriodState
    author_role: ShortWords
    reason: Words
    opens_at: Instant | None = None
    due_at: Instant | None = None
    if_revision: int | None = Field(None, ge=0, description="Refused unless this is the current revision; 0 for none.")


@dataclass(frozen=True, slots=True)
class Nonsense:
    """Why dates cannot be meant, and which member says so."""

    code: str
    pointer: str
    detail: str


def ordered(
    order: PeriodOrder,
    current: PeriodChangedV1 | None,
    window: ReportingWindow,
    *,
    client_id: str,
    now: datetime,
) -> PeriodChangedV1:
    """The next revision of a period; the current one where the order says nothing new."""
    opens_at, due_at = (current.opens_at, current.due_at) if current else (window.opens_at, window.due_at)
    following = PeriodChangedV1(
        period=window.period,
        revision=current.revision + 1 if current else 1,
        state=order.state,
        opens_at=to_the_millisecond(order.opens_at or opens_at),
        due_at=to_the_millisecond(order.due_at or due_at),
        changed_at=now,
        changed_by=client_id,
        author_role=order.author_role,
        reason=order.reason,
        calendar_row=window.row_id,
    )
    return current if current is not None and _substance(current) == _substance(following) else following


def nonsense_of(change: PeriodChangedV1, zone: ZoneInfo) -> list[Nonsense]:
    """Every reason why the dates cannot be meant. ``zone`` is where the quarter's days are counted."""
    found = []
    first_day = Quarter.parse(change.period).first_day
    if change.opens_at.astimezone(zone).date() < first_day:
        text = f"{change.period} begins on {first_day}; entry cannot open before, at {change.opens_at.isoformat()}."
        found.append(Nonsense("opens_before_the_quarter", "/opens_at", text))
    if change.due_at <= change.opens_at:
        text = f"The deadline is {change.due_at.isoformat()}; entry opens only at {change.opens_at.isoformat()}."
        found.append(Nonsense("due_before_open", "/due_at", text))
    return found


def shut(period: PeriodChangedV1 | None, now: datetime) -> str | None:
    """Why a report is not taken now; None when it is."""
    if period is None:
        return "was never opened"
    if period.state is PeriodState.CLOSED:
        return f"is closed since {period.changed_at.isoformat()}"
    if now < period.opens_at:
        return f"opens at {period.opens_at.isoformat()}"
    return None


def closing_marks(change: PeriodChangedV1, region_codes: Iterable[str]) -> list[EntryClosedV1]:
    """One mark a region; none while the period is open."""
    if change.state is PeriodState.OPEN:
        return []
    return [
        EntryClosedV1(
            region_code=code,
            period=change.period,
            period_revision=change.revision,
            due_at=change.due_at,
            closed_at=change.changed_at,
        )
        for code in region_codes
    ]


def days_passed(period: PeriodChangedV1, told_days: Iterable[int], now: datetime) -> list[int]:
    """Those days from the deadline, negative before it, that came while this revision was in force with entry open.

    A moment that had passed when the dates were set is not told of: it belongs to the revision before, or to a past
    year that is brought in. Before the deadline only the latest counts, and none before entry opened: who was not
    reminded in time is not reminded of that day afterwards.
    """
    if period.state is PeriodState.CLOSED:
        return []
    moments = {days: period.due_at + timedelta(days=days) for days in sorted(told_days)}
    passed = [days for days, moment in moments.items() if period.changed_at < moment <= now]
    reminders = [days for days in passed if days < 0 and period.opens_at <= moments[days] and now < period.due_at]
    return [*reminders[-1:], *(days for days in passed if days > 0)]


def deadline_marks(
    period: PeriodChangedV1, days: int, region_codes: Iterable[str]
) -> list[DeadlineNearsV1] | list[DeadlinePassedV1]:
    """One mark a region; ``days`` from the deadline, negative before it."""
    marked: dict[str, Any] = {"period": period.period, "period_revision": period.revision, "due_at": period.due_at}
    if days < 0:
        return [DeadlineNearsV1(region_code=code, days_before_due=-days, **marked) for code in region_codes]
    return [DeadlinePassedV1(region_code=code, days_after_due=days, **marked) for code in region_codes]


def _substance(change: PeriodChangedV1) -> tuple[object, ...]:
    return change.state, change.opens_at, change.due_at, change.author_role, change.reason
