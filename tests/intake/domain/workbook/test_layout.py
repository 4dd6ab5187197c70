from decimal import Decimal

from services.intake.domain.workbook.book import Cell, Look, letters_of
from services.intake.domain.workbook.filling import Filled, filled
from services.intake.domain.workbook.kinds import Place
from services.intake.domain.workbook.layout import FAULT_SHEET
from services.intake.domain.workbook.report import read
from tests.intake.workbooks import LISTS, TEN_MISTAKES, book_of, full_report


def _with_ten_mistakes() -> Filled:
    entries = dict(filled(full_report(), LISTS, replaces=None).entries)
    for (field, row), typed in TEN_MISTAKES.items():
        entries.pop(Place(field, row), None)
        if typed is not None:
            entries[Place(field, row)] = Decimal(str(typed)) if isinstance(typed, float) else typed
    return Filled(entries)


def test_ten_mistakes_are_ten_marked_cells_and_ten_lines_that_lead_to_them() -> None:
    form = _with_ten_mistakes()
    book = book_of(form, faults=read(form, LISTS).faults)
    listed, *others = book.sheets
    marked = {
        f"'{sheet.title}'!{letters_of(column)}{row}": cell
        for sheet in others
        for (row, column), cell in sheet.cells.items()
        if cell.look is Look.MARKED
    }
    assert len(marked) == len(TEN_MISTAKES)
    assert all(cell.note for cell in marked.values())
    assert listed.title == FAULT_SHEET
    assert {cell.link for cell in listed.cells.values() if cell.link} == set(marked)


def test_a_marked_cell_keeps_what_was_typed() -> None:
    form = _with_ten_mistakes()
    book = book_of(form, faults=read(form, LISTS).faults)
    kept = {cell.value for sheet in book.sheets for cell in sheet.cells.values() if cell.look is Look.MARKED}
    assert {"85%", "12.45", "=1/0", -5} <= kept


def test_a_form_without_faults_marks_nothing_and_has_no_list_of_them() -> None:
    book = book_of(filled(full_report(), LISTS, replaces=None))
    cells: list[Cell] = [cell for sheet in book.sheets for cell in sheet.cells.values()]
    assert not any(cell.look is Look.MARKED or (cell.note and cell.look is Look.ENTRY) for cell in cells)
    assert FAULT_SHEET not in {sheet.title for sheet in book.sheets}


def test_columns_are_named_as_spreadsheets_do() -> None:
    assert [letters_of(column) for column in (1, 26, 27, 52, 64)] == ["A", "Z", "AA", "AZ", "BL"]
