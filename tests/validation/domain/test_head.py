import pytest

from contracts.verdict import VerdictOutcome
from services.validation.domain.case import EarlierReport
from services.validation.domain.figures import Figures
from services.validation.domain.head import Head, head_id, history_ids
from tests.validation.reports import KOTA, PERIOD, service, submission

ACCEPTED = VerdictOutcome.ACCEPTED
WARNED = VerdictOutcome.ACCEPTED_WITH_WARNINGS
RETURNED = VerdictOutcome.RETURNED
FIRST = submission(service(served=10, realised=None))
SECOND = submission(service(served=20, realised=7))


def test_a_head_is_named_by_region_and_period() -> None:
    assert Head(KOTA, PERIOD).id == head_id(KOTA, PERIOD) == "64.71/2023Q4"


@pytest.mark.parametrize(
    ("period", "quarters"),
    [
        ("2023Q1", ["2022Q4", "2022Q3", "2022Q2", "2022Q1", "2021Q4", "2021Q3", "2021Q2", "2021Q1"]),
        ("2023Q4", ["2023Q3", "2023Q2", "2023Q1", "2022Q4", "2022Q3", "2022Q2", "2022Q1", "2021Q4"]),
    ],
)
def test_history_is_two_years_newest_first(period: str, quarters: list[str]) -> None:
    assert history_ids(KOTA, period) == tuple(f"64.71/{quarter}" for quarter in quarters)


def test_before_the_first_report_nothing_is_known() -> None:
    head = Head(KOTA, PERIOD)
    assert (head.revision, head.submission_id, head.accepted_id, head.returned) == (0, None, None, 0)
    assert head.as_earlier is None
    assert head.following == (KOTA, PERIOD, 1)


@pytest.mark.parametrize("outcome", [ACCEPTED, WARNED])
def test_a_report_that_is_not_returned_comes_into_force(outcome: VerdictOutcome) -> None:
    head = Head(KOTA, PERIOD).after("s-1", outcome, FIRST)
    assert (head.revision, head.submission_id, head.accepted_id, head.returned) == (1, "s-1", "s-1", 0)
    assert head.as_earlier == EarlierReport(PERIOD, {"edu.kab.basic": Figures(1_000, 10, 5_000_000_000, None)})
    assert head.following == (KOTA, PERIOD, 2)


def test_a_returned_report_counts_and_leaves_the_accepted_one_in_force() -> None:
    head = Head(KOTA, PERIOD).after("s-1", ACCEPTED, FIRST).after("s-2", RETURNED, SECOND)
    assert (head.revision, head.submission_id, head.accepted_id, head.returned) == (2, "s-2", "s-1", 1)
    assert head.figures == {"edu.kab.basic": Figures(1_000, 10, 5_000_000_000, None)}


def test_only_returned_reports_are_no_history() -> None:
    head = Head(KOTA, PERIOD).after("s-1", RETURNED, FIRST).after("s-2", RETURNED, SECOND)
    assert (head.revision, head.accepted_id, head.returned, head.as_earlier) == (2, None, 2, None)


def test_the_latest_accepted_report_is_the_one_in_force() -> None:
    head = Head(KOTA, PERIOD).after("s-1", ACCEPTED, FIRST).after("s-2", WARNED, SECOND)
    assert head.accepted_id == "s-2"
    assert head.figures == {"edu.kab.basic": Figures(1_000, 20, 5_000_000_000, 7)}
