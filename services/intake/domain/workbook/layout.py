"""Lays a report out on sheets: the guide, the general part, the tables, the faults, and what clerks need not see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.message import Bilingual
from contracts.quarter import Quarter
from services.intake.domain.workbook.book import Area, Book, Cell, Look, Sheet, letters_of
from services.intake.domain.workbook.fields import FIELDS, GENERAL, HEAD, TABLES, TEMPLATE_VERSION
from services.intake.domain.workbook.filling import Entries, Filled
from services.intake.domain.workbook.guide import GUIDE, GUIDE_SHEET
from services.intake.domain.workbook.kinds import Field, Kind, List, Place, Table
from services.intake.domain.workbook.lists import Lists
from services.intake.domain.workbook.report import Fault
from services.intake.domain.workbook.typed import shown

FAULT_SHEET: Final = "Kesalahan"
HIDDEN_SHEET: Final = "_spm"
VERSION_NAME: Final = "head.template"
_TITLE_ROW: Final = 1
_HEADING_ROW: Final = 6
_FIRST_ROW: Final = 7
_KEYED: Final = {"stages.stage": List.STAGES, "services.service_type": List.SERVICES}
_FAULT_HEADINGS: Final = (
    ("Wilayah / Region", 22),
    ("Periode / Period", 12),
    ("Pesan / Message", 90),
    ("Sel / Cell", 18),
    ("Isian / Field", 40),
)


@dataclass(frozen=True)
class Form:
    """A workbook to be written."""

    region_name: str
    region_code: str
    period: Quarter
    lists: Lists
    filled: Filled
    last: Entries
    """The last quarter's entries, at the rows that they have here."""
    faults: Sequence[Fault] = ()


def laid_out(form: Form) -> Book:
    layout = _Layout(form)
    sheets = [layout.guide(), layout.general(), *(layout.table(table) for table in TABLES), layout.hidden()]
    if form.faults:
        sheets.insert(0, layout.faults())
    return Book(f"SPM {form.region_code} {form.period.text}", sheets, layout.names)


