from decimal import Decimal, Inexact

import pytest

from services.scoring.domain.rounding import EXACT, mean, share_pct, shown, weighted


def test_a_share_has_28_digits_rounded_to_even() -> None:
    assert share_pct(2, 3) == Decimal("66.66666666666666666666666667")


@pytest.mark.parametrize(("part", "expected"), [(0, 0), (1, 1), (100, 100), (101, 100), (10**9, 100)])
def test_a_share_is_at_most_the_whole(part: int, expected: int) -> None:
    assert share_pct(part, 100) == expected


def test_another_cap_may_be_set() -> None:
    assert share_pct(3, 2, at_most=Decimal(120)) == 120
    assert share_pct(3, 2, at_most=Decimal(200)) == 150


def test_shares_of_the_smallest_and_largest_amounts_are_added_exactly() -> None:
    smallest, third = share_pct(Decimal("0.0001"), 10**15), share_pct(1, 3)
    assert mean([smallest, third, third]) == mean([third, smallest, third])


def test_a_mean_is_rounded_once() -> None:
    thirds = [share_pct(1, 3)] * 3
    assert mean(thirds) == share_pct(1, 3)


def test_weights_are_applied_before_rounding() -> None:
    assert weighted([(Decimal("0.80"), Decimal(90)), (Decimal("0.20"), Decimal("92.5"))]) == Decimal("90.5")


def test_a_sum_that_cannot_be_exact_is_an_error() -> None:
    with pytest.raises(Inexact):
        EXACT.divide(1, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("90.555", "90.56"), ("90.5549999", "90.55"), ("99.995", "100.00"), ("0", "0.00"), ("100", "100.00")],
)
def test_people_read_half_up_with_two_decimals(value: str, expected: str) -> None:
    assert str(shown(Decimal(value), 2)) == expected
