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


class Limits(NamedTuple):
    """From when on a figure is an outlier."""

    n_min: float
    """Figures in the sample; of fewer, nothing is said."""
    z_max: float
    modified_z_max: float
    margin_max: float
    """How far beyond the lowest or the highest figure, in widths of the range."""
    measures_min: float
    """How many of the three measures must say so; one that the sample does not allow says nothing."""
    distance_ratio_min: float
    """From the median, in medians: what is nearer is no outlier, however little the sample varies."""


class Outlier(NamedTuple):
    figure: float
    spread: Spread
    z: float | None
    modified_z: float | None
    position: float | None


def outlier_of(figure: float, spread: Spread, limits: Limits) -> Outlier | None:
    """None where the figure is no outlier."""
    if spread.n < limits.n_min or abs(figure - spread.median) < limits.distance_ratio_min * spread.median:
        return None
    z, modified_z = z_score(figure, spread), modified_z_score(figure, spread)
    position = min_max_position(figure, spread)
    said = (
        (z is not None and abs(z) > limits.z_max)
        + (modified_z is not None and abs(modified_z) > limits.modified_z_max)
        + (position is not None and not -limits.margin_max <= position <= 1 + limits.margin_max)
    )
    return Outlier(figure, spread, z, modified_z, position) if said >= limits.measures_min else None


def outlier_in(figure: float, sample: Collection[float], limits: Limits) -> Outlier | None:
    """The same against a sample of figures from zero up."""
    if not sample or len(sample) < limits.n_min:
        return None
    median = _middle(sorted(sample))
    # Most figures are near the median, and that alone decides; the rest of a spread costs ten times as much.
    if abs(figure - median) < limits.distance_ratio_min * median:
        return None
    return outlier_of(figure, Spread.of(sample), limits)


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
