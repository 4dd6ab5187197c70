from datetime import UTC, datetime, timedelta

import pytest

from regulation.errors import RegulationError
from regulation.law import Law


@pytest.mark.parametrize(
    ("period", "last_day"),
    [
        ("2023Q1", "2023-07-05"),
        ("2023Q2", "2023-08-05"),
        ("2023Q3", "2023-10-10"),
        ("2023Q4", "2024-01-20"),
        ("2024Q1", "2024-04-20"),
        ("2024Q2", "2024-07-20"),
        ("2024Q3", "2024-10-20"),
        ("2024Q4", "2025-01-20"),
    ],
)
def test_a_published_deadline_is_the_last_second_of_its_day_in_jakarta(law: Law, period: str, last_day: str) -> None:
    window = law.calendar(period)
    assert window.due_at == datetime.fromisoformat(f"{last_day}T16:59:59+00:00")
    assert window.row_id == f"calendar/periods/{period}"


@pytest.mark.parametrize(
    ("period", "opens_on", "last_day"),
    [
        ("2022Q1", "2022-03-31", "2022-04-20"),
        ("2025Q1", "2025-03-31", "2025-04-20"),
        ("2025Q3", "2025-09-30", "2025-10-20"),
        ("2025Q4", "2025-12-31", "2026-01-20"),
    ],
)
def test_without_a_published_row_entry_closes_on_the_20th_after_the_quarter(
    law: Law, period: str, opens_on: str, last_day: str
) -> None:
    window = law.calendar(period)
    assert window.opens_at == datetime.fromisoformat(f"{opens_on}T17:00:00+00:00")
    assert window.due_at == datetime.fromisoformat(f"{last_day}T16:59:59+00:00")
    assert window.row_id == "calendar/default_rules/2019-01-01"


@pytest.mark.parametrize("period", ["2023Q4", "2025Q4"])
def test_a_window_is_told_in_utc(law: Law, period: str) -> None:
    window = law.calendar(period)
    assert window.opens_at.tzinfo is UTC
    assert window.due_at.tzinfo is UTC


def test_published_windows_open_when_their_quarter_ends(law: Law) -> None:
    assert law.calendar("2023Q4").opens_at == datetime(2023, 12, 31, 17, tzinfo=UTC)
    assert law.calendar("2024Q1").due_at - law.calendar("2024Q1").opens_at < timedelta(days=20)


@pytest.mark.parametrize("period", ["2023Q5", "2023-Q4", "2023", "", "1999Q1"])
def test_what_is_no_period_has_no_window(law: Law, period: str) -> None:
    with pytest.raises(RegulationError, match="is no period; write it like 2023Q4"):
        law.calendar(period)


def test_a_quarter_before_the_law_has_no_window(law: Law) -> None:
    with pytest.raises(RegulationError, match="No row is in force on 2018-12-31"):
        law.calendar("2018Q4")


@pytest.mark.parametrize("period", ["2019Q1", "2023Q4", "2026Q3"])
def test_a_missing_report_is_told_of_one_and_seven_days_after_the_deadline(law: Law, period: str) -> None:
    assert law.overdue_days(period) == law.province_days(period) == (1, 7)
    assert law.told_days(period) == (-14, -7, -1, 1, 7)


def test_before_the_law_no_report_is_missing(law: Law) -> None:
    with pytest.raises(RegulationError, match="No row is in force on 2018-12-31"):
        law.overdue_days("2018Q4")