class _Layout:
    def __init__(self, form: Form) -> None:
        self._form = form
        self.names: dict[str, Area] = {}
        self._marks: dict[Place, list[Fault]] = {}
        for fault in form.faults:
            self._marks.setdefault(fault.place, []).append(fault)
        self._where = f"{form.region_name} ({form.region_code}) · {form.period.text}"

    def guide(self) -> Sheet:
        sheet = self._sheet(GUIDE_SHEET, "Petunjuk pengisian\nHow to fill this in", {1: 100})
        for row, told in enumerate(GUIDE, start=_HEADING_ROW):
            sheet.cells[row, 1] = Cell(_both(told), Look.LABEL)
        return sheet

    def general(self) -> Sheet:
        sheet = self._sheet(GENERAL.sheet, _both(GENERAL.words), {1: 44, 2: 50, 3: 40, 4: 60})
        for column, heading in enumerate(
            ("Isian\nField", "Isi di sini\nFill in here", self._last_heading(), "Keterangan\nNote"), 1
        ):
            sheet.cells[_HEADING_ROW, column] = Cell(heading, Look.HEADING)
        for row, what in enumerate(GENERAL.fields, start=_FIRST_ROW):
            area = self.names[what.name] = Area(sheet.title, 2, row, row)
            sheet.cells[row, 1] = Cell(_both(what.words), Look.LABEL)
            sheet.cells[row, 2] = self._entry(what, 0)
            sheet.offers.append((area, what))
            if what.last:
                sheet.cells[row, 3] = self._before(what, 0)
            if what.help:
                sheet.cells[row, 4] = Cell(_both(what.help), Look.NOTE)
        sheet.frozen = (_FIRST_ROW, 2)
        return sheet

    def table(self, table: Table) -> Sheet:
        sheet = self._sheet(table.sheet, f"{_both(table.words)}\n{_both(table.hint)}", {})
        rows = self._rows(table)
        column = 1
        for what in table.fields:
            self.names[what.name] = Area(sheet.title, column, _FIRST_ROW, _FIRST_ROW + rows - 1)
            if what.kind is Kind.KEY:
                self._key_column(sheet, what, column, rows)
                column += 2
                continue
            self._entry_column(sheet, what, column, rows)
            column += 1
            if what.last:
                self._last_column(sheet, what, column, rows)
                column += 1
        sheet.frozen = (_FIRST_ROW, 3 if table.key else 1)
        return sheet

    def hidden(self) -> Sheet:
        """The head of the report and the lists that cells offer."""
        sheet = Sheet(HIDDEN_SHEET, hidden=True)
        self.names[VERSION_NAME] = Area(sheet.title, 1, 1, 1)
        sheet.cells[1, 1] = Cell(TEMPLATE_VERSION, Look.LABEL)
        for row, what in enumerate(HEAD, start=2):
            self.names[what.name] = Area(sheet.title, 1, row, row)
            sheet.cells[row, 1] = Cell(self._form.filled.entries.get(Place(what.name)), Look.LABEL)
        for column, name in enumerate(List, start=2):
            offered = self._form.lists[name]
            self.names[f"list.{name}"] = Area(sheet.title, column, 1, max(1, len(offered)))
            for row, told in enumerate(offered.values(), start=1):
                sheet.cells[row, column] = Cell(told.id, Look.LABEL)
        return sheet

    def faults(self) -> Sheet:
        """Laid out last of all, when every cell has its place."""
        widths = {column: width for column, (_, width) in enumerate(_FAULT_HEADINGS, start=1)}
        sheet = self._sheet(FAULT_SHEET, "Yang harus diperbaiki\nWhat has to be mended", widths)
        for column, (heading, _) in enumerate(_FAULT_HEADINGS, start=1):
            sheet.cells[_HEADING_ROW, column] = Cell(heading, Look.HEADING)
        for row, fault in enumerate(self._form.faults, start=_FIRST_ROW):
            title, address = self._shown_at(fault.place)
            line = (self._form.region_name, self._form.period.text, _both(fault.message))
            for column, text in enumerate(line, start=1):
                sheet.cells[row, column] = Cell(text, Look.LABEL)
            sheet.cells[row, 4] = Cell(f"{title}!{address}", Look.LINK, link=f"'{title}'!{address}")
            sheet.cells[row, 5] = Cell(self._field(fault.place), Look.LABEL)
        sheet.frozen = (_FIRST_ROW, 1)
        return sheet

    def _sheet(self, title: str, heading: str, widths: Mapping[int, int]) -> Sheet:
        sheet = Sheet(title, widths=dict(widths))
        column = 2 if title in {table.sheet for table in TABLES if table.key} else 1
        marked = title == GENERAL.sheet and any(Place(what.name) in self._marks for what in HEAD)
        note = self._note(*(Place(what.name) for what in HEAD)) if marked else None
        title_id, _, rest = heading.partition("\n")
        sheet.cells[_TITLE_ROW, column] = Cell(title_id, Look.MARKED if marked else Look.TITLE, note=note)
        for row, line in enumerate((*rest.split("\n"), self._where), start=_TITLE_ROW + 1):
            sheet.cells[row, column] = Cell(line, Look.NOTE)
        return sheet

    def _rows(self, table: Table) -> int:
        """Those that are filled in and some more; at least one, so that its columns have a place."""
        filled = max(self._form.filled.rows_of(table), 1)
        if table.key:
            return filled
        return max(table.rows_min, min(filled + table.rows_spare, table.rows_max), filled)

    def _key_column(self, sheet: Sheet, what: Field, column: int, rows: int) -> None:
        """The code, hidden, and beside it the words that it stands for."""
        sheet.hidden_columns.add(column)
        sheet.widths[column + 1] = what.width
        sheet.cells[_HEADING_ROW, column + 1] = Cell(_both(what.words), Look.HEADING)
        for row in range(rows):
            place = Place(what.name, row)
            sheet.cells[_FIRST_ROW + row, column] = Cell(self._form.filled.entries.get(place), Look.NOTE)
            look = Look.MARKED if place in self._marks else Look.LABEL
            sheet.cells[_FIRST_ROW + row, column + 1] = Cell(self._label(place), look, note=self._note(place))

    def _entry_column(self, sheet: Sheet, what: Field, column: int, rows: int) -> None:
        note = _both(what.help) if what.help else None
        sheet.widths[column] = what.width
        sheet.cells[_HEADING_ROW, column] = Cell(_both(what.words), Look.HEADING, note=note)
        for row in range(rows):
            sheet.cells[_FIRST_ROW + row, column] = self._entry(what, row)
        sheet.offers.append((self.names[what.name], what))

    def _last_column(self, sheet: Sheet, what: Field, column: int, rows: int) -> None:
        sheet.widths[column] = what.width
        sheet.cells[_HEADING_ROW, column] = Cell(self._last_heading(), Look.HEADING)
        for row in range(rows):
            sheet.cells[_FIRST_ROW + row, column] = self._before(what, row)

    def _entry(self, what: Field, row: int) -> Cell:
        place = Place(what.name, row)
        look = Look.MARKED if place in self._marks else Look.ENTRY
        return Cell(self._form.filled.entries.get(place), look, what.kind, self._note(place))

    def _before(self, what: Field, row: int) -> Cell:
        return Cell(self._form.last.get(Place(what.name, row)), Look.LAST, what.kind)

    def _last_heading(self) -> str:
        return f"{self._form.period.preceding.text}\n(tidak diisi / not filled in)"

    def _note(self, *places: Place) -> str | None:
        return "\n\n".join(_both(fault.message) for place in places for fault in self._marks.get(place, ())) or None

    def _shown_at(self, place: Place) -> tuple[str, str]:
        """Sheet and cell that a clerk sees: hidden ones are told of beside or above."""
        if FIELDS[place.field] in HEAD:
            return GENERAL.sheet, "A1"
        area = self.names[place.field]
        column = area.column + (FIELDS[place.field].kind is Kind.KEY)
        return area.sheet, f"{letters_of(column)}{area.first_row + place.row}"

    def _label(self, key: Place) -> str | None:
        """The words of a row's key; what the lists do not have stands for itself."""
        code = self._form.filled.entries.get(key)
        offered = self._form.lists[_KEYED[FIELDS[key.field].name]]
        told = offered.get(str(code))
        return _both(told) if told else None if code is None else shown(code)

    def _field(self, place: Place) -> str:
        """Which entry it is, in words: of a table with its row's own."""
        table = next((table for table in TABLES if FIELDS[place.field] in table.fields), None)
        told = FIELDS[place.field].words
        if table is None or table.key is None:
            return _both(told)
        label = self._label(Place(table.key.name, place.row)) or ""
        return f"{label.partition(chr(10))[0]}: {told.id} / {told.en}"


def _both(told: Bilingual) -> str:
    """Indonesian first, English on the next line."""
    return f"{told.id}\n{told.en}"
