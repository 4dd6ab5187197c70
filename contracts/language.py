"""The two languages in which people are told things: how each writes words, days and figures."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from contracts.message import Bilingual
from contracts.quarter import Quarter

_SWAPPED: Final = str.maketrans(",.", ".,")
_ROMAN: Final = ("I", "II", "III", "IV")
_MONTHS: Final = {
    "id": (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


class Language(StrEnum):
    INDONESIAN = "id"
    ENGLISH = "en"

    @property
    def other(self) -> "Language":
        return Language.INDONESIAN if self is Language.ENGLISH else Language.ENGLISH

    def say(self, indonesian: str, english: str) -> str:
        return indonesian if self is Language.INDONESIAN else english

    def of(self, words: Bilingual) -> str:
        return self.say(words.id, words.en)

    def half(self, both: str) -> str:
        """The part of this language in a sentence that is written as ``Indonesian / English``."""
        indonesian, _, english = both.partition(" / ")
        return self.say(indonesian, english or indonesian)

    def day(self, day: date) -> str:
        """20 Januari 2024, 20 January 2024"""
        return f"{day.day} {_MONTHS[self][day.month - 1]} {day.year}"

    def moment(self, local: datetime) -> str:
        """20 Januari 2024 pukul 23.59 WIB, 20 January 2024, 23:59 WIB; ``local`` is Jakarta's time."""
        return self.day(local) + self.say(f" pukul {local:%H.%M} WIB", f", {local:%H:%M} WIB")

    def period(self, quarter: Quarter) -> str:
        """Triwulan IV 2023, Quarter 4 of 2023"""
        year, number = quarter.fiscal_year, quarter.number
        return self.say(f"Triwulan {_ROMAN[number - 1]} {year}", f"Quarter {number} of {year}")

    def figure(self, english: str) -> str:
        """A figure written as in English, 1,234.5, as this language writes it: 1.234,5"""
        return self.say(english.translate(_SWAPPED), english)
