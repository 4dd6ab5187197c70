from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.quarter import Quarter, quarters_of

FIRST_MONTHS = {1: "01", 2: "04", 3: "07", 4: "10"}
quarters = st.builds(Quarter, st.integers(2000, 2099), st.integers(1, 4))


@given(quarters)
def test_every_form_of_a_quarter_names_that_quarter(quarter: Quarter) -> None:
    year, number = quarter.fiscal_year, quarter.number
    forms = (
        f"{year}Q{number}",
        f"{year}-Q{number}",
        f"{year}-TW{number}",
        f"{year}-{FIRST_MONTHS[number]}-01/P3M",
    )
    assert {Quarter.parse(form) for form in forms} == {quarter}
    assert Quarter.parse(quarter.text) == quarter


@pytest.mark.parametrize(
    "text",
    [
        "2025Q5",
        "2025Q0",
        "2025-Q0",
        "2025-TW5",
        "25Q1",
        "1999Q4",
        "2100Q1",
        "2025-07-02/P3M",
        "2025-02-01/P3M",
        "2025-07-01/P6M",
        "2025-07-01",
        "2025q1",
        "2025 Q1",
        " 2025Q1",
        "2025Q1\n",
        "2025Q11",
        "TW1-2025",
        "2025-TWI",
        "2025",
        "2025-35",
        "THIS_QUARTER",
        "２０２５Q1",  # noqa: RUF001 - full-width digits are digits to some parsers
        "",
    ],
)
def test_what_has_no_accepted_form_is_no_quarter(text: str) -> None:
    with pytest.raises(ValueError, match="is no quarter; write it like 2023Q4"):
        Quarter.parse(text)


def test_a_long_text_is_not_repeated_whole() -> None:
    with pytest.raises(ValueError, match="is no quarter") as refusal:
        Quarter.parse("x" * 10_000)
    assert len(str(refusal.value)) < 200


@given(quarters)
def test_quarters_follow_each_other_without_gap_or_overlap(quarter: Quarter) -> None:
    assert quarter.last_day + timedelta(days=1) == quarter.following.first_day
    assert quarter.first_day < quarter.last_day
    assert quarter < quarter.following


@given(quarters)
def test_the_earlier_quarters_of_a_year_come_latest_first(quarter: Quarter) -> None:
    earlier = quarter.earlier_this_year
    assert [part.number for part in earlier] == list(range(quarter.number - 1, 0, -1))
    assert {part.fiscal_year for part in earlier} <= {quarter.fiscal_year}


def test_the_fourth_quarter_ends_with_the_year_and_the_first_of_the_next_follows() -> None:
    fourth = Quarter(2023, 4)
    assert (fourth.first_day, fourth.last_day) == (date(2023, 10, 1), date(2023, 12, 31))
    assert fourth.following == Quarter(2024, 1)


def test_a_leap_year_lengthens_its_first_quarter() -> None:
    assert Quarter(2024, 1).last_day - Quarter(2024, 1).first_day == timedelta(days=90)
    assert Quarter(2023, 1).last_day - Quarter(2023, 1).first_day == timedelta(days=89)


def test_a_fiscal_year_has_four_quarters_in_order() -> None:
    assert [quarter.text for quarter in quarters_of(2023)] == ["2023Q1", "2023Q2", "2023Q3", "2023Q4"]
