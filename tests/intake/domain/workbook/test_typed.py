from datetime import date, datetime
from decimal import Decimal

import pytest

from services.intake.domain.workbook.kinds import Kind, List, Odd, Oddity, Raw
from services.intake.domain.workbook.typed import Mistyped, shown, value_of
from tests.intake.workbooks import LISTS


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (12450, 12450),
        ("12450", 12450),
        ("12.450", 12450),
        ("1.234.567", 1_234_567),
        ("12 450", 12450),
        ("12\u00a0450", 12450),
        (" 12450 ", 12450),
        ("12.450,00", 12450),
        (Decimal("12450.0"), 12450),
        ("0", 0),
        (0, 0),
        ("-5", -5),
    ],
)
def test_whole_numbers_are_read_as_indonesia_writes_them(typed: Raw, meant: int) -> None:
    assert value_of(typed, Kind.PEOPLE, {}) == meant


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12.45", "not-a-number"),
        ("1,234.56", "not-a-number"),
        ("1.23.456", "not-a-number"),
        ("12,5", "not-whole"),
        (Decimal("12.5"), "not-whole"),
        ("85%", "cell-percent"),
        ("12 orang", "not-a-number"),
        ("dua ratus", "not-a-number"),
        ("+5", "not-a-number"),
        ("1e3", "not-a-number"),
        ("\u0661\u0662", "not-a-number"),
        ("-", "blank-or-zero"),
        ("Nihil", "blank-or-zero"),
        (True, "not-a-number"),
        (date(2023, 1, 16), "not-a-number"),
        (Odd(Oddity.FORMULA, "=A1"), "cell-formula"),
        (Odd(Oddity.PERCENT, "85%"), "cell-percent"),
        (Odd(Oddity.ERROR, "#REF!"), "cell-error"),
    ],
)
def test_what_is_no_whole_number_is_refused_by_its_reason(typed: Raw, code: str) -> None:
    with pytest.raises(Mistyped) as refused:
        value_of(typed, Kind.PEOPLE, {})
    assert refused.value.code == code
    assert refused.value.remedy.id != refused.value.remedy.en


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1.234,56", "1234.56"),
        ("1234,5", "1234.5"),
        ("1,234", "1.234"),
        ("0,0001", "0.0001"),
        ("12,50", "12.50"),
        ("12.450", "12450"),
        (Decimal("20990.25"), "20990.25"),
    ],
)
def test_amounts_keep_each_digit_that_was_typed(typed: Raw, meant: str) -> None:
    assert str(value_of(typed, Kind.AMOUNT, {})) == meant


@pytest.mark.parametrize("typed", ["Rp 38.750.000", "rp38.750.000", "Rp. 38.750.000,-", "38.750.000,00", 38_750_000])
def test_rupiah_may_be_written_with_their_sign(typed: Raw) -> None:
    assert value_of(typed, Kind.RUPIAH, {}) == 38_750_000


@pytest.mark.parametrize(
    "typed",
    [
        "16-01-2023",
        "16/1/2023",
        "16.01.2023",
        "2023-01-16",
        "16 Januari 2023",
        "16 jan 2023",
        "16-JANUARI-2023",
        "16 January 2023",
        datetime(2023, 1, 16, 9, 30),  # noqa: DTZ001 - a cell's day has no zone
        date(2023, 1, 16),
    ],
)
def test_days_are_read_in_the_forms_that_people_write(typed: Raw) -> None:
    assert value_of(typed, Kind.DAY, {}) == date(2023, 1, 16)


@pytest.mark.parametrize("typed", ["31 Februari 2023", "16-01-23", "2023", 44942, "16 Foo 2023", "01-16-2023", True])
def test_what_is_no_day_is_refused(typed: Raw) -> None:
    with pytest.raises(Mistyped, match="not-a-day"):
        value_of(typed, Kind.DAY, {})


@pytest.mark.parametrize("typed", ["Selesai", "  selesai ", "DONE", "done", "Done"])
def test_a_choice_is_known_by_its_words_in_both_languages_and_by_its_code(typed: str) -> None:
    assert value_of(typed, Kind.CHOICE, LISTS[List.STATUSES]) == "done"


def test_a_choice_that_is_not_offered_is_answered_with_what_is() -> None:
    with pytest.raises(Mistyped) as refused:
        value_of("hampir", Kind.CHOICE, LISTS[List.STATUSES])
    assert refused.value.remedy.id.endswith("Belum dimulai; Sedang berjalan; Selesai")


@pytest.mark.parametrize(("typed", "meant"), [(True, "yes"), (False, "no"), ("Ya", "yes"), ("tidak", "no")])
def test_yes_and_no_may_be_a_tick_of_the_program(typed: Raw, meant: str) -> None:
    assert value_of(typed, Kind.CHOICE, LISTS[List.YES_NO]) == meant


@pytest.mark.parametrize(
    ("typed", "meant"), [("=SUM(A1)", "=SUM(A1)"), (188, "188"), (Decimal("12.5"), "12,5"), ("@x", "@x")]
)
def test_text_is_taken_as_it_stands(typed: Raw, meant: str) -> None:
    assert value_of(typed, Kind.TEXT, {}) == meant


@pytest.mark.parametrize("typed", [date(2023, 2, 1), True])
def test_a_number_of_a_document_that_became_a_day_is_not_guessed_back(typed: Raw) -> None:
    with pytest.raises(Mistyped, match="not-text"):
        value_of(typed, Kind.TEXT, {})


@pytest.mark.parametrize(
    ("raw", "text"),
    [(Decimal("1.5"), "1,5"), (-5, "-5"), (date(2023, 1, 6), "06-01-2023"), (True, "TRUE"), ("x" * 100, "x" * 80)],
)
def test_an_entry_is_told_of_as_it_was_typed_and_not_at_length(raw: Raw, text: str) -> None:
    assert shown(raw) == text
