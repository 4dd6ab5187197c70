"""A workbook as a value: what stands in which cell of which sheet and how it looks. Written to a file elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from services.intake.domain.workbook.kinds import Field, Kind, Raw

NAME_PREFIX: Final = "spm."
"""Begins each defined name: ``spm.services.served`` is the column of that field."""
LETTERS: Final = 26


class Look(StrEnum):
    TITLE = "title"
    HEADING = "heading"
    LABEL = "label"
    NOTE = "note"
    ENTRY = "entry"
    LAST = "last"
    MARKED = "marked"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Cell:
    value: Raw | None
    look: Look
    kind: Kind = Kind.TEXT
    note: str | None = None
    link: str | None = None
    """The cell of this workbook that a click leads to."""


@dataclass(frozen=True, slots=True)
class Area:
    """Cells of one column."""

    sheet: str
    column: int
    first_row: int
    last_row: int

    @property
    def address(self) -> str:
        letters = letters_of(self.column)
        return f"${letters}${self.first_row}:${letters}${self.last_row}"

    @property
    def reference(self) -> str:
        return f"'{self.sheet}'!{self.address}"


@dataclass
class Sheet:
    title: str
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    widths: dict[int, int] = field(default_factory=dict)
    offers: list[tuple[Area, Field]] = field(default_factory=list)
    """What may be entered where."""
    hidden: bool = False
    hidden_columns: set[int] = field(default_factory=set)
    frozen: tuple[int, int] | None = None
    """The first cell that scrolls."""


@dataclass(frozen=True)
class Book:
    title: str
    sheets: Sequence[Sheet]
    names: Mapping[str, Area]
    """By the name of the field or list."""


def letters_of(column: int) -> str:
    """1 is A, 27 is AA."""
    found = ""
    while column:
        column, letter = divmod(column - 1, LETTERS)
        found = chr(ord("A") + letter) + found
    return found
