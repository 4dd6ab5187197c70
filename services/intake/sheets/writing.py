"""Writes a workbook. The same workbook is the same bytes: no time and no name of a writer goes into the file."""

import re
from copy import copy
from datetime import datetime
from io import BytesIO
from typing import Final, Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as FileCell
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from services.intake.domain.workbook.book import NAME_PREFIX, Area, Book, Cell, Look, Sheet, letters_of
from services.intake.domain.workbook.kinds import Field, Kind, Odd

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - the file's own property, which has no zone
_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOTE_SIZE: Final = (360, 140)
_WHOLE_MAX: Final = {Kind.PEOPLE: 10**9, Kind.RUPIAH: 10**15}
_TEXT_MAX: Final = {Kind.TEXT: 200, Kind.LONG_TEXT: 2_000, Kind.CODE: 63}
_FORMATS: Final = {
    Kind.PEOPLE: "[$-421]#,##0",
    Kind.RUPIAH: "[$-421]#,##0",
    Kind.AMOUNT: "[$-421]#,##0.00##",
    Kind.DAY: "[$-421]dd mmmm yyyy",
}
"""421 is Indonesian (Indonesia): 1.234,56 and month names, whatever the machine's own language."""

_THIN: Final = Side(style="thin", color="BFBFBF")
_BOX: Final = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_RED: Final = Side(style="medium", color="C00000")
_RED_BOX: Final = Border(left=_RED, right=_RED, top=_RED, bottom=_RED)


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", start_color=colour, end_color=colour)


_FILLS: Final = {
    Look.HEADING: _fill("1F3864"),
    Look.ENTRY: _fill("FFF8DC"),
    Look.LAST: _fill("EDEDED"),
    Look.MARKED: _fill("FFC7CE"),
}
_FACE: Final = "Calibri"
_FONTS: Final = {
    Look.TITLE: Font(name=_FACE, size=14, bold=True),
    Look.HEADING: Font(name=_FACE, bold=True, color="FFFFFF"),
    Look.NOTE: Font(name=_FACE, color="595959"),
    Look.LAST: Font(name=_FACE, color="595959"),
    Look.LINK: Font(name=_FACE, color="0563C1", underline="single"),
}
_LINE_POINTS: Final = {Look.TITLE: 20}
_LINE_POINTS_OTHERWISE: Final = 15
_LINES_MAX: Final = 20
_WRAPPED: Final = frozenset(Look) - {Look.NOTE, Look.TITLE}
_BEGIN_FORMULAS: Final = frozenset("=+-@\t")
_OPEN: Final = frozenset({Look.ENTRY, Look.MARKED})


