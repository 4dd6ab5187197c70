from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.clock import JAKARTA
from contracts.period import PeriodState
from contracts.verdict import VerdictOutcome
from regulation.law import ReportingWindow
from services.intake.domain.obligation_words import Step, deadline_in_words
from services.intake.domain.obligations import (
    Deadline,
    Entry,
    Obligation,
    ObligationState,
    Sent,
    obligation_of,
    shown,
    years_shown,
)
from tests.intake.reports import CLOSED, DUE, KOTA, NOW, OPENED, PERIOD, SECOND, period

ACCEPTED, WARNED, RETURNED = (
    VerdictOutcome.ACCEPTED,
    VerdictOutcome.ACCEPTED_WITH_WARNINGS,
    VerdictOutcome.RETURNED,
)
WINDOW = ReportingWindow(PERIOD, OPENED, DUE, "calendar/periods/2023Q4")
MS = timedelta(milliseconds=1)


def sent(
    outcome: VerdictOutcome | None = None, revision: int | None = None, *, at: datetime = NOW, on_time: bool = True
) -> Sent:
    name = f"laporan-{revision or at.isoformat()}"
    return Sent(name, at, on_time, outcome, revision if outcome is None else revision or 1)


def owed(
    reports: Sequence[Sent] = (),
    now: datetime = NOW,
    *,
    state: PeriodState = PeriodState.OPEN,
    ordered: bool = True,
    due_at: datetime = DUE,
) -> Obligation:
    order = period(state=state, due_at=due_at) if ordered else None
    return obligation_of(KOTA, Deadline.of(WINDOW, order, now), reports, now=now, zone=JAKARTA)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (OPENED - MS, "not_open"),
        (OPENED, "due"),
        (DUE, "due"),
        (DUE + MS, "overdue"),
        (DUE + timedelta(days=400), "overdue"),
    ],
)
def test_without_a_report_the_calendar_alone_decides(now: datetime, state: str) -> None:
    assert owed(now=now).state == state


@pytest.mark.parametrize("now", [OPENED - MS, NOW, DUE + MS])
def test_a_period_that_nobody_opened_is_not_open_whatever_the_calendar_says(now: datetime) -> None:
    found = owed(now=now, ordered=False)
    assert (found.state, found.entry, found.period_revision) == ("not_open", Entry.NOT_OPEN, 0)
    assert (found.opens_at, found.due_at) == (OPENED, DUE)


@pytest.mark.parametrize(
    ("reports", "open_before", "open_after", "closed"),
    [
        ([], "due", "overdue", "closed_unfulfilled"),
        ([sent()], "in_judgement", "in_judgement", "in_judgement"),
        ([sent(RETURNED, 1)], "returned", "overdue", "closed_unfulfilled"),
        ([sent(RETURNED, 1), sent()], "in_judgement", "in_judgement", "in_judgement"),
        ([sent(ACCEPTED, 1)], "fulfilled", "fulfilled", "fulfilled"),
        ([sent(WARNED, 1)], *["fulfilled_with_warnings"] * 3),
        ([sent(RETURNED, 1), sent(ACCEPTED, 2)], *["fulfilled"] * 3),
        ([sent(WARNED, 1), sent(ACCEPTED, 2)], *["fulfilled"] * 3),
        ([sent(ACCEPTED, 1), sent(WARNED, 2)], *["fulfilled_with_warnings"] * 3),
        ([sent(ACCEPTED, 1), sent(RETURNED, 2)], *["fulfilled"] * 3),
        ([sent(ACCEPTED, 1), sent()], *["fulfilled"] * 3),
    ],
)
def test_the_last_accepted_report_fulfils_whatever_came_after(
    reports: list[Sent], open_before: str, open_after: str, closed: str
) -> None:
    assert owed(reports).state == open_before
    assert owed(reports, DUE + MS).state == open_after
    assert owed(reports, CLOSED, state=PeriodState.CLOSED).state == closed
    assert owed(list(reversed(reports))).state == open_before, "in whatever order the reports are read"


def test_the_report_that_counts_is_the_last_accepted_one_and_else_the_last_that_came() -> None:
    first, second, third = sent(RETURNED, 1), sent(ACCEPTED, 2), sent(RETURNED, 3)
    assert owed([]).submission_id is None
    assert owed([first]).submission_id == first.submission_id
    assert owed([first, waiting := sent()]).submission_id == waiting.submission_id
    assert owed([first, second, third]).submission_id == second.submission_id


@pytest.mark.parametrize(
    ("reports", "on_time"),
    [
        ([], None),
        ([sent(on_time=True)], None),
        ([sent(RETURNED, 1)], None),
        ([sent(ACCEPTED, 1)], True),
        ([sent(ACCEPTED, 1), sent(ACCEPTED, 2, at=NOW + SECOND, on_time=False)], True),
        ([sent(RETURNED, 1), sent(ACCEPTED, 2, at=NOW + SECOND, on_time=False)], False),
        ([sent(ACCEPTED, 2, at=NOW - SECOND), sent(ACCEPTED, 1, on_time=False)], True),
    ],
)
def test_on_time_is_the_first_accepted_report(reports: list[Sent], *, on_time: bool | None) -> None:
    assert owed(reports).on_time is on_time


