from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contracts.notice import NoticeKind, NoticeState
from contracts.recipient import Role
from services.notify.domain import wording


@pytest.mark.parametrize(
    ("figure", "indonesian", "english"),
    [
        (Decimal("1234.56"), "1.234,56", "1,234.56"),
        (Decimal("100.00"), "100,00", "100.00"),
        (Decimal("0.00"), "0,00", "0.00"),
        (1_234_567, "1.234.567", "1,234,567"),
        (0, "0", "0"),
    ],
)
def test_numbers_are_written_as_each_language_writes_them(figure: Decimal | int, indonesian: str, english: str) -> None:
    assert (wording.number_id(figure), wording.number_en(figure)) == (indonesian, english)


@pytest.mark.parametrize(
    ("instant", "indonesian", "english"),
    [
        (
            datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC),
            "20 Januari 2024 pukul 23.59 WIB",
            "20 January 2024, 23:59 WIB (UTC+7)",
        ),
        (
            datetime(2023, 12, 31, 17, 0, tzinfo=UTC),
            "1 Januari 2024 pukul 00.00 WIB",
            "1 January 2024, 00:00 WIB (UTC+7)",
        ),
        (
            datetime(2024, 8, 17, 3, 5, tzinfo=UTC),
            "17 Agustus 2024 pukul 10.05 WIB",
            "17 August 2024, 10:05 WIB (UTC+7)",
        ),
    ],
)
def test_instants_are_written_in_the_time_of_jakarta(instant: datetime, indonesian: str, english: str) -> None:
    assert (wording.day_id(instant), wording.day_en(instant)) == (indonesian, english)


@pytest.mark.parametrize(
    ("period", "indonesian"),
    [("2023Q1", "Triwulan I Tahun Anggaran 2023"), ("2023Q4", "Triwulan IV Tahun Anggaran 2023")],
)
def test_periods_are_written_out(period: str, indonesian: str) -> None:
    assert wording.period_id(period) == indonesian
    assert wording.period_en(period) == f"quarter {period[-1]} of fiscal year 2023"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb", "a b"),
        ("  a \t b  ", "a b"),
        ("a\u2028b\u2029c", "a b c"),
        ("a\u202eb\u200bc", "a b c"),
        ("a\x00\x1b[31mb", "a [31mb"),
        ("", ""),
    ],
)
def test_a_text_becomes_one_visible_line(text: str, line: str) -> None:
    assert wording.one_line(text) == line


def test_every_kind_state_and_role_has_words_in_both_languages() -> None:
    assert set(wording.KINDS) == set(NoticeKind)
    assert set(wording.STATES) == set(NoticeState)
    assert set(wording.ROLES) == set(Role)
