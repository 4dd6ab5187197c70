from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import load_law

LAW = load_law()


@pytest.mark.parametrize(
    ("value", "band"),
    [
        ("100", "tuntas_paripurna"),
        ("99.99", "tuntas_utama"),
        ("97.935", "tuntas_utama"),
        ("90", "tuntas_utama"),
        ("89.995", "tuntas_madya"),
        ("89.99", "tuntas_madya"),
        ("80", "tuntas_madya"),
        ("79.99", "tuntas_pratama"),
        ("70", "tuntas_pratama"),
        ("69.99", "tuntas_muda"),
        ("69", "tuntas_muda"),
        ("60", "tuntas_muda"),
        ("59.99", "belum_tuntas"),
        ("42.03", "belum_tuntas"),
        ("0", "belum_tuntas"),
    ],
)
def test_a_value_on_an_edge_has_the_band_that_officials_named(law: Law, year_end: date, value: str, band: str) -> None:
    assert law.band_of(Decimal(value), year_end).id == band


@given(value=st.decimals(min_value=0, max_value=100, allow_nan=False, allow_infinity=False))
def test_every_value_from_0_to_100_has_exactly_one_band(value: Decimal) -> None:
    on = date(2023, 12, 31)
    assert [band for band in LAW.bands(on) if band.holds(value)] == [LAW.band_of(value, on)]


def test_the_six_bands_come_highest_first(law: Law, year_end: date) -> None:
    assert [band.name_id for band in law.bands(year_end)] == [
        "Tuntas Paripurna",
        "Tuntas Utama",
        "Tuntas Madya",
        "Tuntas Pratama",
        "Tuntas Muda",
        "Belum Tuntas",
    ]


def test_a_negative_value_has_no_band(law: Law, year_end: date) -> None:
    with pytest.raises(RegulationError, match=r"No band holds -0\.01"):
        law.band_of(Decimal("-0.01"), year_end)
