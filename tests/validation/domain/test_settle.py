from datetime import timedelta

import pytest

from contracts.verdict import EntrySettledV1, ReportAwaitedV1, ReportOverdueV1, VerdictOutcome
from services.validation.domain.head import Head
from services.validation.domain.settle import settle
from tests.validation.reports import CLOSED, DUE, KOTA, PERIOD, closed, nearing, passed, submission

REPORT = submission()


@pytest.mark.parametrize("outcome", [VerdictOutcome.ACCEPTED, VerdictOutcome.ACCEPTED_WITH_WARNINGS])
def test_a_region_with_an_accepted_report_is_settled_and_no_more(outcome: VerdictOutcome) -> None:
    head = Head(KOTA, PERIOD).after("s-1", outcome, REPORT).after("s-2", VerdictOutcome.RETURNED, REPORT)
    assert settle(closed(), head) == (
        EntrySettledV1(region_code=KOTA, period=PERIOD, period_revision=1, reports=2, reported=True, closed_at=CLOSED),
    )


@pytest.mark.parametrize("returned", [0, 1, 2])
def test_a_region_without_an_accepted_report_is_settled_and_overdue(returned: int) -> None:
    head = Head(KOTA, PERIOD)
    for number in range(returned):
        head = head.after(f"s-{number}", VerdictOutcome.RETURNED, REPORT)
    assert settle(closed(period_revision=3), head) == (
        EntrySettledV1(
            region_code=KOTA, period=PERIOD, period_revision=3, reports=returned, reported=False, closed_at=CLOSED
        ),
        ReportOverdueV1(
            region_code=KOTA,
            period=PERIOD,
            period_revision=3,
            due_at=DUE,
            closed_at=CLOSED,
            returned_reports=returned,
        ),
    )


@pytest.mark.parametrize("days", [1, 7])
def test_while_entry_is_open_a_passed_deadline_says_nothing_of_a_region_that_has_reported(days: int) -> None:
    head = (
        Head(KOTA, PERIOD).after("s-1", VerdictOutcome.ACCEPTED, REPORT).after("s-2", VerdictOutcome.RETURNED, REPORT)
    )
    assert settle(passed(days), head) == ()


@pytest.mark.parametrize(("days", "returned"), [(1, 0), (7, 0), (7, 2)])
def test_while_entry_is_open_a_region_without_an_accepted_report_is_overdue_by_so_many_days(
    days: int, returned: int
) -> None:
    head = Head(KOTA, PERIOD)
    for number in range(returned):
        head = head.after(f"s-{number}", VerdictOutcome.RETURNED, REPORT)
    assert settle(passed(days, period_revision=3), head) == (
        ReportOverdueV1(
            region_code=KOTA,
            period=PERIOD,
            period_revision=3,
            due_at=DUE,
            closed_at=DUE + timedelta(days=days),
            returned_reports=returned,
            days_after_due=days,
        ),
    )


def test_each_fact_of_an_overdue_report_has_an_identity_of_its_own() -> None:
    marks = (passed(1), passed(7), passed(1, period_revision=2), closed(), closed(period_revision=2))
    facts = [settle(mark, Head(KOTA, PERIOD))[-1] for mark in marks]
    assert len({fact.event_id for fact in facts}) == len({mark.event_id for mark in marks}) == len(marks)
    assert facts[3].identity() == f"{KOTA}/{PERIOD}/1", "as it was before there were such days"


@pytest.mark.parametrize("returned", [0, 2])
def test_a_region_without_an_accepted_report_is_awaited_before_the_deadline(returned: int) -> None:
    head = Head(KOTA, PERIOD)
    for number in range(returned):
        head = head.after(f"s-{number}", VerdictOutcome.RETURNED, REPORT)
    [awaited] = settle(nearing(14), head)
    assert awaited == ReportAwaitedV1(
        region_code=KOTA, period=PERIOD, period_revision=1, due_at=DUE, days_before_due=14, returned_reports=returned
    )
    assert awaited.occurred_at == DUE - timedelta(days=14)


def test_a_region_that_has_reported_is_not_reminded() -> None:
    head = Head(KOTA, PERIOD).after("s-1", VerdictOutcome.ACCEPTED, REPORT)
    assert settle(nearing(1), head.after("s-2", VerdictOutcome.RETURNED, REPORT)) == ()
