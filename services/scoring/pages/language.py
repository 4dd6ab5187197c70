"""Indonesian or English: words, figures, days and quarters as a reader writes them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol

from chassis.clock import JAKARTA
from contracts.language import Language
from contracts.message import Bilingual
from contracts.quarter import Quarter
from services.scoring.domain.rounding import share_pct, shown

DECIMALS: Final = 2
_ROMAN: Final = ("I", "II", "III", "IV")


class Named(Protocol):
    """A row of law with a name in both languages."""

    @property
    def name_id(self) -> str: ...
    @property
    def name_en(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Tongue:
    language: Language

    @property
    def other(self) -> "Tongue":
        return Tongue(self.language.other)

    def say(self, indonesian: str, english: str) -> str:
        return self.language.say(indonesian, english)

    def name(self, row: Named) -> str:
        return self.say(row.name_id, row.name_en)

    def both(self, text: Bilingual) -> str:
        return self.language.of(text)

    def half(self, both: str) -> str:
        """The reader's part of a sentence that is written as ``Indonesian / English``."""
        return self.language.half(both)

    def number(self, figure: Decimal, decimals: int = DECIMALS) -> str:
        """1.234,50 in Indonesian, 1,234.50 in English; rounded half up."""
        return self.language.figure(f"{shown(figure, decimals):,f}")

    def exact(self, figure: Decimal) -> str:
        """A figure of the law as it is written there, without closing zeros: 7,5"""
        return self.language.figure(f"{figure.normalize():,f}")

    def count(self, number: int) -> str:
        return self.language.figure(f"{number:,}")

    def share(self, part: int, whole: int) -> str:
        """``part`` of ``whole`` in percent, to one decimal."""
        return f"{self.number(share_pct(part, whole), 1)} %" if whole else self.say("tidak ada", "none")

    def day(self, instant: datetime) -> str:
        """20 Januari 2024 pukul 23.59 WIB, 20 January 2024, 23:59 WIB"""
        return self.language.moment(instant.astimezone(JAKARTA))

    def period(self, quarter: Quarter) -> str:
        """Triwulan IV 2023, Quarter 4 of 2023"""
        return self.language.period(quarter)

    def quarter(self, quarter: Quarter) -> str:
        """TW IV, Q4"""
        return self.say(f"TW {_ROMAN[quarter.number - 1]}", f"Q{quarter.number}")

    def kind(self, kind: str | None) -> str:
        """A kind of region; None is every kind."""
        return (
            self.say("Semua daerah", "All regions") if kind is None else self.say(kind.capitalize(), kind.capitalize())
        )