def written(book: Book) -> bytes:
    """The file of a workbook; takes a second of computing for a long one."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    workbook.properties.creator = "SPM Awards"
    workbook.properties.title = book.title
    workbook.properties.created = workbook.properties.modified = _EPOCH
    for sheet in book.sheets:
        _write(workbook.create_sheet(sheet.title), sheet)
    for name, area in sorted(book.names.items()):
        named = NAME_PREFIX + name
        workbook.defined_names[named] = DefinedName(named, attr_text=area.reference)
    loose = BytesIO()
    # Not ``save``: it would write the time of day into the properties.
    ExcelWriter(workbook, ZipFile(loose, "w", ZIP_DEFLATED)).save()
    return _without_times(loose)


def _without_times(loose: BytesIO) -> bytes:
    packed = BytesIO()
    with ZipFile(loose) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(ZipInfo(name, _ZIP_EPOCH), source.read(name), ZIP_DEFLATED)
    return packed.getvalue()


def _write(target: Worksheet, sheet: Sheet) -> None:
    dressed: dict[tuple[Look, Kind, bool], FileCell | MergedCell] = {}
    for (row, column), cell in sheet.cells.items():
        written_to = target.cell(row, column)
        _write_value(written_to, cell)
        alike = (cell.look, cell.kind, _like_a_formula(cell))
        if alike in dressed:
            # Looking up each part of a style takes most of the time of writing; cells that look alike share one.
            written_to._style = copy(dressed[alike]._style)  # type: ignore[union-attr]  # noqa: SLF001 - openpyxl's own way
        else:
            _dress(written_to, cell)
            dressed[alike] = written_to
    for row, height in _heights(sheet).items():
        target.row_dimensions[row].height = height
    for column, width in sheet.widths.items():
        target.column_dimensions[letters_of(column)].width = width
    for column in sheet.hidden_columns:
        target.column_dimensions[letters_of(column)].hidden = True
    for area, what in sheet.offers:
        target.add_data_validation(_validation(area, what))
    if sheet.frozen:
        row, column = sheet.frozen
        target.freeze_panes = f"{letters_of(column)}{row}"
    if sheet.hidden:
        target.sheet_state = "hidden"
    target.protection.sheet = True
    target.protection.formatColumns = target.protection.formatRows = False  # in this format: allowed
    target.page_setup.orientation = "landscape"
    target.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    target.page_setup.fitToHeight = 0
    target.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _heights(sheet: Sheet) -> dict[int, int]:
    """Points of each row with more than one line: programs do not measure rows that they did not write."""
    heights: dict[int, int] = {}
    for (row, column), cell in sheet.cells.items():
        if isinstance(cell.value, str):
            width = sheet.widths.get(column, _LINES_MAX) if cell.look in _WRAPPED else len(cell.value)
            lines = sum(1 + max(0, len(line) - 1) // max(1, width) for line in cell.value.split("\n"))
            height = min(lines, _LINES_MAX) * _LINE_POINTS.get(cell.look, _LINE_POINTS_OTHERWISE)
            heights[row] = max(height, heights.get(row, 0))
    return heights


def _write_value(target: FileCell | MergedCell, cell: Cell) -> None:
    raw = cell.value.shown if isinstance(cell.value, Odd) else cell.value
    if isinstance(raw, str):
        # Always text, also where it begins like a formula; the prefix keeps it so when somebody edits it.
        target.value = _UNWRITABLE.sub("\ufffd", raw)
        target.data_type = "s"
    else:
        target.value = raw
    if cell.link:
        target.hyperlink = Hyperlink(ref=target.coordinate, location=cell.link, display=str(raw))
    if cell.note:
        target.comment = Comment(cell.note, "SPM Awards", height=_NOTE_SIZE[1], width=_NOTE_SIZE[0])


def _like_a_formula(cell: Cell) -> bool:
    raw = cell.value.shown if isinstance(cell.value, Odd) else cell.value
    return isinstance(raw, str) and raw[:1] in _BEGIN_FORMULAS


def _dress(target: FileCell | MergedCell, cell: Cell) -> None:
    if cell.look in _FILLS:
        target.fill = _FILLS[cell.look]
    if cell.look in _FONTS:
        target.font = _FONTS[cell.look]
    target.alignment = Alignment(wrap_text=cell.look in _WRAPPED, vertical="top")
    if cell.look is Look.MARKED:
        target.border = _RED_BOX
    elif cell.look in {Look.ENTRY, Look.LAST, Look.HEADING}:
        target.border = _BOX
    if cell.look in _OPEN:
        target.protection = Protection(locked=False)
    if cell.kind in _FORMATS:
        target.number_format = _FORMATS[cell.kind]
    target.quotePrefix = _like_a_formula(cell)


def _validation(area: Area, what: Field) -> DataValidation:
    """Says at the desk what the door would refuse later."""
    checked = _terms(what)
    checked.add(area.address.replace("$", ""))
    checked.showInputMessage = checked.showErrorMessage = True
    if what.help:
        checked.promptTitle, checked.prompt = what.words.id[:32], f"{what.help.id}\n{what.help.en}"[:255]
    return checked


def _terms(what: Field) -> DataValidation:
    if what.offers:
        offered = f"{NAME_PREFIX}list.{what.offers}"
        style: Literal["stop", "information"] = "stop" if what.kind is Kind.CHOICE else "information"
        return DataValidation(type="list", formula1=offered, allow_blank=True, errorStyle=style)
    if what.kind in _WHOLE_MAX:
        return _refusing("whole", 0, _WHOLE_MAX[what.kind], "Isilah bilangan bulat ≥ 0 / Enter a whole number ≥ 0")
    if what.kind is Kind.AMOUNT:
        return _refusing("decimal", 0, 10**15, "Isilah angka ≥ 0 / Enter a number ≥ 0")
    if what.kind is Kind.DAY:
        return _refusing("date", 36526, 73050, "Isilah tanggal, misalnya 16-01-2023 / Enter a day, like 16-01-2023")
    return _refusing("textLength", 0, _TEXT_MAX[what.kind], f"Paling banyak {_TEXT_MAX[what.kind]} huruf / characters")


def _refusing(
    kind: Literal["whole", "decimal", "date", "textLength"], least: int, most: int, text: str
) -> DataValidation:
    return DataValidation(
        type=kind,
        operator="between",
        formula1=str(least),
        formula2=str(most),
        allow_blank=True,
        errorTitle="SPM",
        error=text,
    )
