"""Charts as shapes with their places, in the units of their own drawing; ``templates/charts.html`` draws them.

Each has a text that says the same: a chart is never the only place of a figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar."""

    key: str
    label: str
    size: Decimal
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class StackedBar:
    label: str
    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    text: str
    """The figure as it is written beside the bar."""
    width: float


@dataclass(frozen=True, slots=True)
class Point:
    label: str
    text: str
    x: float
    y: float
    below: bool
    """Whether it lies below the path, so that its text stands clear of it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The quarters of a year from left to right, 0 to 100 from the bottom up."""

    width: float
    height: float
    path: tuple[Point, ...]
    """Where the year should stand."""
    attained: tuple[Point, ...]
    """Where it stands; quarters without a figure are left out."""


def stacked(label: str, parts: Sequence[tuple[str, str, int]], *, width: float) -> StackedBar:
    """The whole width is the sum of all counts."""
    total = sum(count for _, _, count in parts)
    shares = [(key, name, Decimal(_WHOLE * count) / total) for key, name, count in parts if count]
    return StackedBar(label, total, beside_each_other(shares, width=width))


def beside_each_other(parts: Sequence[tuple[str, str, Decimal]], *, width: float) -> tuple[Part, ...]:
    """``parts`` are key, label and size in percent of the width."""
    placed, x = [], 0.0
    for key, label, pct in parts:
        share = width * float(pct) / _WHOLE
        placed.append(Part(key, label, pct, x, share))
        x += share
    return tuple(placed)


def bar(label: str, pct: Decimal, text: str, *, width: float) -> Bar:
    return Bar(label, text, width * float(pct) / _WHOLE)


def lines(
    path: Sequence[tuple[str, Decimal, str]],
    attained: Sequence[tuple[Decimal, str] | None],
    *,
    width: float,
    height: float,
) -> Lines:
    """``path`` has the label, figure and text of each quarter; ``attained`` a figure and its text, or None."""
    apart = width / len(path)
    places = [apart * (number + 0.5) for number in range(len(path))]

    def up(pct: Decimal) -> float:
        return height * (1 - float(pct) / _WHOLE)

    return Lines(
        width=width,
        height=height,
        path=tuple(
            Point(label, text, x, up(pct), below=False) for (label, pct, text), x in zip(path, places, strict=True)
        ),
        attained=tuple(
            Point(label, known[1], x, up(known[0]), below=known[0] < expected)
            for (label, expected, _), known, x in zip(path, attained, places, strict=True)
            if known is not None
        ),
    )
