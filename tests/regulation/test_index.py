from datetime import date
from decimal import Decimal

import pytest

from regulation.errors import RegulationError
from regulation.law import Law


def test_recipients_weigh_80_and_quality_20_of_the_index(law: Law, year_end: date) -> None:
    weights = law.index_weights(year_end)
    assert (weights.recipients_ratio, weights.quality_ratio) == (Decimal("0.80"), Decimal("0.20"))
    assert weights.row_id == "index_weights/2019-01-01"


def test_weights_are_exact_and_make_a_whole(law: Law, year_end: date) -> None:
    weights = law.index_weights(year_end)
    assert weights.recipients_ratio + weights.quality_ratio == 1


def test_what_the_law_leaves_open_is_decided_in_one_row(law: Law, year_end: date) -> None:
    choices = law.index_choices(year_end)
    assert choices.cap_pct == 100
    assert choices.zero_target_rule == "not_applicable"
    assert choices.quality_aggregation == "mean_of_items"
    assert choices.missing_service == "zero"
    assert (choices.rounding, choices.display_decimals) == ("half_up", 2)
    assert choices.source == "ours"


def test_every_sector_has_an_index_method(law: Law, year_end: date) -> None:
    assert {law.index_method(sector, year_end).method for sector in law.sectors} == {"standard_80_20"}


@pytest.mark.parametrize(("quarter", "expected"), [(1, 25), (2, 50), (3, 75), (4, 100)])
def test_a_year_progresses_evenly(law: Law, year_end: date, quarter: int, expected: int) -> None:
    assert law.expected_path(quarter, year_end).expected_pct == expected


@pytest.mark.parametrize("quarter", [0, 5])
def test_no_path_is_expected_beyond_four_quarters(law: Law, year_end: date, quarter: int) -> None:
    with pytest.raises(RegulationError, match="written are: none"):
        law.expected_path(quarter, year_end)


def test_the_law_is_silent_before_its_first_day(law: Law) -> None:
    eve = date(2018, 12, 31)
    for ask in (law.index_weights, law.index_choices, law.bands, law.ruleset):
        with pytest.raises(RegulationError, match="No row is in force on 2018-12-31"):
            ask(eve)
