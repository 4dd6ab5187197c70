"""A report as entries and back: what a workbook can say, it says without loss."""

from dataclasses import fields
from decimal import Decimal
from string import ascii_letters, ascii_lowercase, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.submission import (
    ActionPlan,
    Budget,
    ImplementationTeam,
    Justification,
    NilReturn,
    Official,
    QualityItem,
    Recipients,
    ServiceReport,
    Stage,
    StageReport,
    StageStatus,
    Submission,
)
from contracts.submission import Problem as Hindrance
from contracts.verdict import Finding, Severity
from services.intake.domain.workbook.fields import FIELDS, QUALITY, SERVICES
from services.intake.domain.workbook.filling import Filled, blank, filled, hints
from services.intake.domain.workbook.kinds import Place, Raw, words
from services.intake.domain.workbook.lists import Lists
from services.intake.domain.workbook.report import fault_of, nearest, read
from services.intake.sheets.reading import sheets_of
from services.intake.sheets.writing import written
from tests.intake.workbooks import KOTA, LAW, LISTS, Q4, TEN_MISTAKES, book_of, full_report

TYPES = [row.id for row in LISTS.catalogue]
# No controls, which a file cannot hold, and no blanks at the ends, which a report does not keep.
TEXT = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)
REASON = st.text(st.characters(exclude_categories=("C", "Z")), min_size=20, max_size=40)
PEOPLE = st.none() | st.integers(0, 10**9)
RUPIAH = st.none() | st.integers(0, 10**15)
DECIMALS = st.builds(
    lambda whole, part: Decimal(f"{whole}.{part}"), st.integers(0, 10**14 - 1), st.from_regex(r"\A[0-9]{1,4}\Z")
)
AMOUNT = st.none() | st.integers(0, 10**15) | DECIMALS
TOO_LARGE = Decimal(10**15) + Decimal("0.5")
DAYS = st.dates()
OFFICIALS = st.builds(Official, role=TEXT, unit=TEXT)
ITEMS = st.builds(
    QualityItem,
    code=st.text(ascii_letters + digits + "._-", min_size=1, max_size=32),
    name=TEXT,
    unit=TEXT,
    required=AMOUNT,
    fulfilled=AMOUNT,
)


def services(service_type: str) -> st.SearchStrategy[ServiceReport]:
    return st.builds(
        ServiceReport,
        service_type=st.just(service_type),
        recipients=st.builds(Recipients, target=PEOPLE, served=PEOPLE, unit=TEXT),
        quality=st.lists(ITEMS, max_size=3).map(tuple),
        budget=st.builds(Budget, allocated=RUPIAH, realised=RUPIAH),
        no_target_reason=st.none() | TEXT,
    ).filter(_says_something)


def _says_something(service: ServiceReport) -> bool:
    unit = Recipients(unit=service.recipients.unit)
    return service != ServiceReport(service_type=service.service_type, recipients=unit)


OF_TYPES = st.lists(st.sampled_from(TYPES), unique=True, max_size=4).flatmap(
    lambda chosen: st.tuples(*(services(service_type) for service_type in chosen))
)
EVIDENCE = st.none() | TEXT
STAGES = st.lists(st.sampled_from(Stage), unique=True, max_size=4).flatmap(
    lambda chosen: st.tuples(
        *(
            st.builds(StageReport, stage=st.just(one), status=st.sampled_from(StageStatus), evidence=EVIDENCE)
            for one in chosen
        )
    )
)
REPORTS = st.builds(
    Submission,
    region_code=st.just(KOTA),
    period=st.just(Q4.text),
    services=OF_TYPES,
    stages=STAGES,
    team=st.none() | st.builds(ImplementationTeam, decree_number=TEXT, decree_date=DAYS, members=st.integers(1, 1_000)),
    action_plan=st.none() | st.builds(ActionPlan, document_number=TEXT, adopted_on=DAYS),
    problems=st.lists(
        st.builds(Hindrance, service_type=st.none() | st.sampled_from(TYPES), problem=TEXT, solution=st.none() | TEXT),
        max_size=3,
    ).map(tuple),
    justifications=st.lists(
        st.builds(
            Justification,
            rule=st.text(ascii_lowercase, min_size=2, max_size=20),
            service_type=st.none() | st.sampled_from(TYPES),
            author_role=TEXT,
            reason=REASON,
        ),
        max_size=3,
    ).map(tuple),
    submitted_by=OFFICIALS,
    accountable_official=OFFICIALS,
    source_system=st.none() | TEXT,
    nil_return=st.none() | st.builds(NilReturn, author_role=TEXT, reason=REASON),
    supersedes=st.none() | st.uuids().map(str),
)


