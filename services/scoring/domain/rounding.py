"""Where figures are rounded: each is computed exactly from the figures before it and rounded once, to 28 digits.

So neither the order of services nor the order of quality items can change the last digit, and a figure that grows
never lowers one that rests on it.
"""

from collections.abc import Sequence
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

_multiply: Final = EXACT.multiply
_divide: Final = ROUNDED.divide


def share_pct(part: Decimal | int, whole: Decimal | int, *, at_most: Decimal = WHOLE_PCT) -> Decimal:
    """``part`` of ``whole`` in percent."""
    pct = _divide(_multiply(WHOLE_PCT, part), whole)
    if pct > at_most:
        return at_most
    return pct


def mean(values: Sequence[Decimal]) -> Decimal:
    """The arithmetic mean of at least one value."""
    return ROUNDED.divide(total(values), len(values))


def weighted(parts: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """The sum of each value times its weight, ``(weight, value)``."""
    return ROUNDED.plus(total([EXACT.multiply(weight, value) for weight, value in parts]))


def total(values: Sequence[Decimal]) -> Decimal:
    return reduce(EXACT.add, values, NONE_PCT)


def shown(value: Decimal, decimals: int) -> Decimal:
    """As people read it: rounded half up."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, ROUNDED)
