from dataclasses import dataclass
from datetime import date

import pytest

from regulation.dated import all_in_force, in_force, series_faults
from regulation.errors import RegulationError


@dataclass(frozen=True)
class Rate:
    valid_from: date
    valid_until: date | None = None
    series: str = "rate"

    @property
    def row_id(self) -> str:
        return f"{self.series}/{self.valid_from}"


FIRST = Rate(date(2019, 1, 1))
SECOND = Rate(date(2024, 7, 1))
ENDED = Rate(date(2019, 1, 1), date(2023, 12, 31))


@pytest.mark.parametrize(
    ("on", "row"),
    [
        (date(2019, 1, 1), FIRST),
        (date(2024, 6, 30), FIRST),
        (date(2024, 7, 1), SECOND),
        (date(2099, 1, 1), SECOND),
    ],
)
def test_a_row_holds_until_the_day_before_the_next(on: date, row: Rate) -> None:
    assert in_force((SECOND, FIRST), on) == row


def test_a_row_that_ends_holds_on_its_last_day() -> None:
    assert in_force((ENDED,), date(2023, 12, 31)) == ENDED


@pytest.mark.parametrize(
    ("rows", "on", "told"),
    [
        ((), date(2023, 1, 1), "written are: none"),
        ((FIRST, SECOND), date(2018, 12, 31), "rate/2019-01-01 to further notice, rate/2024-07-01"),
        ((ENDED,), date(2024, 1, 1), "rate/2019-01-01 to 2023-12-31"),
        ((ENDED, SECOND), date(2024, 6, 30), "rate/2019-01-01 to 2023-12-31"),
    ],
)
def test_a_gap_is_an_error_and_never_a_default(rows: tuple[Rate, ...], on: date, told: str) -> None:
    with pytest.raises(RegulationError, match=told):
        in_force(rows, on)


@pytest.mark.parametrize("other", [Rate(date(2024, 7, 1)), Rate(date(2020, 1, 1), date(2024, 7, 1))])
def test_an_overlap_is_an_error_and_nothing_is_chosen(other: Rate) -> None:
    with pytest.raises(RegulationError, match="are both in force on 2024-07-01"):
        in_force((other, SECOND), date(2024, 8, 1))


def test_series_stand_side_by_side_in_the_order_they_are_written() -> None:
    later = Rate(date(2030, 1, 1), series="later")
    other = Rate(date(2019, 1, 1), series="other")
    replaced = Rate(date(2019, 1, 1), series="ended")
    ended = Rate(date(2020, 1, 1), date(2020, 12, 31), series="ended")
    rows = (other, later, SECOND, replaced, ended, FIRST)
    assert all_in_force(rows, date(2020, 6, 1)) == (other, FIRST, ended)
    assert all_in_force(rows, date(2023, 1, 1)) == (other, FIRST)


def test_a_day_without_any_series_is_an_error() -> None:
    with pytest.raises(RegulationError, match="No row is in force on 2024-01-01"):
        all_in_force((ENDED, Rate(date(2019, 1, 1), date(2020, 1, 1), series="other")), date(2024, 1, 1))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((FIRST, SECOND), []),
        ((Rate(date(2019, 1, 1), date(2024, 6, 30)), SECOND), []),
        ((ENDED, Rate(date(2019, 1, 1), series="other")), []),
        ((ENDED, SECOND), ["add the row that held between them"]),
        ((FIRST, FIRST), ["are both in force on 2019-01-01"]),
        ((Rate(date(2019, 1, 1), date(2024, 7, 1)), SECOND), ["are both in force on 2024-07-01"]),
    ],
)
def test_gaps_and_overlaps_within_a_series_are_found(rows: tuple[Rate, ...], told: list[str]) -> None:
    faults = series_faults(rows)
    assert len(faults) == len(told)
    assert all(words in fault for words, fault in zip(told, faults, strict=True))