@given(REPORTS)
@settings(max_examples=40)
def test_a_report_comes_back_from_its_entries_with_the_same_digest(report: Submission) -> None:
    reading = read(Filled(filled(report, LISTS, replaces=None).entries), LISTS)
    assert not reading.faults
    assert reading.report is not None
    assert reading.report.content_digest == report.content_digest


@given(REPORTS)
@settings(max_examples=4)
def test_a_report_comes_back_from_its_file_with_the_same_digest(report: Submission) -> None:
    sheets = sheets_of(written(book_of(filled(report, LISTS, replaces=None))))
    reading = read(Filled(sheets.entries), LISTS)
    assert not reading.faults
    assert reading.report is not None
    assert reading.report.content_digest == report.content_digest


def test_a_full_report_comes_back_from_its_file() -> None:
    report = full_report()
    sheets = sheets_of(written(book_of(filled(report, LISTS, replaces=None))))
    assert read(Filled(sheets.entries), LISTS).report == report


def entries_of(report: Submission) -> Filled:
    return Filled(filled(report, LISTS, replaces=None).entries)


def with_entries(form: Filled, typed: dict[tuple[str, int], Raw | None]) -> Filled:
    entries = dict(form.entries)
    for (field, row), raw in typed.items():
        entries.pop(Place(field, row), None)
        if raw is not None:
            entries[Place(field, row)] = raw
    return Filled(entries)


def test_ten_mistakes_are_ten_faults_each_at_its_own_cell() -> None:
    form = with_entries(entries_of(full_report()), dict(TEN_MISTAKES) | {("quality.required", 1): Decimal("1.23456")})
    reading = read(form, LISTS)
    assert reading.report is None
    # The formula is one for the reader of files; as text it is no number all the same.
    assert {tuple(fault.place) for fault in reading.faults} == set(TEN_MISTAKES)
    assert len(reading.faults) == len(TEN_MISTAKES)
    assert all(fault.pointer.startswith("/") for fault in reading.faults)


