"""How far a figure lies from others of its kind.

All three measures compare a figure with a sample that it is not part of. They are floating-point numbers, because they
ask whether somebody should look and score nothing; sums are exact (``math.fsum``), so that the order of a sample and
the machine do not matter.
"""

from collections.abc import Collection
from math import fsum, sqrt
from typing import Final, NamedTuple, Self

MAD_OF_A_NORMAL: Final = 0.6745
"""The 0.75 quantile of the standard normal distribution, to the four places of Iglewicz and Hoaglin (1993)."""


class Spread(NamedTuple):
    """A sample in seven figures."""

    n: int
    mean: float
    sd: float
    """Of the population: the root of the mean squared distance from the mean (NumPy's ``std``, ``ddof=0``)."""
    median: float
    """The middle figure; the mean of the two in the middle of an even number."""
    mad: float
    """The median of the distances from the median, not scaled."""
    lowest: float
    highest: float

    @classmethod
    def of(cls, sample: Collection[float]) -> Self:
        """Raises:
        ValueError: the sample is empty.
        """
        n = len(sample)
        if not n:
            raise ValueError("an empty sample has no spread")
        ordered = sorted(sample)
        # A sample that does not vary has its one figure as its mean; divided sums may miss it by a bit.
        mean = fsum(ordered) / n if ordered[0] < ordered[-1] else ordered[0]
        median = _middle(ordered)
        return cls(
            n=n,
            mean=mean,
            sd=sqrt(fsum((figure - mean) ** 2 for figure in ordered) / n),
            median=median,
            mad=_middle(sorted(abs(figure - median) for figure in ordered)),
            lowest=ordered[0],
            highest=ordered[-1],
        )


def z_score(figure: float, spread: Spread) -> float | None:
    """(x - mean) / sd; None where the sample does not vary."""
    return (figure - spread.mean) / spread.sd if spread.sd else None


def modified_z_score(figure: float, spread: Spread) -> float | None:
    """0.6745 * (x - median) / MAD; None where more than half of the sample is one figure."""
    return MAD_OF_A_NORMAL * (figure - spread.median) / spread.mad if spread.mad else None


def min_max_position(figure: float, spread: Spread) -> float | None:
    """(x - min) / (max - min): 0 at the lowest and 1 at the highest figure; None where the sample does not vary."""
    width = spread.highest - spread.lowest
    return (figure - spread.lowest) / width if width else None


def ratio(figure: int | None, base: int | None) -> float | None:
    """None where either is missing or the base is zero."""
    return figure / base if figure is not None and base else None


def _middle(ordered: list[float]) -> float:
    half, is_odd = divmod(len(ordered), 2)
    return ordered[half] if is_odd else (ordered[half - 1] + ordered[half]) / 2
