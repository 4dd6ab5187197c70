"""Entries of a workbook as a report, or every fault that keeps them from being one."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import to_json

from contracts.message import Bilingual
from contracts.submission import Submission
from contracts.verdict import Finding, Severity
from services.intake.domain.workbook.fields import (
    FIELDS,
    GENERAL,
    HEAD,
    JUSTIFICATIONS,
    NIL_STATED,
    PROBLEMS,
    QUALITY,
    SERVICES,
    STAGES,
)
from services.intake.domain.workbook.filling import Filled
from services.intake.domain.workbook.kinds import Field, Place, Table, words
from services.intake.domain.workbook.lists import YES, Lists
from services.intake.domain.workbook.remedies import remedy_of
from services.intake.domain.workbook.typed import Mistyped, Value, shown, value_of

FAULTS_MAX: Final = 1_000
_MESSAGE_CHARS: Final = 2_000
_UNKNOWN: Final = "unknown.kab.unknown"
"""Stands in for a service type that cannot be read, so that the rest of its row is looked at, too."""
_BRANCHES: Final = {"constrained-int", "decimal"}
_ALWAYS: Final = ("submitted_by", "accountable_official")
_SERVICE: Final = SERVICES.fields[0].name
_SEVERITIES: Final = {Severity.ERROR: words("kesalahan", "error"), Severity.WARNING: words("peringatan", "warning")}
_NIL: Final = ("nil_return.author_role", "nil_return.reason")


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry that is no part of a report, with the sentences that say so to clerks."""

    place: Place
    code: str
    pointer: str
    message: Bilingual


@dataclass(frozen=True, slots=True)
class Reading:
    """The report, or else why there is none."""

    report: Submission | None
    faults: tuple[Fault, ...] = ()


def read(form: Filled, lists: Lists) -> Reading:
    reader = _Reader(form, lists)
    members = reader.members()
    report = None
    try:
        report = Submission.model_validate_json(to_json(members), extra="forbid")
    except ValidationError as error:
        reader.refuse(error)
    faults = reader.told()
    return Reading(None if faults else report, faults[:FAULTS_MAX])


def _order(place: Place) -> tuple[int, int, int]:
    """Sheet by sheet, row by row."""
    names = list(FIELDS)
    table = [each.partition(".")[0] for each in names]
    at = names.index(place.field)
    return table.index(table[at]), place.row, at


def fault_of(finding: Finding, form: Filled) -> Fault:
    """What a verdict found, at its cell; what is missing altogether is told at the row of its service type."""
    place = nearest(finding.pointer, form.places)
    if finding.service_type and finding.pointer in {"", "/services"}:
        rows = (at for at, raw in form.entries.items() if at.field == _SERVICE and raw == finding.service_type)
        place = next((Place("services.target", at.row) for at in rows), place)
    message = _told(
        f"{finding.summary.id} Ditemukan: {finding.found}. Diharapkan: {finding.expected}. {finding.remedy.id} "
        f"({_SEVERITIES[finding.severity].id}, {finding.code})",
        f"{finding.summary.en} Found: {finding.found}. Expected: {finding.expected}. {finding.remedy.en} "
        f"({_SEVERITIES[finding.severity].en}, {finding.code})",
    )
    return Fault(place, finding.code, finding.pointer, message)


