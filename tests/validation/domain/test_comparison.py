"""The truth table of comparisons: what they say where both figures stand, where one is missing and where both are."""

from decimal import Decimal
from itertools import product

import pytest

from services.validation.domain.comparison import (
    ABOVE,
    AT_LEAST,
    AT_MOST,
    Figure,
    Missing,
    Operator,
    at_most_times,
    breaks,
    within_pct,
)

HOLDS: dict[tuple[str, int], dict[str, bool]] = {
    ("at most", 1): {"1 and 2": True, "2 and 2": True, "3 and 2": False},
    ("at least", 2): {"1 and 2": False, "2 and 2": True, "3 and 2": True},
    ("above", 3): {"1 and 2": False, "2 and 2": False, "3 and 2": True},
}
OPERATORS: dict[str, Operator] = {"at most": AT_MOST, "at least": AT_LEAST, "above": ABOVE}
PAIRS: dict[str, tuple[int, int]] = {"1 and 2": (1, 2), "2 and 2": (2, 2), "3 and 2": (3, 2)}
BROKEN_WHERE: dict[Missing, dict[tuple[int | None, int | None], bool]] = {
    Missing.SKIP_IF_ANY: {(None, 2): False, (2, None): False, (None, None): False},
    Missing.SKIP_IF_ALL: {(None, 2): True, (2, None): True, (None, None): False},
    Missing.NEVER_SKIP: {(None, 2): True, (2, None): True, (None, None): True},
}


@pytest.mark.parametrize("missing", Missing, ids=lambda missing: missing.name)
@pytest.mark.parametrize(
    ("name", "pair", "holds"), [(name, pair, holds) for (name, _), row in HOLDS.items() for pair, holds in row.items()]
)
def test_two_figures_are_compared_whatever_the_policy(
    name: str,
    pair: str,
    holds: bool,  # noqa: FBT001 - a column of the table
    missing: Missing,
) -> None:
    left, right = PAIRS[pair]
    assert breaks([left], OPERATORS[name], [right], missing=missing) == ([] if holds else [0])


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize(
    ("missing", "pair", "broken"),
    [(missing, pair, broken) for missing, row in BROKEN_WHERE.items() for pair, broken in row.items()],
)
def test_the_policy_alone_says_what_a_missing_figure_means(
    name: str,
    missing: Missing,
    pair: tuple[int | None, int | None],
    broken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    left, right = pair
    assert breaks([left], OPERATORS[name], [right], missing=missing) == ([0] if broken else [])


def test_the_table_is_whole() -> None:
    assert set(BROKEN_WHERE) == set(Missing)
    sides = set(product((None, 2), repeat=2)) - {(2, 2)}
    assert all(set(row) == sides for row in BROKEN_WHERE.values())
    assert {name for name, _ in HOLDS} == set(OPERATORS)
    assert all(set(row) == set(PAIRS) for row in HOLDS.values())


def test_every_place_that_breaks_is_named_in_order() -> None:
    left, right = [1, 9, None, 4, 9, 3], [2, 2, 2, None, 2, 3]
    assert breaks(left, AT_MOST, right, missing=Missing.SKIP_IF_ANY) == [1, 4]
    assert breaks(left, AT_MOST, right, missing=Missing.NEVER_SKIP) == [1, 2, 3, 4]


def test_zero_is_a_figure_and_not_a_missing_one() -> None:
    assert breaks([0], AT_LEAST, [0], missing=Missing.NEVER_SKIP) == []
    assert breaks([0], ABOVE, [0], missing=Missing.SKIP_IF_ANY) == [0]


def test_empty_columns_break_nothing() -> None:
    assert breaks([], AT_MOST, [], missing=Missing.NEVER_SKIP) == []


def test_whole_and_decimal_figures_are_compared_exactly() -> None:
    left: list[Figure | None] = [Decimal("1.0001"), Decimal("1.0"), 10**15 + 1]
    assert breaks(left, AT_MOST, [1, 1, Decimal(10**15)], missing=Missing.SKIP_IF_ANY) == [0, 2]


@pytest.mark.parametrize(
    ("figure", "other", "holds"),
    [(95, 100, True), (94, 100, False), (105, 100, True), (106, 100, False), (0, 0, True), (1, 0, False)],
)
def test_a_difference_is_measured_against_the_other_figure(figure: int, other: int, holds: bool) -> None:  # noqa: FBT001 - a column of the table
    assert within_pct(Decimal(5))(figure, other) is holds


@pytest.mark.parametrize(("figure", "holds"), [(110, True), (111, False), (0, True)])
def test_a_ratio_belongs_to_what_it_allows(figure: int, holds: bool) -> None:  # noqa: FBT001 - a column of the table
    assert at_most_times(Decimal("1.10"))(figure, 100) is holds
