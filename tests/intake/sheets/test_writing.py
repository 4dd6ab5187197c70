from io import BytesIO

import pytest
from openpyxl import load_workbook
from openpyxl.workbook.workbook import Workbook

from services.intake.domain.workbook.filling import Filled
from services.intake.domain.workbook.kinds import Odd, Oddity, Place, Raw
from services.intake.sheets.writing import written
from tests.intake.workbooks import blank_book, book_of, full_report

LAST = full_report().model_copy(update={"period": "2023Q3"})


@pytest.fixture(scope="module")
def form() -> bytes:
    return written(blank_book(LAST))


@pytest.fixture(scope="module")
def opened(form: bytes) -> Workbook:
    return load_workbook(BytesIO(form))


def test_the_same_form_is_the_same_bytes(form: bytes) -> None:
    assert written(blank_book(LAST)) == form


def test_entries_are_open_and_everything_else_is_locked(opened: Workbook) -> None:
    sheet = opened["Capaian"]
    assert sheet.protection.sheet
    assert not sheet.protection.password
    assert not sheet["C7"].protection.locked
    assert all(sheet[cell].protection.locked for cell in ("A7", "B7", "D7", "C6"))


def test_the_last_quarter_stands_beside_each_figure(opened: Workbook) -> None:
    sheet, said = opened["Capaian"], LAST.services[0]
    assert [sheet[cell].value for cell in ("C6", "D6")] == [
        "Sasaran setahun\nAnnual target",
        "2023Q3\n(tidak diisi / not filled in)",
    ]
    assert [sheet[cell].value for cell in ("C7", "D7", "E7", "F7")] == [
        said.recipients.target,
        said.recipients.target,
        None,
        said.recipients.served,
    ]


def test_figures_are_shown_as_indonesia_writes_them(opened: Workbook) -> None:
    assert opened["Capaian"]["C7"].number_format == "[$-421]#,##0"
    assert opened["Umum"]["B12"].number_format == "[$-421]dd mmmm yyyy"


def test_choices_drop_down_from_the_hidden_sheet(opened: Workbook) -> None:
    assert opened["_spm"].sheet_state == "hidden"
    (status,) = (each for each in opened["Tahapan"].data_validations.dataValidation if each.type == "list")
    assert status.formula1 == "spm.list.statuses"
    assert opened.defined_names["spm.list.statuses"].attr_text == "'_spm'!$D$1:$D$3"


def test_text_is_never_written_as_anything_else() -> None:
    texts: dict[Raw, str] = {
        **{text: text for text in ("=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0", "#N/A", "\ttab", "12.450")},
        Odd(Oddity.FORMULA, "=HYPERLINK(1)"): "=HYPERLINK(1)",
        "a\x01b": "a\ufffdb",
    }
    form = Filled({Place("problems.problem", row): raw for row, raw in enumerate(texts)})
    sheet = load_workbook(BytesIO(written(book_of(form))))["Permasalahan"]
    cells = [sheet.cell(7 + row, 2) for row in range(len(texts))]
    assert [(cell.data_type, cell.value) for cell in cells] == [("s", text) for text in texts.values()]
    assert [cell.quotePrefix for cell in cells[:5]] == [True] * 5
