"""Where figures are rounded: each is computed exactly from the figures before it and rounded once, to 28 digits.

So neither the order of services nor the order of quality items can change the last digit, and a figure that grows
never lowers one that rests on it.
"""

from collections.abc import Iterable, Sequence
from decimal import (
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
)
from functools import reduce
from typing import Final

WHOLE_PCT: Final = Decimal(100)
NONE_PCT: Final = Decimal(0)

_MISTAKES: Final = [InvalidOperation, DivisionByZero, Overflow, FloatOperation]
EXACT: Final = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[*_MISTAKES, Inexact])
"""For sums and products: far more digits than they need, and an error should they ever need more."""
ROUNDED: Final = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=_MISTAKES)
"""For the one rounding that ends each computation."""

_add: Final = EXACT.add
_multiply: Final = EXACT.multiply
_divide: Final = ROUNDED.divide
_multiply_and_add: Final = ROUNDED.fma


def share_pct(part: Decimal | int, whole: Decimal | int, *, at_most: Decimal = WHOLE_PCT) -> Decimal:
    """``part`` of ``whole`` in percent."""
    # Whole numbers multiply exactly by themselves; the operator of decimals would round by the thread's context.
    pct = _divide(100 * part if type(part) is int else _multiply(WHOLE_PCT, part), whole)
    if pct > at_most:
        return at_most
    return pct


def shares_pct(parts: Iterable[tuple[Decimal | int, Decimal | int]], *, at_most: Decimal = WHOLE_PCT) -> list[Decimal]:
    """``share_pct`` of each ``(part, whole)``; without a call for each, as a report has hundreds."""
    shares = []
    for part, whole in parts:
        pct = _divide(100 * part if type(part) is int else _multiply(WHOLE_PCT, part), whole)
        if pct > at_most:
            shares.append(at_most)
        else:
            shares.append(pct)
    return shares


def mean(values: Sequence[Decimal]) -> Decimal:
    """The arithmetic mean of at least one value."""
    return mean_of(len(values), values)


def mean_of(count: int, values: Iterable[Decimal]) -> Decimal:
    """The arithmetic mean of so many values, of which those that are not given are zero."""
    return _divide(total(values), count)


def weighted(parts: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """The sum of each value times its weight, ``(weight, value)``."""
    return ROUNDED.plus(total([_multiply(weight, value) for weight, value in parts]))


def weighted_pair(weight: Decimal, value: Decimal, other_weight: Decimal, other_value: Decimal) -> Decimal:
    """What ``weighted`` gives for two parts, in one rounded step after one exact product."""
    return _multiply_and_add(weight, value, _multiply(other_weight, other_value))


def total(values: Iterable[Decimal]) -> Decimal:
    return reduce(_add, values, NONE_PCT)


def shown(value: Decimal, decimals: int) -> Decimal:
    """As people read it: rounded half up."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, ROUNDED)
