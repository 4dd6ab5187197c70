"""Forms as clerks fill them in. All figures are synthetic."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

from contracts.quarter import Quarter
from contracts.submission import Submission, SubmissionReceivedV1
from regulation.loading import load_law
from services.intake.domain.workbook.book import NAME_PREFIX, Book
from services.intake.domain.workbook.filling import Filled, blank, filled, hints
from services.intake.domain.workbook.layout import Form, laid_out
from services.intake.domain.workbook.lists import Lists
from services.intake.domain.workbook.report import Fault

KOTA: Final = "64.71"
Q4: Final = Quarter.parse("2023Q4")
LAW: Final = load_law()
LISTS: Final = Lists(LAW.service_types(LAW.regions[KOTA], Q4.last_day))
TEN_MISTAKES: Final[Mapping[tuple[str, int], Any]] = {
    ("team.decree_date", 0): "31 Februari 2023",
    ("submitted_by.unit", 0): None,
    ("stages.status", 0): "hampir",
    ("services.served", 0): "85%",
    ("services.allocated", 0): "=1/0",
    ("services.served", 1): "dua ratus",
    ("services.served", 2): -5,
    ("services.target", 3): "12.45",
    ("quality.fulfilled", 0): "1,234.56",
    ("quality.required", 1): 1.23456,
}


def full_report() -> Submission:
    example = Path(__file__).parents[2] / "contracts/examples/submission-received-v1/full-report-of-a-kota.json"
    return SubmissionReceivedV1.model_validate_json(example.read_bytes()).submission.model_copy(
        update={"region_code": KOTA, "period": Q4.text}
    )


def book_of(form: Filled, last: Submission | None = None, faults: tuple[Fault, ...] = ()) -> Book:
    before = hints(form, filled(last, LISTS, replaces=None)) if last else {}
    return laid_out(Form("Kota Contoh", KOTA, Q4, LISTS, form, before, faults))


def blank_book(last: Submission | None = None) -> Book:
    return book_of(blank(KOTA, Q4, LISTS, last), last)


def typed_into(file: bytes, entries: Mapping[tuple[str, int], Any]) -> bytes:
    """The file after somebody typed into the cells of these fields and rows; ``=…`` is a formula without its value."""
    workbook = load_workbook(BytesIO(file))
    for (field, row), value in entries.items():
        title, _, area = str(workbook.defined_names[NAME_PREFIX + field].attr_text).rpartition("!")
        column, first, _, _ = range_boundaries(area.replace("$", ""))
        workbook[title.strip("'")].cell(int(first or 0) + row, int(column or 0)).value = value
    made = BytesIO()
    workbook.save(made)
    return made.getvalue()


def marked_cells(file: bytes) -> list[str]:
    """The cells with a red fill and a note, like ``Capaian!E12``, in the order of the sheets."""
    return [
        f"{sheet.title}!{cell.coordinate}"
        for sheet in load_workbook(BytesIO(file)).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.fill.start_color.rgb == "00FFC7CE" and cell.comment is not None
    ]