class _Reader:
    def __init__(self, form: Filled, lists: Lists) -> None:
        self._form = form
        self._lists = lists
        self.faults: dict[Place, Fault] = {}
        self._places: dict[str, Place] = {}
        self._values = dict(self._typed())

    def _typed(self) -> Iterator[tuple[Place, Value]]:
        for place, raw in self._form.entries.items():
            what = FIELDS[place.field]
            offered = self._lists[what.offers] if what.offers else {}
            try:
                value = value_of(raw, what.kind, offered)
            except Mistyped as mistake:
                self._fault(place, mistake.code, mistake.remedy)
            else:
                if value != "":
                    yield place, value

    def members(self) -> dict[str, Any]:
        """The report as JSON would say it; what is faulty is left out."""
        found: dict[str, Any] = {name: {} for name in _ALWAYS}
        self._row((*HEAD, *GENERAL.fields), 0, found, "")
        self._nil(found)
        found["services"] = self._services()
        for table in (STAGES, PROBLEMS, JUSTIFICATIONS):
            rows: list[dict[str, Any]] = []
            for number in self._said(table):
                rows.append(self._row(table.fields, number, {}, f"/{table.name}/{len(rows)}"))
            found[table.name] = rows
        return found

    def _nil(self, found: dict[str, Any]) -> None:
        """A nil return is stated, not guessed from words in its cells."""
        if self._values.get(Place(NIL_STATED.name)) == YES:
            found.setdefault("nil_return", {})
        elif found.pop("nil_return", None) is not None:
            remedy = words(
                "Pilih Ya pada «Laporan nihil?», atau kosongkan.", "Choose Yes at «Nil return?», or clear it."
            )
            for name in _NIL:
                if Place(name) in self._values:
                    self._fault(Place(name), "nil-not-stated", remedy)

    def _services(self) -> list[dict[str, Any]]:
        """In the order of their rows; quality of a service type that has no row comes last."""
        found: list[dict[str, Any]] = []
        first: dict[str, int] = {}
        items = {number: self._service_of(number) for number in self._said(QUALITY)}
        for number in self._rows_of_services(frozenset(items.values())):
            made = self._row(SERVICES.fields, number, {}, f"/services/{len(found)}")
            first.setdefault(made.get("service_type", _UNKNOWN), len(found))
            found.append(made)
        for number, service_type in items.items():
            at = first.setdefault(service_type, len(found))
            if at == len(found):
                found.append({"service_type": service_type})
            quality = found[at].setdefault("quality", [])
            pointer = f"/services/{at}/quality/{len(quality)}"
            self._places[pointer] = Place(QUALITY.fields[0].name, number)
            quality.append(self._row(QUALITY.fields[1:], number, {}, pointer))
        return found

    def _rows_of_services(self, with_quality: AbstractSet[str]) -> list[int]:
        """Those with an entry of their own, and those whose quality is reported."""
        said = set(self._said(SERVICES))
        named = {
            place.row for place, value in self._values.items() if place.field == _SERVICE and value in with_quality
        }
        return sorted(said | named)

    def _service_of(self, number: int) -> str:
        place = Place(QUALITY.fields[0].name, number)
        if place not in self._values and place not in self.faults:
            self._fault(place, "missing", remedy_of("missing", {}, FIELDS[place.field]))
        return str(self._values.get(place, _UNKNOWN))

    def _said(self, table: Table) -> list[int]:
        """The rows in which something is entered, rightly or wrongly."""
        names = {each.name for each in table.fields if each.counts}
        return sorted({place.row for place in (*self._values, *self.faults) if place.field in names})

    def _row(self, fields: tuple[Field, ...], number: int, found: dict[str, Any], pointer: str) -> dict[str, Any]:
        for each in fields:
            if not each.path:
                continue
            place = Place(each.name, number)
            self._places[f"{pointer}/{'/'.join(each.path)}"] = place
            inner = found
            if place in self._values or place in self.faults:
                for name in each.path[:-1]:
                    inner = inner.setdefault(name, {})
            if place in self._values:
                inner[each.path[-1]] = self._values[place]
        return found

    def refuse(self, error: ValidationError) -> None:
        """What the report's own terms refuse. A cell has one fault: of an amount, the last thing tried is told."""
        mistyped = set(self.faults)
        for refusal in error.errors(include_url=False, include_input=False):
            steps = [step for step in refusal["loc"] if step not in _BRANCHES]
            place = nearest("".join(f"/{step}" for step in steps), self._places)
            if place not in mistyped:
                self._fault(
                    place, refusal["type"], remedy_of(refusal["type"], refusal.get("ctx", {}), FIELDS[place.field])
                )

    def _fault(self, place: Place, code: str, remedy: Bilingual) -> None:
        raw = self._form.entries.get(place)
        if raw is not None:
            found = shown(raw)
            remedy = _told(f"Ditemukan «{found}». {remedy.id}", f"Found «{found}». {remedy.en}")
        self.faults[place] = Fault(place, code, "", remedy)

    def told(self) -> tuple[Fault, ...]:
        pointers = {place: pointer for pointer, place in self._places.items()} | {Place(NIL_STATED.name): "/nil_return"}
        ordered = sorted(self.faults.values(), key=lambda fault: _order(fault.place))
        return tuple(replace(fault, pointer=pointers.get(fault.place, "")) for fault in ordered)


def _told(indonesian: str, english: str) -> Bilingual:
    return words(indonesian[:_MESSAGE_CHARS], english[:_MESSAGE_CHARS])


def nearest(pointer: str, places: Mapping[str, Place]) -> Place:
    """The cell of a member; where it has none, the first cell within it, else of what it is within."""
    while pointer:
        if pointer in places:
            return places[pointer]
        inside = next((place for known, place in places.items() if known.startswith(f"{pointer}/")), None)
        if inside:
            return inside
        pointer = pointer.rpartition("/")[0]
    return Place("head.region_code")
