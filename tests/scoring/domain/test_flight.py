from contracts.period import PeriodChangedV1, PeriodState
from contracts.quarter import quarters_of
from services.scoring.domain.flight import NAMED_MAX, Mark, unsettled
from tests.scoring.reports import changed_period

QUARTERS = quarters_of(2023)
REGIONS = [f"64.{number:02}" for number in range(1, 31)]
CLOSED = {quarter.text: changed_period(quarter.text) for quarter in QUARTERS}
SCORED = [(region, quarter.text) for quarter in QUARTERS for region in REGIONS]


def marks(period_revision: int = 2, *, reported: bool = True) -> list[Mark]:
    return [Mark(region, quarter.text, period_revision, reported) for quarter in QUARTERS for region in REGIONS]


def found(
    periods: dict[str, PeriodChangedV1] = CLOSED,
    given_marks: list[Mark] | None = None,
    scored: list[tuple[str, str]] = SCORED,
) -> list[tuple[str, str]]:
    settled = marks() if given_marks is None else given_marks
    return [
        (one.period, one.code) for one in unsettled(QUARTERS, REGIONS, periods=periods, marks=settled, scored=scored)
    ]


def test_nothing_is_in_flight_when_all_is_closed_settled_and_scored() -> None:
    assert found() == []


def test_a_period_that_is_open_is_in_flight() -> None:
    assert found(CLOSED | {"2023Q3": changed_period("2023Q3", PeriodState.OPEN, 3)}) == [
        ("2023Q3", "period-not-closed")
    ]


def test_a_period_that_was_never_opened_is_in_flight() -> None:
    assert found({}) == [(quarter.text, "period-not-closed") for quarter in QUARTERS]


def test_marks_of_an_earlier_closing_do_not_count() -> None:
    again = CLOSED | {"2023Q4": changed_period("2023Q4", revision=4)}
    assert found(again) == [("2023Q4", "regions-not-settled")]
    assert found(again, [*marks(), *marks(4)]) == []


def test_every_region_must_be_settled_in_every_quarter() -> None:
    assert found(given_marks=marks()[:-1]) == [("2023Q4", "regions-not-settled")]
    assert found(given_marks=[]) == [(quarter.text, "regions-not-settled") for quarter in QUARTERS]


def test_a_region_that_did_not_report_is_settled_without_a_scorecard() -> None:
    assert found(given_marks=marks(reported=False), scored=[]) == []


def test_an_accepted_report_that_was_never_scored_is_in_flight() -> None:
    assert found(scored=SCORED[1:]) == [("2023Q1", "reports-not-scored")]


def test_the_explanation_names_some_regions_and_counts_the_rest() -> None:
    one = unsettled(QUARTERS, REGIONS, periods=CLOSED, marks=[], scored=[])[0]
    assert "2023Q1 is closed (revision 2); 30 of 30 regions are not yet settled: 64.01, 64.02," in one.detail
    assert f"64.{NAMED_MAX:02} and 10 more." in one.detail
    assert "64.21" not in one.detail
