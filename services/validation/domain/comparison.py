"""Figures compared column by column; a missing figure is never guessed."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum, auto
from operator import eq, ge, gt, le
from typing import Any, Final

Figure = int | Decimal
Column = Sequence[Figure | None]
Operator = Callable[[Any, Any], bool]

AT_MOST: Final[Operator] = le
AT_LEAST: Final[Operator] = ge
ABOVE: Final[Operator] = gt
EQUAL_TO: Final[Operator] = eq


class Missing(Enum):
    """What becomes of a comparison that lacks a side."""

    SKIP_IF_ANY = auto()
    """It is not made: another rule asks for what is missing."""
    SKIP_IF_ALL = auto()
    """It is not made where both are missing, and broken where one stands without the other."""
    NEVER_SKIP = auto()
    """It is broken."""


def breaks(left: Column, holds: Operator, right: Column, *, missing: Missing) -> list[int]:
    """The places at which two columns of one length break a comparison."""
    if None not in left and None not in right and all(map(holds, left, right)):
        return []
    return [
        place
        for place, (one, other) in enumerate(zip(left, right, strict=True))
        if (_BROKEN_WHERE_MISSING[missing](one, other) if one is None or other is None else not holds(one, other))
    ]


_BROKEN_WHERE_MISSING: Final[dict[Missing, Callable[[Figure | None, Figure | None], bool]]] = {
    Missing.SKIP_IF_ANY: lambda _one, _other: False,
    Missing.SKIP_IF_ALL: lambda one, other: one is not other,
    Missing.NEVER_SKIP: lambda _one, _other: True,
}


def within_pct(pct: Decimal) -> Operator:
    """Whether a figure differs from another by at most so many percent of the other."""
    return lambda figure, other: figure == other or abs(figure - other) * 100 <= pct * other


def at_most_times(ratio: Decimal) -> Operator:
    """Whether a figure is at most so many times another."""
    return lambda figure, other: figure <= ratio * other