def test_an_extension_moves_the_deadline_and_makes_an_overdue_report_due_again() -> None:
    later = DUE + timedelta(days=5)
    assert owed(now=DUE + MS).state == "overdue"
    found = owed(now=DUE + MS, due_at=later)
    assert (found.state, found.due_at) == ("due", later)


@pytest.mark.parametrize(
    ("reports", "now", "state", "step", "url"),
    [
        ([], OPENED - MS, PeriodState.OPEN, Step.WAIT_FOR_OPENING, "/v1/periods"),
        ([], NOW, PeriodState.OPEN, Step.SEND, "/v1/submissions"),
        ([], DUE + MS, PeriodState.OPEN, Step.SEND_LATE, "/v1/submissions"),
        ([sent(RETURNED, 1)], NOW, PeriodState.OPEN, Step.CORRECT, "/v1/submissions/laporan-1"),
        ([sent(RETURNED, 1)], DUE + MS, PeriodState.OPEN, Step.CORRECT_LATE, "/v1/submissions/laporan-1"),
        ([sent(None, 7)], NOW, PeriodState.OPEN, Step.WAIT_FOR_VERDICT, "/v1/submissions/laporan-7"),
        ([sent(RETURNED, 1)], CLOSED, PeriodState.CLOSED, Step.ASK_THE_SECRETARIAT, "/v1/periods"),
        ([sent(ACCEPTED, 1)], NOW, PeriodState.OPEN, Step.NOTHING, "/v1/submissions/laporan-1"),
        ([sent(WARNED, 1)], NOW, PeriodState.OPEN, Step.JUSTIFY, "/v1/submissions/laporan-1"),
        ([sent(WARNED, 1)], CLOSED, PeriodState.CLOSED, Step.NOTHING, "/v1/submissions/laporan-1"),
        (
            [sent(ACCEPTED, 1), sent(RETURNED, 2)],
            NOW,
            PeriodState.OPEN,
            Step.CORRECTION_RETURNED,
            "/v1/submissions/laporan-2",
        ),
        (
            [sent(ACCEPTED, 1), sent(at=NOW)],
            NOW,
            PeriodState.OPEN,
            Step.WAIT_FOR_CORRECTION,
            f"/v1/submissions/laporan-{NOW.isoformat()}",
        ),
    ],
)
def test_the_next_step_says_what_to_do_and_where(
    reports: list[Sent], now: datetime, state: PeriodState, step: Step, url: str
) -> None:
    found = owed(reports, now, state=state).next_step
    indonesian, english = step.value
    assert found.text.id == indonesian.format(period="Triwulan IV 2023")
    assert found.text.en == english.format(period="quarter 4 of 2023")
    assert found.url == url


@pytest.mark.parametrize(
    ("now", "indonesian", "english"),
    [
        (datetime(2024, 1, 10, 3, tzinfo=UTC), "10 hari lagi", "10 days left"),
        (datetime(2024, 1, 19, 16, 59, 59, tzinfo=UTC), "1 hari lagi", "1 day left"),
        (datetime(2024, 1, 19, 17, 0, tzinfo=UTC), "hari ini", "today"),
        (DUE, "hari ini", "today"),
        (DUE + SECOND, "terlambat 1 hari", "1 day overdue"),
        (DUE + timedelta(days=3), "terlambat 3 hari", "3 days overdue"),
    ],
)
def test_a_deadline_in_words_counts_the_days_of_jakarta(now: datetime, indonesian: str, english: str) -> None:
    words = deadline_in_words(DUE, now, JAKARTA)
    assert words.id == f"20 Januari 2024 pukul 23.59 WIB, {indonesian}"
    assert words.en == f"20 January 2024, 23:59 WIB, {english}"


def test_a_deadline_that_passed_today_is_overdue_by_less_than_a_day() -> None:
    noon = datetime(2024, 1, 20, 5, 0, tzinfo=UTC)
    assert deadline_in_words(noon, noon + MS, JAKARTA).en == "20 January 2024, 12:00 WIB, less than a day overdue"


def test_what_is_fulfilled_or_closed_has_no_days_left() -> None:
    for found in (owed([sent(ACCEPTED, 1)]), owed(now=CLOSED, state=PeriodState.CLOSED)):
        assert found.due_in_words.en == "20 January 2024, 23:59 WIB"


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2024, 1, 1), (2023, 2024)),
        (date(2024, 3, 31), (2023, 2024)),
        (date(2024, 4, 1), (2024,)),
        (date(2024, 12, 31), (2024,)),
    ],
)
def test_the_year_being_reported_and_the_one_that_runs_are_shown(today: date, years: tuple[int, ...]) -> None:
    assert years_shown(today) == years


def test_of_earlier_years_only_what_is_still_owed_is_shown() -> None:
    late, done = owed(now=DUE + MS), owed([sent(ACCEPTED, 1)])
    assert shown([late, done], [2023]) == [late, done]
    assert shown([late, done], [2024]) == [late]


def test_every_state_is_one_of_the_glossary() -> None:
    assert len({state.value for state in ObligationState}) == 8
