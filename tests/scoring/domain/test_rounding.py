from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.rounding import (
    EXACT,
    ROUNDED,
    mean,
    mean_of,
    share_pct,
    shares_pct,
    shown,
    weighted,
    weighted_pair,
)


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


amounts = st.integers(0, 10**15) | st.decimals(0, 10**13, places=4)
wholes = st.integers(1, 10**15) | st.decimals("0.0001", 10**13, places=4)
percents = st.builds(share_pct, amounts, wholes)


@given(st.lists(st.tuples(amounts, wholes)), st.sampled_from([Decimal(100), Decimal(60)]))
def test_many_shares_are_each_the_share_alone_to_the_last_digit(
    parts: list[tuple[Decimal | int, Decimal | int]], at_most: Decimal
) -> None:
    alone = [share_pct(part, whole, at_most=at_most) for part, whole in parts]
    assert [str(share) for share in shares_pct(parts, at_most=at_most)] == [str(share) for share in alone]


@given(amounts, wholes, st.sampled_from([Decimal(100), Decimal(60)]))
def test_a_share_is_the_exact_quotient_rounded_once(
    part: Decimal | int, whole: Decimal | int, at_most: Decimal
) -> None:
    exact = ROUNDED.divide(EXACT.multiply(100, part), whole)
    assert share_pct(part, whole, at_most=at_most) == min(exact, at_most)


@given(percents, percents, st.sampled_from(["0.80", "0.5", "0.001", "1", "0"]))
def test_two_weighted_parts_are_the_weighted_sum_to_the_last_digit(one: Decimal, other: Decimal, ratio: str) -> None:
    weight, rest = Decimal(ratio), Decimal("1.00") - Decimal(ratio)
    pair, summed = weighted_pair(weight, one, rest, other), weighted([(weight, one), (rest, other)])
    assert str(pair) == str(summed) or pair == summed == 0  # a zero may bear another exponent


@given(st.lists(percents, min_size=1), st.integers(0, 9))
def test_values_that_are_not_given_count_zero_in_a_mean(values: list[Decimal], missing: int) -> None:
    zeros = [Decimal(0)] * missing
    assert str(mean_of(len(values) + missing, values)) == str(mean([*values, *zeros]))


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
