"""What the terms of a report refuse, in sentences for clerks that say what is expected."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.message import Bilingual
from services.intake.domain.workbook.kinds import Field, Kind, words

Terms = Mapping[str, Any]

_MISSING: Final = words("Sel ini wajib diisi.", "This cell must be filled in.")


def remedy_of(code: str, terms: Terms, what: Field) -> Bilingual:
    """The remedy of one of pydantic's error types; ``terms`` are its bounds."""
    told = _REMEDIES.get(code)
    return told(terms, what) if told else _unfit(terms, what)


def _short(terms: Terms, _: Field) -> Bilingual:
    least = terms["min_length"]
    if least == 1:
        return _MISSING
    return words(f"Isilah sekurang-kurangnya {least} huruf.", f"Enter at least {least} characters.")


def _long(terms: Terms, _: Field) -> Bilingual:
    most = terms["max_length"]
    return words(f"Isilah paling banyak {most} huruf.", f"Enter at most {most} characters.")


def _rows(terms: Terms, _: Field) -> Bilingual:
    most = terms["max_length"]
    return words(f"Paling banyak {most} baris.", f"At most {most} rows.")


def _least(terms: Terms, _: Field) -> Bilingual:
    least = terms["ge"]
    return words(f"Isilah {least} atau lebih.", f"Enter {least} or more.")


def _most(terms: Terms, _: Field) -> Bilingual:
    english = f"{terms['le']:,}"
    return words(f"Isilah paling banyak {english.replace(',', '.')}.", f"Enter at most {english}.")


def _places(terms: Terms, _: Field) -> Bilingual:
    most = terms["decimal_places"]
    return words(f"Tulis paling banyak {most} angka di belakang koma.", f"Write at most {most} decimals.")


def _digits(_: Terms, __: Field) -> Bilingual:
    return words("Angka ini terlalu besar; periksalah satuannya.", "This number is too large; check its unit.")


def _pattern(terms: Terms, what: Field) -> Bilingual:
    if what.help is None or what.kind is not Kind.CODE:
        return _unfit(terms, what)
    return words(
        f"Hanya huruf, angka, titik, dan tanda hubung, tanpa spasi. {what.help.id}",
        f"Letters, digits, dots and hyphens only, no blanks. {what.help.en}",
    )


def _unfit(_: Terms, what: Field) -> Bilingual:
    return words(
        f"Isian «{what.words.id}» tidak sesuai; unduh formulir baru bila isian ini bukan Anda yang mengubah.",
        f"This does not fit «{what.words.en}»; download a new form if it was not you who changed it.",
    )


_REMEDIES: Final[Mapping[str, Callable[[Terms, Field], Bilingual]]] = {
    "missing": lambda _, __: _MISSING,
    "string_too_short": _short,
    "string_too_long": _long,
    "too_long": _rows,
    "greater_than_equal": _least,
    "less_than_equal": _most,
    "decimal_max_places": _places,
    "decimal_max_digits": _digits,
    "decimal_whole_digits": _digits,
    "string_pattern_mismatch": _pattern,
}
