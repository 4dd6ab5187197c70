from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts.language import Language
from contracts.quarter import Quarter
from services.scoring.pages.language import Tongue

ID, EN = Tongue(Language.INDONESIAN), Tongue(Language.ENGLISH)


@pytest.mark.parametrize(
    ("figure", "decimals", "indonesian", "english"),
    [
        ("1234.5", 1, "1.234,5", "1,234.5"),
        ("89.995", 2, "90,00", "90.00"),
        ("0", 2, "0,00", "0.00"),
        ("100", 0, "100", "100"),
        ("2.5", 0, "3", "3"),
    ],
)
def test_a_figure_is_rounded_half_up_and_written_as_its_reader_does(
    figure: str, decimals: int, indonesian: str, english: str
) -> None:
    assert (ID.number(Decimal(figure), decimals), EN.number(Decimal(figure), decimals)) == (indonesian, english)


@pytest.mark.parametrize(("figure", "text"), [("7.5", "7,5"), ("100", "100"), ("1E+2", "100"), ("40.0", "40")])
def test_a_figure_of_the_law_keeps_its_digits(figure: str, text: str) -> None:
    assert ID.exact(Decimal(figure)) == text


def test_days_are_those_of_jakarta() -> None:
    instant = datetime(2023, 12, 31, 17, 5, tzinfo=UTC)
    assert ID.day(instant) == "1 Januari 2024 pukul 00.05 WIB"
    assert EN.day(instant) == "1 January 2024, 00:05 WIB"


def test_a_quarter_has_a_long_and_a_short_name() -> None:
    quarter = Quarter(2023, 4)
    assert (ID.period(quarter), ID.quarter(quarter)) == ("Triwulan IV 2023", "TW IV")
    assert (EN.period(quarter), EN.quarter(quarter)) == ("Quarter 4 of 2023", "Q4")


def test_a_reader_gets_one_half_of_a_sentence_in_both_languages() -> None:
    assert (ID.half("tidak ada / none"), EN.half("tidak ada / none")) == ("tidak ada", "none")
    assert EN.half("1/2 saja") == "1/2 saja"


def test_a_share_of_nothing_is_none() -> None:
    assert (ID.share(1, 8), EN.share(0, 0)) == ("12,5 %", "none")
