"""Files that somebody sent: what is no form of ours is refused in a sentence, and nothing else happens."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from types import MappingProxyType
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.domain.workbook.filling import filled
from services.intake.domain.workbook.kinds import Odd, Oddity, Place
from services.intake.sheets.reading import FILE_BYTES_MAX, NotAWorkbook, NotReadable, sheets_of
from services.intake.sheets.writing import written
from tests.intake.workbooks import LISTS, book_of, full_report, typed_into

FORM = written(book_of(filled(full_report(), LISTS, replaces=None)))
SHEET = "xl/worksheets/sheet4.xml"
WORKBOOK = "xl/workbook.xml"
MEMBERS = b"'Umum'!$B$13:$B$13"
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'

Part = Callable[[bytes], bytes]


NOTHING: Mapping[str, Any] = MappingProxyType({})


def repacked(changes: Mapping[str, Part] = NOTHING, added: Mapping[str, bytes] = NOTHING) -> bytes:
    made = BytesIO()
    with ZipFile(BytesIO(FORM)) as source, ZipFile(made, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            change = changes.get(name)
            part = source.read(name)
            target.writestr(name, change(part) if change else part)
        for name, part in added.items():
            target.writestr(name, part)
    return made.getvalue()


def replacing(old: bytes, new: bytes) -> Part:
    def change(part: bytes) -> bytes:
        assert old in part
        return part.replace(old, new, 1)

    return change


def with_name(text: bytes) -> bytes:
    name = b'<definedName name="_xlnm.Print_Area" localSheetId="0">' + text + b"</definedName>"
    return repacked({WORKBOOK: replacing(b"<definedNames>", b"<definedNames>" + name)})


def with_format(code: bytes) -> bytes:
    described = b'<numFmt numFmtId="999" formatCode="' + code + b'"/>'
    return repacked({"xl/styles.xml": lambda part: re.sub(rb"(<numFmts[^>]*>)", rb"\1" + described, part, count=1)})


def packed_by_lzma() -> bytes:
    made = BytesIO()
    with ZipFile(BytesIO(FORM)) as source, ZipFile(made, "w", ZIP_LZMA) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return made.getvalue()


def lying_about_its_size() -> bytes:
    """The directory says that each part is small; the parts are not."""
    file = bytearray(repacked({SHEET: lambda _: b"<" * 30_000_000}))
    at = file.rindex(b"PK\x01\x02", 0, file.rindex(SHEET.encode()))
    file[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(file)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "no workbook"),
        (b"{}", "no workbook"),
        (FORM[:-200], "no workbook"),
        (FORM[: len(FORM) // 2], "no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (repacked({WORKBOOK: lambda _: b"<workbook"}), "no workbook"),
        (repacked({WORKBOOK: lambda part: BOMB + part.partition(b"?>")[2]}), "no workbook"),
        (repacked({SHEET: lambda part: BOMB + part.partition(b"?>")[2]}), "no workbook"),
        (lying_about_its_size(), "no workbook"),
        (packed_by_lzma(), "no workbook"),
    ],
)
def test_what_is_no_workbook_is_refused_as_such(file: bytes, says: str) -> None:
    with pytest.raises(NotAWorkbook, match=says) as refused:
        sheets_of(file)
    assert refused.value.words.id != refused.value.words.en


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"P" * (FILE_BYTES_MAX + 1), "bytes"),
        (repacked(added={"zeros": b"\0" * 25_000_000}), "unpacked"),
        (repacked({SHEET: lambda part: part.replace(b"</sheetData>", b"<c/>" * 600_000 + b"</sheetData>")}), "cells"),
        (repacked(added={f"part{number}": b"" for number in range(200)}), "200 parts"),
        (repacked(added={"xl/vbaProject.bin": b"x"}), "macros"),
        (repacked({"[Content_Types].xml": replacing(b"sheet.main", b"macroEnabled.main")}), "macros"),
        (repacked(added={"xl/externalLinks/externalLink1.xml": b"<x/>"}), "links to other workbooks"),
        (repacked(added={"xl/embeddings/a.bin": b"x"}), "embedded objects"),
        (repacked(added={"xl/connections.xml": b"<x/>"}), "data connections"),
        (repacked({WORKBOOK: replacing(b"spm.team.members", b"spm.team.member")}), r"spm\.team\.members is missing"),
        (repacked({WORKBOOK: replacing(MEMBERS, b"#REF!$B$13:$B$13")}), "is missing"),
        (repacked({WORKBOOK: replacing(MEMBERS, b"'Umum'!$B$1:$B$99999")}), "is missing"),
        (typed_into(FORM, {("head.template", 0): 2}), "version 2, not 1"),
        (with_name(b"'" * 501), "names, formats and formulas"),
        (with_name(b"'" * 300 + b"<!-- -->" + b"&#39;" * 201), "names, formats and formulas"),
        (with_format(b"[" * 256), "names, formats and formulas"),
        (repacked({SHEET: lambda part: part.replace(b"</sheetData>", b"<f/>" * 10_001 + b"</sheetData>")}), "formulas"),
    ],
)  # fmt: skip
def test_a_workbook_that_is_not_the_form_or_holds_more_than_one_is_refused(file: bytes, says: str) -> None:
    with pytest.raises(NotReadable, match=says) as refused:
        sheets_of(file)
    assert not isinstance(refused.value, NotAWorkbook)


def test_a_print_area_and_a_format_of_an_ordinary_length_are_no_hindrance() -> None:
    assert sheets_of(with_name(b"'Umum'!$A$1:$H$80")).entries == sheets_of(with_format(b"0.00")).entries


def test_a_form_is_read_by_its_names_wherever_its_cells_have_moved() -> None:
    moved = repacked({WORKBOOK: replacing(MEMBERS, b"Umum!$D$40")})
    assert Place("team.members") not in sheets_of(moved).entries
    assert sheets_of(moved).address_of(Place("team.members")) == ("Umum", "D40")


def test_a_formula_counts_by_the_number_that_was_kept_beside_it() -> None:
    computed = replacing(b'<c r="E7"', b'<c r="E7"><f>1+1</f><v>20312</v></c><c r="E6"')
    assert sheets_of(repacked({SHEET: computed})).entries[Place("services.served")] == 20312


@pytest.mark.parametrize("formula", ["=1+1", "=HYPERLINK(1)"])
def test_a_formula_without_its_number_is_told_and_not_computed(formula: str) -> None:
    entries = sheets_of(typed_into(FORM, {("services.served", 0): formula})).entries
    assert entries[Place("services.served")] == Odd(Oddity.FORMULA, formula)


def test_a_number_that_is_shown_as_a_percentage_is_none() -> None:
    whole = typed_into(FORM, {("services.served", 0): 0.85})
    with ZipFile(BytesIO(whole)) as archive:
        styles = archive.read("xl/styles.xml")
    made = BytesIO()
    with ZipFile(BytesIO(whole)) as source, ZipFile(made, "w") as target:
        for name in source.namelist():
            part = styles.replace(b"#,##0&quot;", b"").replace(b'[$-421]#,##0"', b'0%"')
            target.writestr(name, part if name == "xl/styles.xml" else source.read(name))
    assert sheets_of(made.getvalue()).entries[Place("services.served")] == Odd(Oddity.PERCENT, "85.00%")


def test_an_error_of_the_spreadsheet_is_told() -> None:
    entries = sheets_of(typed_into(FORM, {("services.served", 0): "#REF!"})).entries
    assert entries[Place("services.served")] == Odd(Oddity.ERROR, "#REF!")


PARTS = (WORKBOOK, SHEET, "xl/styles.xml", "xl/sharedStrings.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels")


@given(st.sampled_from(PARTS), st.integers(0, 10**6), st.binary(max_size=12), st.integers(0, 40))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_a_damaged_part_is_refused_or_read_and_nothing_else(name: str, at: int, noise: bytes, cut: int) -> None:
    def damaged(part: bytes) -> bytes:
        place = at % len(part)
        return part[:place] + noise + part[place + cut :]

    with suppress(NotReadable):
        sheets_of(repacked({name: damaged}))
