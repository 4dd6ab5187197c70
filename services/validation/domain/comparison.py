"""Figures compared column by column; a missing figure is never guessed."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum, auto
from functools import lru_cache
from operator import ge, gt, le
from typing import Any, Final

Figure = int | Decimal
Column = Sequence[Figure | None]
Operator = Callable[[Any, Any], bool]
"""Raises ``TypeError`` for a missing figure, which is so told from a comparison that holds."""

AT_MOST: Final[Operator] = le
AT_LEAST: Final[Operator] = ge
ABOVE: Final[Operator] = gt
_KEPT_MAX: Final = 256


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
    try:
        if all(map(holds, left, right)):
            return []
    except TypeError:  # a figure is missing somewhere
        pass
    return [
        place
        for place, (one, other) in enumerate(zip(left, right, strict=True))
        if (_BROKEN_WHERE_MISSING[missing](one, other) if one is None or other is None else not holds(one, other))
    ]


def gaps(column: Column) -> list[int]:
    """The places at which nothing is stated."""
    return [place for place, figure in enumerate(column) if figure is None]


_BROKEN_WHERE_MISSING: Final[dict[Missing, Callable[[Figure | None, Figure | None], bool]]] = {
    Missing.SKIP_IF_ANY: lambda _one, _other: False,
    Missing.SKIP_IF_ALL: lambda one, other: one is not other,
    Missing.NEVER_SKIP: lambda _one, _other: True,
}


@lru_cache(maxsize=_KEPT_MAX)
def within_pct(pct: Decimal) -> Operator:
    """Whether a figure differs from another by at most so many percent of the other."""
    share, whole = (pct / 100).as_integer_ratio()
    return lambda figure, other: abs(figure - other) * whole <= share * other


@lru_cache(maxsize=_KEPT_MAX)
def at_most_times(ratio: Decimal) -> Operator:
    """Whether a figure is at most so many times another."""
    times, whole = ratio.as_integer_ratio()
    return lambda figure, other: figure * whole <= times * other
