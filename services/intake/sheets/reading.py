"""Reads a workbook that somebody sent. Nothing in it is trusted, nothing in it is run."""

import re
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from defusedxml.ElementTree import XMLParser  # type: ignore[import-untyped]  # it has no stubs
from openpyxl import Workbook, load_workbook
from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.utils.exceptions import CellCoordinatesException, InvalidFileException

from services.intake.domain.workbook.book import NAME_PREFIX, Area, letters_of
from services.intake.domain.workbook.fields import FIELDS, TEMPLATE_VERSION
from services.intake.domain.workbook.kinds import Odd, Oddity, Place, Raw, words
from services.intake.domain.workbook.layout import VERSION_NAME
from services.intake.domain.workbook.typed import number_of

FILE_BYTES_MAX: Final = 5 * 1024 * 1024
UNPACKED_BYTES_MAX: Final = 24 * 1024 * 1024
PARTS_MAX: Final = 200
TAGS_MAX: Final = 500_000
"""XML tags of all parts; a workbook of ours has some forty thousand."""
ELEMENTS_MAX: Final = {"definedName": (500, 500), "numFmt": (1_000, 255), "f": (10_000, 1_024)}
"""Of names, number formats and formulas: how many, and how many characters each. openpyxl takes them apart by patterns
whose time grows with the square of the length, and which hold up the whole process meanwhile."""
SHEETS_MAX: Final = 30
ROWS_MAX: Final = 8_000
COLUMNS_MAX: Final = 64

_REFERENCE: Final = re.compile(
    r"(?:'((?:[^']|''){1,93})'|([^'!$]{1,31}))!\$([A-Z]{1,2})\$([0-9]{1,5})(?::\$([A-Z]{1,2})\$([0-9]{1,5}))?"
)
_OLD_OR_LOCKED: Final = b"\xd0\xcf\x11\xe0"
_CONTENT_TYPES: Final = "[Content_Types].xml"
_MACROS: Final = ("makro", "macros")
_CONTROLS: Final = ("kontrol", "controls")
_CONNECTIONS: Final = ("sambungan data", "data connections")
_ACTIVE: Final = {
    "vbaproject": _MACROS,
    "macrosheets": _MACROS,
    "externallinks": ("tautan ke buku kerja lain", "links to other workbooks"),
    "embeddings": ("benda tertanam", "embedded objects"),
    "activex": _CONTROLS,
    "ctrlprops": _CONTROLS,
    "connections.xml": _CONNECTIONS,
    "querytables": _CONNECTIONS,
}
_ENCRYPTED: Final = 1
_BROKEN: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    CellCoordinatesException,
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TokenizerError,
    TypeError,
    ValueError,
    zlib.error,
)
"""What openpyxl and the standard library raise on files that are no workbooks or lie about themselves."""


class NotReadable(Exception):  # noqa: N818 - reads as what it says
    """The file is no workbook that can be read; the sentences say why and what to do."""

    def __init__(self, indonesian: str, english: str) -> None:
        super().__init__(english)
        self.words = words(indonesian, english)


class NotAWorkbook(NotReadable):
    """The file is of another kind altogether."""


@dataclass(frozen=True)
class Sheets:
    """The entries of a file, and where they stand in it."""

    entries: Mapping[Place, Raw]
    names: Mapping[str, Area]

    def address_of(self, place: Place) -> tuple[str, str]:
        """Sheet and cell."""
        area = self.names[place.field]
        return area.sheet, f"{letters_of(area.column)}{area.first_row + place.row}"


def sheets_of(file: bytes) -> Sheets:
    """Raises:
    NotReadable: it is not a workbook of ours, or holds more than a report needs.
    """
    try:
        _look_over(file)
        with warnings.catch_warnings():
            # openpyxl warns of what it leaves out: extensions, pictures, odd dates. None of it is an entry.
            warnings.simplefilter("ignore")
            return _entries(file)
    except _BROKEN:
        raise NotAWorkbook(
            "Berkas ini bukan buku kerja, atau rusak. Simpan sebagai .xlsx (Excel Workbook), lalu kirim berkas itu.",
            "The file is no workbook, or it is damaged. Save it as .xlsx (Excel Workbook) and send that file.",
        ) from None


