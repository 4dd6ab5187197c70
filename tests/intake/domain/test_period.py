from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.period import DeadlinePassedV1, PeriodState
from regulation.law import ReportingWindow
from services.intake.domain.period import (
    PeriodOrder,
    closing_marks,
    days_passed,
    deadline_marks,
    nonsense_of,
    ordered,
    shut,
)
from tests.intake.reports import DUE, NOW, OPENED, PERIOD, period

JAKARTA = ZoneInfo("Asia/Jakarta")
WINDOW = ReportingWindow(PERIOD, OPENED, DUE, "calendar/periods/2023Q4")


def order(**changes: Any) -> PeriodOrder:
    given = {"state": PeriodState.OPEN, "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}
    return PeriodOrder(**(given | changes))


def test_the_first_order_takes_its_dates_from_the_calendar() -> None:
    first = ordered(order(), None, WINDOW, client_id="sekretariat", now=NOW)
    assert (first.revision, first.opens_at, first.due_at) == (1, OPENED, DUE)
    assert first.calendar_row == WINDOW.row_id


def test_a_later_order_keeps_the_dates_that_it_does_not_name() -> None:
    extended = period(2, due_at=DUE + timedelta(days=10))
    closed = ordered(order(state=PeriodState.CLOSED), extended, WINDOW, client_id="sekretariat", now=NOW)
    assert (closed.revision, closed.state, closed.due_at) == (3, PeriodState.CLOSED, extended.due_at)


def test_dates_are_kept_to_the_millisecond_in_utc() -> None:
    given = datetime(2024, 1, 25, 23, 59, 59, 999_999, tzinfo=JAKARTA)
    changed = ordered(order(due_at=given), None, WINDOW, client_id="sekretariat", now=NOW)
    assert changed.due_at == datetime(2024, 1, 25, 16, 59, 59, 999_000, tzinfo=UTC)


def test_an_order_that_says_nothing_new_changes_nothing() -> None:
    current = period()
    assert ordered(order(), current, WINDOW, client_id="wakil-sekretariat", now=NOW) is current


@pytest.mark.parametrize(
    "change",
    [
        {"state": PeriodState.CLOSED},
        {"reason": "Alasan lain."},
        {"author_role": "Direktur"},
        {"due_at": DUE + timedelta(days=1)},
        {"opens_at": OPENED - timedelta(hours=1)},
    ],
)
def test_an_order_that_differs_is_the_next_revision(change: dict[str, Any]) -> None:
    assert ordered(order(**change), period(), WINDOW, client_id="sekretariat", now=NOW).revision == 2


@pytest.mark.parametrize(
    ("dates", "codes"),
    [
        ({}, []),
        ({"opens_at": datetime(2023, 10, 1, tzinfo=JAKARTA)}, []),
        ({"opens_at": datetime(2023, 9, 30, 23, 59, tzinfo=JAKARTA)}, ["opens_before_the_quarter"]),
        ({"due_at": OPENED}, ["due_before_open"]),
        ({"due_at": OPENED + timedelta(milliseconds=1)}, []),
        (
            {"opens_at": datetime(2023, 9, 1, tzinfo=UTC), "due_at": datetime(2023, 8, 1, tzinfo=UTC)},
            ["opens_before_the_quarter", "due_before_open"],
        ),
    ],
)
def test_dates_that_cannot_be_meant_are_all_named(dates: dict[str, Any], codes: list[str]) -> None:
    assert [nonsense.code for nonsense in nonsense_of(period(**dates), JAKARTA)] == codes


def test_reports_are_taken_from_the_opening_on_and_after_the_deadline_until_entry_closes() -> None:
    assert shut(period(), OPENED) is None
    assert shut(period(), DUE + timedelta(days=3)) is None


@pytest.mark.parametrize(
    ("current", "now", "why"),
    [
        (None, NOW, "was never opened"),
        (period(2, PeriodState.CLOSED), NOW, "is closed since 2024-01-01T02:00:02+00:00"),
        (period(), OPENED - timedelta(milliseconds=1), "opens at 2024-01-01T02:00:00+00:00"),
    ],
)
def test_reports_are_not_taken_before_and_after(current: Any, now: datetime, why: str) -> None:
    assert shut(current, now) == why


def test_closing_marks_every_region_with_the_revision() -> None:
    marks = closing_marks(period(4, PeriodState.CLOSED), ["11", "64.71"])
    assert [(mark.region_code, mark.period_revision) for mark in marks] == [("11", 4), ("64.71", 4)]


def test_an_open_period_has_no_closing_marks() -> None:
    assert closing_marks(period(), ["11"]) == []


MOMENT = timedelta(milliseconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (DUE, []),
        (DUE + DAY - MOMENT, []),
        (DUE + DAY, [1]),
        (DUE + 7 * DAY - MOMENT, [1]),
        (DUE + 7 * DAY, [1, 7]),
        (DUE + 700 * DAY, [1, 7]),
    ],
)
def test_a_day_after_the_deadline_has_passed_from_its_moment_on(now: datetime, days: list[int]) -> None:
    assert days_passed(period(), (1, 7), now) == days


@pytest.mark.parametrize(
    ("changed_at", "days"),
    [
        (DUE + DAY - MOMENT, [1, 7]),
        (DUE + DAY, [7]),
        (DUE + 7 * DAY - MOMENT, [7]),
        (DUE + 7 * DAY, []),
        (DUE + 700 * DAY, []),
    ],
)
def test_what_had_passed_when_the_dates_were_set_is_not_told_of(changed_at: datetime, days: list[int]) -> None:
    later = changed_at + 700 * DAY
    assert days_passed(period(2, changed_at=changed_at), (1, 7), later) == days


def test_a_deadline_that_is_extended_moves_its_days() -> None:
    due_at = DUE + 10 * DAY
    assert days_passed(period(2, due_at=due_at), (1, 7), DUE + 7 * DAY) == []
    assert days_passed(period(2, due_at=due_at), (1, 7), due_at + DAY) == [1]


def test_after_closing_no_day_is_told_of() -> None:
    assert days_passed(period(2, PeriodState.CLOSED), (1, 7), DUE + 30 * DAY) == []


def test_a_passed_deadline_marks_every_region_at_its_moment_whenever_it_is_found() -> None:
    marks = [mark for mark in deadline_marks(period(4), 7, ["11", "64.71"]) if isinstance(mark, DeadlinePassedV1)]
    assert [(mark.key, mark.period_revision, mark.days_after_due) for mark in marks] == [("11", 4, 7), ("64.71", 4, 7)]
    assert {mark.occurred_at for mark in marks} == {DUE + 7 * DAY}
