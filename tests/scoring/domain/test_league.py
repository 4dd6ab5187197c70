from datetime import timedelta
from decimal import Decimal

import pytest

from regulation.law import Law
from services.scoring.domain.league import Choice, Place, SortBy, arranged, league, named
from tests.scoring.years import DUE_AT, figures

FIGURES = [
    figures("64", index_pct=Decimal(80), completeness_pct=Decimal(70)),
    figures("64.71", index_pct=Decimal(90), completeness_pct=Decimal(100), arrived_at=DUE_AT - timedelta(days=3)),
    figures("64.72", index_pct=Decimal(90), completeness_pct=Decimal(90), arrived_at=DUE_AT + timedelta(days=3)),
    figures("64.74", index_pct=Decimal(85), completeness_pct=Decimal(95)),
]


@pytest.fixture(scope="module")
def kalimantan_timur(law: Law) -> tuple[Place, ...]:
    return league(law, FIGURES, Choice(province="64"))


def codes(places: tuple[Place, ...]) -> list[str]:
    return [place.region.code for place in places]


def test_best_first_and_silent_regions_last(kalimantan_timur: tuple[Place, ...]) -> None:
    assert codes(kalimantan_timur) == [
        *("64.71", "64.72", "64.74", "64"),
        *("64.01", "64.02", "64.03", "64.07", "64.08", "64.09", "64.11"),
    ]
    assert [place.rank for place in kalimantan_timur] == [1, 1, 3, 4] + [None] * 7


def test_the_whole_nation_is_compared_where_nothing_is_chosen(law: Law) -> None:
    assert len(league(law, FIGURES, Choice())) == 546


def test_a_level_is_compared_with_itself(law: Law) -> None:
    places = league(law, FIGURES, Choice(kind="provinsi"))
    assert (len(places), places[0].region.code, places[0].rank) == (38, "64", 1)
    assert places[0].province == places[0].region


@pytest.mark.parametrize(
    ("by", "turned", "expected"),
    [
        (SortBy.INDEX, False, ["64.71", "64.72", "64.74", "64"]),
        (SortBy.INDEX, True, ["64", "64.74", "64.71", "64.72"]),
        (SortBy.NAME, False, ["64", "64.71", "64.74", "64.72"]),
        (SortBy.COMPLETENESS, False, ["64.71", "64.74", "64.72", "64"]),
        (SortBy.ARRIVAL, False, ["64.71", "64", "64.74", "64.72"]),
    ],
)
def test_the_order_is_the_readers_and_silent_regions_stay_last(
    kalimantan_timur: tuple[Place, ...], by: SortBy, *, turned: bool, expected: list[str]
) -> None:
    found = arranged(kalimantan_timur, by, turned=turned)
    assert codes(found)[:4] == expected
    assert all(place.figures is None for place in found[4:])


@pytest.mark.parametrize("words", ["samarinda", "SAMARINDA", "64.72"])
def test_a_region_is_found_by_name_or_code_with_the_rank_it_has(
    kalimantan_timur: tuple[Place, ...], words: str
) -> None:
    (found,) = named(kalimantan_timur, words)
    assert (found.region.code, found.rank) == ("64.72", 1)
