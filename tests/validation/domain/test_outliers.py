import json
import statistics
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.validation.domain.outliers import (
    Limits,
    Spread,
    min_max_position,
    modified_z_score,
    outlier_in,
    outlier_of,
    ratio,
    z_score,
)

NUMPY: Final = json.loads(Path(__file__).with_name("numpy_figures.json").read_bytes())
"""Samples with what NumPy says of them: mean, std, median, median of abs(x - median), min, max, and the measures."""
figures = st.just(0.0) | st.floats(min_value=1e-9, max_value=1e15)
"""What a report can hold: nothing, or something whose square is still a number."""
samples = st.lists(figures, min_size=1, max_size=40)


def close(found: float | None, expected: float | None) -> bool:
    """To twelve digits: NumPy sums pairwise, we sum exactly."""
    if found is None or expected is None:
        return found is expected
    return found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("row", NUMPY["rows"], ids=lambda row: f"{len(row['sample'])} figures")
def test_every_figure_is_that_of_numpy(row: dict[str, Any]) -> None:
    spread = Spread.of(row["sample"])
    for name in ("mean", "sd", "median", "mad", "lowest", "highest"):
        assert close(getattr(spread, name), row[name]), name
    assert close(z_score(row["figure"], spread), row["z"])
    assert close(modified_z_score(row["figure"], spread), row["modified_z"])
    assert close(min_max_position(row["figure"], spread), row["position"])


@given(samples)
def test_a_spread_says_what_the_formulas_of_the_library_say(sample: list[float]) -> None:
    spread = Spread.of(sample)
    median = statistics.median(sample)
    assert spread.n == len(sample)
    assert close(spread.mean, statistics.fmean(sample))
    assert spread.sd == pytest.approx(statistics.pstdev(sample), rel=1e-9, abs=1e-9 * spread.highest)
    assert spread.median == median
    assert spread.mad == statistics.median(abs(figure - median) for figure in sample)
    assert (spread.lowest, spread.highest) == (min(sample), max(sample))


@given(samples, st.randoms(use_true_random=False))
def test_the_order_of_a_sample_changes_no_bit(sample: list[float], chance: Any) -> None:
    shuffled = sample.copy()
    chance.shuffle(shuffled)
    assert Spread.of(shuffled) == Spread.of(sample)


@given(figures, st.integers(min_value=1, max_value=40), figures)
def test_nothing_lies_outside_of_a_sample_that_does_not_vary(same: float, n: int, figure: float) -> None:
    spread = Spread.of([same] * n)
    assert (spread.mean, spread.sd, spread.mad) == (same, 0, 0)
    assert z_score(figure, spread) is modified_z_score(figure, spread) is min_max_position(figure, spread) is None


@given(samples)
def test_what_is_in_the_sample_lies_between_its_lowest_and_its_highest(sample: list[float]) -> None:
    spread = Spread.of(sample)
    positions = [min_max_position(figure, spread) for figure in sample]
    assert all(position is None or 0 <= position <= 1 for position in positions)


def test_a_majority_of_one_figure_has_no_modified_z_score_and_still_a_z_score() -> None:
    spread = Spread.of([1, 1, 1, 9])
    assert modified_z_score(5, spread) is None
    assert z_score(5, spread) == pytest.approx((5 - 3) / 12**0.5)


def test_an_empty_sample_has_no_spread() -> None:
    with pytest.raises(ValueError, match="empty sample"):
        Spread.of([])


@pytest.mark.parametrize(
    ("figure", "base", "expected"),
    [(3, 4, 0.75), (0, 4, 0), (None, 4, None), (3, None, None), (None, None, None), (3, 0, None), (0, 0, None)],
)
def test_a_ratio_needs_both_sides_and_a_base(figure: int | None, base: int | None, expected: float | None) -> None:
    assert ratio(figure, base) == expected


LIMITS = Limits(n_min=4, z_max=3, modified_z_max=3.5, margin_max=0.5, measures_min=2, distance_ratio_min=0.5)
STEADY = [0.19, 0.2, 0.2, 0.21, 0.2, 0.22, 0.18, 0.2]


@pytest.mark.parametrize(
    ("figure", "sample", "is_outlier"),
    [
        (0.2, STEADY, False),
        (0.29, STEADY, False),
        (0.31, STEADY, True),
        (0.09, STEADY, True),
        (0.9, STEADY[:4], True),
        (0.9, STEADY[:3], False),
        (0.9, [], False),
        (0.9, [0.2] * 8, False),
        (0.9, [0.2] * 7 + [0.21], True),
        (0.0, [0.0] * 8, False),
        (0.5, [0.0] * 7 + [0.1], True),
    ],
    ids=[
        "in the middle",
        "beyond the highest and near the median",
        "far above",
        "far below",
        "enough figures",
        "too few figures",
        "no figures",
        "no variation, no measure",
        "MAD 0: two measures are left",
        "nothing ever",
        "the median is zero",
    ],
)
def test_an_outlier_is_far_from_the_median_by_two_measures(
    figure: float,
    sample: list[float],
    is_outlier: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert (outlier_in(figure, sample, LIMITS) is not None) is is_outlier


@pytest.mark.parametrize(("measures_min", "is_outlier"), [(1, True), (2, True), (3, False)])
def test_a_measure_that_has_no_value_says_nothing(measures_min: float, is_outlier: bool) -> None:  # noqa: FBT001 - a column
    limits = LIMITS._replace(measures_min=measures_min)
    outlier = outlier_in(0.9, [0.2] * 7 + [0.21], limits)
    assert (outlier is not None) is is_outlier
    assert outlier is None or outlier.modified_z is None


@given(figures, st.lists(figures, max_size=12), st.floats(min_value=0, max_value=3), st.integers(0, 3))
def test_the_short_way_says_what_the_long_way_says(
    figure: float, sample: list[float], distance: float, measures: int
) -> None:
    limits = LIMITS._replace(distance_ratio_min=distance, measures_min=measures, n_min=2)
    long_way = outlier_of(figure, Spread.of(sample), limits) if sample else None
    assert outlier_in(figure, sample, limits) == long_way
