"""Quarters of a fiscal year, in the forms that regional systems write them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Self

_FORMS = (
    re.compile(r"(?P<year>20[0-9]{2})Q(?P<quarter>[1-4])"),
    re.compile(r"(?P<year>20[0-9]{2})-(?:Q|TW)(?P<quarter>[1-4])"),
    re.compile(r"(?P<year>20[0-9]{2})-(?P<month>01|04|07|10)-01/P3M"),
)
_QUARTERS = 4
_TEXTS_KEPT = 256
_MONTHS_A_QUARTER = 3


@dataclass(frozen=True, order=True, slots=True)
class Quarter:
    """A reporting period. Indonesia's fiscal year is the calendar year."""

    fiscal_year: int
    number: int

    @classmethod
    @lru_cache(maxsize=_TEXTS_KEPT)
    def parse(cls, text: str) -> Self:
        """The quarter that ``2023Q4``, ``2023-Q4``, ``2023-TW4`` or ``2023-10-01/P3M`` names.

        Raises:
            ValueError: the text has none of these forms.
        """
        for form in _FORMS:
            if match := form.fullmatch(text):
                parts = match.groupdict()
                if "quarter" in parts:
                    return cls(int(parts["year"]), int(parts["quarter"]))
                return cls(int(parts["year"]), (int(parts["month"]) + 2) // _MONTHS_A_QUARTER)
        raise ValueError(f"{text[:40]!r} is no quarter; write it like 2023Q4, 2023-Q4 or 2023-TW4")

    @property
    def text(self) -> str:
        return f"{self.fiscal_year}Q{self.number}"

    @property
    def first_day(self) -> date:
        return date(self.fiscal_year, (self.number - 1) * _MONTHS_A_QUARTER + 1, 1)

    @property
    def last_day(self) -> date:
        return self.following.first_day - timedelta(days=1)

    @property
    def following(self) -> "Quarter":
        if self.number == _QUARTERS:
            return Quarter(self.fiscal_year + 1, 1)
        return Quarter(self.fiscal_year, self.number + 1)

    @property
    def preceding(self) -> "Quarter":
        if self.number == 1:
            return Quarter(self.fiscal_year - 1, _QUARTERS)
        return Quarter(self.fiscal_year, self.number - 1)

    @property
    def earlier_this_year(self) -> tuple["Quarter", ...]:
        """The quarters of the same fiscal year before this one, latest first."""
        return tuple(Quarter(self.fiscal_year, number) for number in range(self.number - 1, 0, -1))


def quarters_of(fiscal_year: int) -> tuple[Quarter, ...]:
    return tuple(Quarter(fiscal_year, number) for number in range(1, _QUARTERS + 1))