def _look_over(file: bytes) -> None:
    """Raises:
    NotReadable: before anything of it is parsed.
    """
    if len(file) > FILE_BYTES_MAX:
        raise _too_much(f"{FILE_BYTES_MAX} byte", f"{FILE_BYTES_MAX} bytes")
    if file.startswith(_OLD_OR_LOCKED):
        raise _locked()
    with ZipFile(BytesIO(file)) as archive:
        parts = archive.infolist()
        if len(parts) > PARTS_MAX:
            raise _too_much(f"{PARTS_MAX} bagian", f"{PARTS_MAX} parts")
        if sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
            raise _too_much(f"{UNPACKED_BYTES_MAX} byte setelah dibuka", f"{UNPACKED_BYTES_MAX} bytes, unpacked")
        if any(part.flag_bits & _ENCRYPTED for part in parts):
            raise _locked()
        if any(part.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for part in parts):
            raise BadZipFile("packed in a way that workbooks are not; some ways take memory without bounds")
        for part in parts:
            _refuse_active(part.filename)
        _look_into(archive)
        if b"macroEnabled" in archive.read(_CONTENT_TYPES):
            raise _active("makro", "macros")


def _look_into(archive: ZipFile) -> None:
    tags = 0
    watch = _Watch()
    for part in archive.infolist():
        content = archive.read(part)
        tags += content.count(b"<")
        if tags > TAGS_MAX:
            raise _too_much("sel seperlunya laporan", "the cells that a report needs")
        parser = XMLParser(target=watch)
        try:
            parser.feed(content)
            parser.close()
        except ParseError:
            pass  # a picture, or damaged: openpyxl reads no further than this did


class _Watch:
    """A parser's target that keeps nothing and refuses what ``ELEMENTS_MAX`` does not allow."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._chars_left: int | None = None
        """Of the element that is being read, where it is one that has limits."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name not in ELEMENTS_MAX:
            self._chars_left = None
            return
        self._seen[name] += 1
        most, self._chars_left = ELEMENTS_MAX[name]
        if self._seen[name] > most or any(len(text) > self._chars_left for text in attributes.values()):
            raise _too_elaborate()

    def data(self, text: str) -> None:
        if self._chars_left is not None:
            self._chars_left -= len(text)
            if self._chars_left < 0:
                raise _too_elaborate()

    def end(self, _: str) -> None:
        self._chars_left = None


def _too_elaborate() -> NotReadable:
    return _too_much(
        "nama sel, format dan rumus seperlunya laporan", "the names, formats and formulas that a report needs"
    )


def _too_much(indonesian: str, english: str) -> NotReadable:
    return NotReadable(
        f"Berkas ini memuat lebih dari {indonesian}. Salin isiannya ke formulir baru, lalu kirim formulir itu.",
        f"The file holds more than {english}. Copy the figures into a new form and send that one.",
    )


def _locked() -> NotAWorkbook:
    return NotAWorkbook(
        "Berkas ini bersandi atau berjenis lama (.xls). Simpan tanpa sandi sebagai .xlsx, lalu kirim berkas itu.",
        "The file has a password or is of the old kind .xls. Save it without password as .xlsx and send that file.",
    )


def _active(indonesian: str, english: str) -> NotReadable:
    return NotReadable(
        f"Buku kerja ini memuat {indonesian}. Salin isiannya ke formulir baru, lalu kirim formulir itu.",
        f"The workbook carries {english}. Copy the figures into a new form and send that one.",
    )


def _refuse_active(name: str) -> None:
    low = name.lower()
    for sign, (indonesian, english) in _ACTIVE.items():
        if sign in low:
            raise _active(indonesian, english)


def _entries(file: bytes) -> Sheets:
    workbook = _load(file, values=False)
    names = _names(workbook)
    entries: dict[Place, Raw] = {}
    formulas: list[Place] = []
    for place, cell in _cells(workbook, names):
        if cell.data_type == "f":
            formulas.append(place)
            entries[place] = Odd(Oddity.FORMULA, _formula(cell.value))
        elif (raw := _raw(cell)) is not None:
            entries[place] = raw
    if formulas:
        entries |= _computed(file, names, frozenset(formulas))
    return Sheets(entries, names)


