"""What people type into a cell, and what it means. Figures are read as Indonesia writes them: 1.234,56."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from contracts.message import Bilingual
from services.intake.domain.workbook.kinds import Kind, Odd, Oddity, Raw, words

Value = str | int | Decimal | date

SHOWN_CHARS: Final = 80
_OFFERS_SHOWN: Final = 4
_BLANKS: Final = re.compile(r"[\s\u00a0\u2007\u202f]+")
_PLAIN: Final = re.compile(r"-?[0-9]{1,20}(?:,[0-9]{1,20})?")
_GROUPED: Final = re.compile(
    r"-?[0-9]{1,3}(?:\.[0-9]{3}){1,6}(?:,[0-9]{1,20})?|-?[0-9]{1,3}(?: [0-9]{3}){1,6}(?:,[0-9]{1,20})?"
)
_RUPIAH: Final = re.compile(r"(?i:rp)\.? ?(.*?)(?:,-)?")
_NUMERIC_DAY: Final = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_ISO_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_WORDED_DAY: Final = re.compile(r"([0-9]{1,2})[- ]([a-z]{3,9})[- ]([0-9]{4})")
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("januari", "jan", "january"),
            ("februari", "feb", "pebruari", "february"),
            ("maret", "mar", "march"),
            ("april", "apr"),
            ("mei", "may"),
            ("juni", "jun", "june"),
            ("juli", "jul", "july"),
            ("agustus", "agu", "agt", "august", "aug"),
            ("september", "sep", "sept"),
            ("oktober", "okt", "october", "oct"),
            ("november", "nov", "nopember"),
            ("desember", "des", "december", "dec"),
        ),
        start=1,
    )
    for name in names
}
_WHOLE: Final = words(
    "Isilah bilangan bulat, misalnya 12450 atau 12.450.", "Enter a whole number, like 12450 or 12.450."
)
_NUMBER: Final = words("Isilah angka, misalnya 1234,5 atau 1.234,5.", "Enter a number, like 1234,5 or 1.234,5.")
_NO_PERCENT: Final = words("Isilah jumlahnya, bukan persennya.", "Enter the amount, not a percentage.")
_NO_FORMULA: Final = words(
    "Ganti rumus dengan nilainya (Salin, lalu Tempel Khusus: Nilai).",
    "Put its value in place of the formula (Copy, then Paste Special: Values).",
)
_DAY: Final = words(
    "Isilah tanggal, misalnya 16-01-2023 atau 16 Januari 2023.", "Enter a day, like 16-01-2023 or 16 January 2023."
)
_NO_DAY: Final = words("Isilah teks; ketik tanda petik (') lebih dahulu.", "Enter text; type an apostrophe (') first.")
_NO_ERROR: Final = words("Hapus kesalahan ini dan isilah sel kembali.", "Clear this error and fill in the cell again.")
_DECIMALS: Final = words(
    "Tulis desimal dengan koma dan ribuan dengan titik, misalnya 1.234,56.",
    "Write decimals with a comma and thousands with a dot, like 1.234,56.",
)
_BLANK_OR_ZERO: Final = words(
    "Kosongkan bila tidak dilaporkan; tulis 0 bila nol.", "Leave blank if not reported; write 0 for zero."
)
_NOTHING: Final = frozenset({"-", "\u2013", "\u2014", "nihil", "n/a", "na", "tidak ada", "kosong"})


class Mistyped(ValueError):  # noqa: N818 - reads as what it says
    """An entry that cannot be read as what its cell asks for."""

    def __init__(self, code: str, remedy: Bilingual) -> None:
        super().__init__(code)
        self.code = code
        self.remedy = remedy


def shown(raw: Raw) -> str:
    """An entry as it can be told of."""
    if isinstance(raw, Odd):
        return raw.shown[:SHOWN_CHARS]
    if isinstance(raw, datetime):
        raw = raw.date()
    if isinstance(raw, date):
        return f"{raw:%d-%m-%Y}"
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    return text_of(raw)[:SHOWN_CHARS]


def text_of(raw: str | int | Decimal) -> str:
    """Text, or a number as one types it in Indonesia, without groups."""
    return f"{raw:f}".replace(".", ",") if isinstance(raw, Decimal) else str(raw)


def number_of(held: float) -> int | Decimal:
    """The number that a spreadsheet shows: fifteen digits are what it keeps of one."""
    number = Decimal(f"{held:.15g}")
    return int(number) if number == number.to_integral_value() else number


def tidy(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def value_of(raw: Raw, kind: Kind, offered: Mapping[str, Bilingual]) -> Value:
    """What an entry means; ``offered`` is what a choice is taken from.

    Raises:
        Mistyped: it cannot be read.
    """
    if isinstance(raw, Odd):
        raise Mistyped(f"cell-{raw.kind}", _ODD[raw.kind])
    if kind is Kind.CHOICE:
        return _choice(raw, offered)
    return _READ[kind](raw)


def _text(raw: Raw) -> str:
    if isinstance(raw, date):
        raise Mistyped("not-text", _NO_DAY)
    if isinstance(raw, bool):
        raise Mistyped("not-text", words("Isilah teks.", "Enter text."))
    assert not isinstance(raw, Odd)  # noqa: S101
    return text_of(raw)


def _whole(raw: Raw, remedy: Bilingual = _WHOLE) -> int:
    number = _number(raw, remedy)
    if isinstance(number, int):
        return number
    if number != number.to_integral_value():
        raise Mistyped("not-whole", remedy)
    return int(number)


def _rupiah(raw: Raw) -> int:
    if isinstance(raw, str) and (match := _RUPIAH.fullmatch(tidy(raw))):
        raw = match[1]
    return _whole(raw)


def _amount(raw: Raw) -> int | Decimal:
    return _number(raw, _NUMBER)


def _number(raw: Raw, remedy: Bilingual) -> int | Decimal:
    """Raises:
    Mistyped: no number as Indonesia writes it. A dot that does not part thousands may be meant as either.
    """
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        return raw
    if not isinstance(raw, str):
        raise Mistyped("not-a-number", remedy)
    text = tidy(raw)
    if text.casefold() in _NOTHING:
        raise Mistyped("blank-or-zero", _BLANK_OR_ZERO)
    if text.endswith("%"):
        raise Mistyped("cell-percent", _NO_PERCENT)
    if _PLAIN.fullmatch(text) or _GROUPED.fullmatch(text):
        number = text.replace(".", "").replace(" ", "").replace(",", ".")
        return Decimal(number) if "." in number else int(number)
    raise Mistyped("not-a-number", _DECIMALS if re.fullmatch(r"[0-9.,' ]+", text) else remedy)


def _day(raw: Raw) -> date:
    if isinstance(raw, datetime):
        raw = raw.date()
    if isinstance(raw, date):
        return raw
    parts = _parts_of_day(tidy(raw).casefold()) if isinstance(raw, str) else None
    try:
        if parts:
            return date(*parts)
    except ValueError:
        pass  # such as 31 February
    raise Mistyped("not-a-day", _DAY)


def _parts_of_day(text: str) -> tuple[int, int, int] | None:
    if match := _ISO_DAY.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC_DAY.fullmatch(text):
        return int(match[3]), int(match[2]), int(match[1])
    if (match := _WORDED_DAY.fullmatch(text)) and match[2] in _MONTHS:
        return int(match[3]), _MONTHS[match[2]], int(match[1])
    return None


def _choice(raw: Raw, offered: Mapping[str, Bilingual]) -> str:
    """The code whose words these are, in either language, or the code itself."""
    asked = tidy(shown(raw) if not isinstance(raw, str) else raw).casefold()
    if isinstance(raw, bool) and set(offered) == {"yes", "no"}:
        return "yes" if raw else "no"
    for code, told in offered.items():
        if asked in {code, tidy(told.id).casefold(), tidy(told.en).casefold()}:
            return code
    some = list(offered.values())[:_OFFERS_SHOWN]
    more = " …" if len(offered) > _OFFERS_SHOWN else ""
    raise Mistyped(
        "not-offered",
        words(
            f"Pilih salah satu dari daftar: {'; '.join(told.id for told in some)}{more}",
            f"Choose one of the list: {'; '.join(told.en for told in some)}{more}",
        ),
    )


_READ: Final[Mapping[Kind, Callable[[Raw], Value]]] = {
    Kind.KEY: _text,
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.CODE: _text,
    Kind.PEOPLE: _whole,
    Kind.RUPIAH: _rupiah,
    Kind.AMOUNT: _amount,
    Kind.DAY: _day,
}
_ODD: Final[Mapping[Oddity, Bilingual]] = {
    Oddity.FORMULA: _NO_FORMULA,
    Oddity.PERCENT: _NO_PERCENT,
    Oddity.ERROR: _NO_ERROR,
}
