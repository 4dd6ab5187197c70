from decimal import Decimal

import pytest

from regulation.law import Law
from services.validation.domain.case import NOT_REPORTED, EarlierReport, tidy, written
from services.validation.domain.figures import Figures
from tests.validation.reports import case, item, service, submission

PAUD, BASIC = "edu.kab.paud", "edu.kab.basic"
REPORT = submission(service(PAUD, quality=[item(1, 2)]), service(BASIC, served=None, quality=[item(3), item(None, 4)]))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (0, "0"),
        (1_000_000, "1000000"),
        (Decimal("1E+6"), "1000000"),
        (Decimal("0.50"), "0.50"),
        ("orang", "orang"),
        (None, NOT_REPORTED),
    ],
)
def test_what_was_found_is_written_in_digits_or_as_it_stands(found: object, text: str) -> None:
    assert written(found) == text


@pytest.mark.parametrize(("figure", "text"), [("1.10", "1.1"), ("50", "50"), ("1E+2", "100"), ("0.0", "0")])
def test_a_threshold_is_written_in_as_few_digits_as_it_needs(figure: str, text: str) -> None:
    assert tidy(Decimal(figure)) == text


def test_figures_stand_in_columns_by_service_type_and_items_behind_each_other(law: Law) -> None:
    columns = case(law, REPORT).columns
    assert (columns.names, columns.served) == ([PAUD, BASIC], [800, None])
    assert (columns.required, columns.fulfilled) == ([1, 3, None], [2, 90, 4])


def test_an_item_is_found_again_in_its_service_type(law: Law) -> None:
    whole = case(law, REPORT)
    pointers = [whole.item_breach(place, "unit", found="x", expected="y").pointer for place in range(3)]
    assert pointers == [f"/services/{place}/unit" for place in ("0/quality/0", "1/quality/0", "1/quality/1")]
    with pytest.raises(IndexError, match="behind its last"):
        whole.item_breach(3, "unit", found="x", expected="y")


def test_a_service_type_that_stands_twice_is_known_by_its_first_place(law: Law) -> None:
    assert case(law, submission(service(PAUD), service(BASIC), service(PAUD))).position == {PAUD: 0, BASIC: 1}


def reported(period: str, served: int) -> EarlierReport:
    return EarlierReport(period, {BASIC: Figures(1_000, served, None, 3)})


def test_an_earlier_report_stands_in_the_order_of_the_report_at_hand(law: Law) -> None:
    then = case(law, REPORT, reported("2023Q2", 300), reported("2022Q4", 700)).before
    assert then is not None
    assert (then.period, then.served, then.realised) == ("2023Q2", [None, 300], [None, 3])


@pytest.mark.parametrize(
    ("periods", "before", "year_before"),
    [
        ([], None, None),
        (["2023Q3", "2023Q1", "2022Q4"], "2023Q3", "2022Q4"),
        (["2022Q4"], None, "2022Q4"),
        (["2023Q1", "2022Q3", "2021Q4"], "2023Q1", None),
    ],
)
def test_the_quarter_before_is_of_the_year_and_last_years_is_the_same_quarter(
    law: Law, periods: list[str], before: str | None, year_before: str | None
) -> None:
    whole = case(law, REPORT, *(reported(period, 1) for period in periods))
    assert (whole.before and whole.before.period, whole.year_before and whole.year_before.period) == (
        before,
        year_before,
    )