def _computed(file: bytes, names: Mapping[str, Area], formulas: frozenset[Place]) -> dict[Place, Raw]:
    """The numbers that a spreadsheet program computed and kept beside formulas; nothing is computed here."""
    cells = ((place, _raw(cell)) for place, cell in _cells(_load(file, values=True), names) if place in formulas)
    return {place: raw for place, raw in cells if raw is not None and not isinstance(raw, str | bool)}


def _load(file: bytes, *, values: bool) -> Workbook:
    workbook = load_workbook(BytesIO(file), read_only=True, data_only=values, keep_vba=False, keep_links=False)
    if len(workbook.worksheets) > SHEETS_MAX:
        raise _too_much(f"{SHEETS_MAX} lembar", f"{SHEETS_MAX} sheets")
    return workbook


def _names(workbook: Workbook) -> dict[str, Area]:
    """Where each field stands, by its name.

    Raises:
        NotReadable: a name is missing, or the form is of another version.
    """
    found: dict[str, Area] = {}
    titles = {sheet.title for sheet in workbook.worksheets}
    for name in (VERSION_NAME, *FIELDS):
        defined = workbook.defined_names.get(NAME_PREFIX + name)
        area = _area(defined.attr_text or "") if defined else None
        if area is None or area.sheet not in titles:
            raise NotReadable(
                f"Ini bukan formulirnya: nama sel {NAME_PREFIX}{name} tidak ada. Unduh formulir daerah dan periode "
                "Anda, lalu salin isiannya ke sana.",
                f"This is not the form: its cell name {NAME_PREFIX}{name} is missing. Download the form of your region "
                "and period, and copy the figures into it.",
            )
        found[name] = area
    version = next((cell.value for place, cell in _cells(workbook, {VERSION_NAME: found[VERSION_NAME]})), None)
    if version != TEMPLATE_VERSION:
        found_version = str(version)[:20]
        raise NotReadable(
            f"Formulir ini versi {found_version}, bukan {TEMPLATE_VERSION}. Unduh lagi dan salin isiannya.",
            f"The form is of version {found_version}, not {TEMPLATE_VERSION}. Download it again and copy the figures.",
        )
    return {name: found[name] for name in FIELDS}


def _area(reference: str) -> Area | None:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    title = match[1].replace("''", "'") if match[1] else match[2]
    column, first = _number_of(match[3]), int(match[4])
    last = int(match[6]) if match[6] else first
    inside = column <= COLUMNS_MAX and 1 <= first <= last <= ROWS_MAX and match[5] in {None, match[3]}
    return Area(title, column, first, last) if inside else None


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _cells(workbook: Workbook, names: Mapping[str, Area]) -> Iterator[tuple[Place, Any]]:
    """The cells of all fields, sheet by sheet, each sheet read once."""
    for title in sorted({area.sheet for area in names.values()}):
        here = [(name, area) for name, area in names.items() if area.sheet == title]
        last_row, last_column = max(area.last_row for _, area in here), max(area.column for _, area in here)
        for number, row in enumerate(workbook[title].iter_rows(1, last_row, 1, last_column), start=1):
            for name, area in here:
                if area.first_row <= number <= area.last_row and len(row) >= area.column:
                    yield Place(name, number - area.first_row), row[area.column - 1]


def _formula(value: Any) -> str:
    return str(getattr(value, "text", value))


def _raw(cell: Any) -> Raw | None:
    """What stands in the cell; None where it is blank."""
    value = cell.value
    if value is None or value == "":
        return None
    if cell.data_type == "e":
        return Odd(Oddity.ERROR, str(value))
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        number = value if isinstance(value, int) else number_of(value)
        return Odd(Oddity.PERCENT, f"{number * 100:f}%") if "%" in cell.number_format else number
    if isinstance(value, str):
        return value
    return value if hasattr(value, "year") else Odd(Oddity.ERROR, str(value))