@pytest.mark.parametrize(
    ("field", "raw", "code", "pointer", "told"),
    [
        ("services.served", -1, "greater_than_equal", "/services/0/recipients/served", "Isilah 0 atau lebih."),
        ("services.target", 10**10, "less_than_equal", "/services/0/recipients/target", "1.000.000.000"),
        ("services.unit", "x" * 201, "string_too_long", "/services/0/recipients/unit", "200"),
        ("team.members", 0, "greater_than_equal", "/team/members", "Isilah 1"),
        ("team.decree_number", None, "missing", "/team/decree_number", "wajib"),
        ("submitted_by.role", None, "missing", "/submitted_by/role", "wajib"),
        ("submitted_by.role", "  ", "string_too_short", "/submitted_by/role", "wajib"),
        ("quality.code", "KID 33", "string_pattern_mismatch", "/services/0/quality/0/code", "tanpa spasi"),
        ("quality.code", None, "missing", "/services/0/quality/0/code", "wajib"),
        ("quality.fulfilled", -1, "greater_than_equal", "/services/0/quality/0/fulfilled", "0 atau lebih"),
        ("quality.fulfilled", Decimal("0.12345"), "decimal_max_places", "/services/0/quality/0/fulfilled", "4 angka"),
        ("quality.fulfilled", TOO_LARGE, "decimal_whole_digits", "/services/0/quality/0/fulfilled", "terlalu besar"),
        ("quality.service_type", "Layanan lain", "not-offered", "/services/29/quality/0", "daftar"),
        ("quality.service_type", None, "missing", "/services/29/quality/0", "wajib"),
        ("head.region_code", "kota", "string_pattern_mismatch", "/region_code", "unduh formulir"),
        ("nil_return.reason", "Karena alasan yang panjang.", "nil-not-stated", "/nil_return/reason", "Laporan nihil"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_fault_that_says_how_to_mend_it(
    field: str, raw: Raw | None, code: str, pointer: str, told: str
) -> None:
    form = with_entries(entries_of(full_report()), {(field, 0): raw})
    (fault,) = read(form, LISTS).faults
    assert (fault.place, fault.code) == (Place(field), code)
    assert fault.pointer == pointer
    assert told in fault.message.id


def test_a_nil_return_that_is_stated_needs_its_reason() -> None:
    report = full_report().model_copy(update={"services": ()})
    form = with_entries(entries_of(report), {("nil_return.stated", 0): "Ya"})
    assert [tuple(fault.place) for fault in read(form, LISTS).faults] == [
        ("nil_return.author_role", 0),
        ("nil_return.reason", 0),
    ]


def test_an_untouched_form_reports_nothing_and_lacks_who_submits() -> None:
    reading = read(Filled(blank(KOTA, Q4, LISTS, None).entries), LISTS)
    assert {fault.place.field for fault in reading.faults} == {
        f"{who}.{what}" for who in ("submitted_by", "accountable_official") for what in ("role", "unit")
    }


def test_blank_is_not_reported_and_zero_is_zero() -> None:
    form = with_entries(entries_of(full_report()), {("services.served", 0): None, ("services.served", 1): "0"})
    report = read(form, LISTS).report
    assert report is not None
    assert [service.recipients.served for service in report.services[:2]] == [None, 0]


def test_quality_alone_makes_a_service_part_of_the_report_at_its_place() -> None:
    form = with_entries(
        Filled(filled(full_report().model_copy(update={"services": ()}), LISTS, replaces=None).entries),
        {
            ("services.served", 5): 1,
            ("quality.service_type", 7): LISTS.catalogue[3].name_id,
            ("quality.code", 7): "KID33",
            ("quality.name", 7): "Vaksin Td",
            ("quality.unit", 7): "ampul",
        },
    )
    report = read(form, LISTS).report
    assert report is not None
    assert [each.service_type for each in report.services] == [LISTS.catalogue[3].id, LISTS.catalogue[5].id]
    service = report.services[0]
    assert service.recipients.unit == LISTS.catalogue[3].unit
    assert service.quality[0].required is None


class TestLastQuarter:
    last = full_report().model_copy(update={"period": "2023Q3"})

    def test_a_new_form_takes_over_what_holds_for_the_year_and_no_figure_of_the_quarter(self) -> None:
        form = blank(KOTA, Q4, LISTS, self.last)
        said = {place.field for place in form.entries}
        assert {"services.target", "quality.required", "quality.name", "team.decree_number"} <= said
        assert not said & {"services.served", "services.realised", "quality.fulfilled", "stages.status"}
        assert form.entries[Place("services.target", 0)] == self.last.services[0].recipients.target

    def test_the_target_of_another_year_is_shown_and_not_taken_over(self) -> None:
        form = blank(KOTA, Q4, LISTS, self.last.model_copy(update={"period": "2022Q4"}))
        assert not {place.field for place in form.entries} & {"services.target", "quality.required"}

    def test_figures_stand_at_the_row_of_their_service_whatever_its_place_was(self) -> None:
        turned = self.last.model_copy(update={"services": self.last.services[::-1]})
        form = blank(KOTA, Q4, LISTS, turned)
        before = hints(form, filled(turned, LISTS, replaces=None))
        for row, service_type in enumerate(TYPES):
            served = next(one.recipients.served for one in turned.services if one.service_type == service_type)
            assert before.get(Place("services.served", row)) == served


def finding(pointer: str, service_type: str | None = None) -> Finding:
    told = words("Kata.", "Words.")
    return Finding(
        code="counts-reported",
        severity=Severity.ERROR,
        pointer=pointer,
        service_type=service_type,
        found="x" * 500,
        expected="y" * 500,
        summary=words("s" * 2_000, "s" * 2_000),
        remedy=told,
    )


@pytest.mark.parametrize(
    ("pointer", "service_type", "place"),
    [
        ("/services/2/recipients/served", None, ("services.served", 2)),
        ("/services/2/recipients", None, ("services.target", 2)),
        ("/services/2", None, ("services.service_type", 2)),
        ("/services/0/quality/3/fulfilled", None, ("quality.fulfilled", 3)),
        ("/services/2/no/such/member", None, ("services.service_type", 2)),
        ("/stages/1/status", None, ("stages.status", 1)),
        ("/team", None, ("team.decree_number", 0)),
        ("/services", "social.kab.disaster_protection", ("services.target", 28)),
        ("", None, ("head.region_code", 0)),
    ],
)
def test_what_a_verdict_found_is_told_at_its_cell(
    pointer: str, service_type: str | None, place: tuple[str, int]
) -> None:
    fault = fault_of(finding(pointer, service_type), filled(full_report(), LISTS, replaces="id"))
    assert tuple(fault.place) == place


def test_nearest_looks_within_before_it_looks_around() -> None:
    places = {"/a": Place("one"), "/b/c/d": Place("two")}
    assert nearest("/b", places) == Place("two")
    assert nearest("/a/x", places) == Place("one")


def test_every_member_of_a_report_has_its_field() -> None:
    """A member that is added to the report must find its place in the workbook."""
    members = {pointer.split("/")[1] for pointer in filled(full_report(), LISTS, replaces="id").places}
    assert set(Submission.model_fields) <= members | {"services", "stages", "problems", "justifications"}
    assert {field.path[-1] for field in (*SERVICES.fields, *QUALITY.fields)} >= {
        each.name for kind in (QualityItem, Recipients, Budget) for each in fields(kind)
    }
    assert len(FIELDS) == len({field.name for field in FIELDS.values()})


def test_a_province_reports_what_a_province_serves() -> None:
    region = LAW.regions["64"]
    form = blank(region.code, Q4, Lists(LAW.service_types(region, Q4.last_day)), None)
    assert form.rows_of(SERVICES) == 14
