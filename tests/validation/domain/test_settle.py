import pytest

from contracts.verdict import EntrySettledV1, ReportOverdueV1, VerdictOutcome
from services.validation.domain.head import Head
from services.validation.domain.settle import settle
from tests.validation.reports import CLOSED, DUE, KOTA, PERIOD, closed, submission

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
