"""What a workbook is made of: kinds of cells, fields, tables."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from contracts.message import Bilingual


class Kind(StrEnum):
    KEY = "key"  # hidden: says whose row it is
    TEXT = "text"
    LONG_TEXT = "long_text"
    CODE = "code"
    PEOPLE = "people"
    RUPIAH = "rupiah"
    AMOUNT = "amount"
    DAY = "day"
    CHOICE = "choice"


class List(StrEnum):
    """What a cell offers for choice."""

    SERVICES = "services"
    STAGES = "stages"
    STATUSES = "statuses"
    UNITS = "units"
    YES_NO = "yes_no"


class Oddity(StrEnum):
    """What stands in a cell and is no entry."""

    FORMULA = "formula"
    PERCENT = "percent"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Odd:
    kind: Oddity
    shown: str


Raw = str | int | Decimal | date | bool | Odd
"""What stands in a cell; a blank cell has none."""


class Place(NamedTuple):
    """A cell by the name of its field and, in a table, by its row from 0, wherever it stands in a file."""

    field: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    path: tuple[str, ...]
    """Members below the report, in a table below the object of the row."""
    kind: Kind
    words: Bilingual
    help: Bilingual | None = None
    offers: List | None = None
    """With ``Kind.CHOICE`` one of the list; otherwise the list proposes."""
    last: bool = False
    """Whether the last quarter's entry is shown beside it."""
    counts: bool = True
    """Whether an entry here makes its row part of the report."""
    width: int = 18


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    sheet: str
    words: Bilingual
    hint: Bilingual
    fields: tuple[Field, ...]
    rows_min: int = 0
    rows_spare: int = 0
    rows_max: int = 0

    @property
    def key(self) -> Field | None:
        first = self.fields[0]
        return first if first.kind is Kind.KEY else None


def words(indonesian: str, english: str) -> Bilingual:
    return Bilingual(id=indonesian, en=english)
