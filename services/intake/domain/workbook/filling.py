"""A report as entries of a workbook, and what a new workbook takes over from the last quarter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from contracts.quarter import Quarter
from contracts.submission import QualityItem, Submission
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
from services.intake.domain.workbook.kinds import Field, Kind, List, Place, Raw, Table
from services.intake.domain.workbook.lists import NO, YES, Lists
from services.intake.domain.workbook.typed import number_of, text_of

Entries = Mapping[Place, Raw]

_CARRIED: Final = (
    *(each.name for each in GENERAL.fields if each.last),
    "services.unit",
    "quality.service_type",
    "quality.code",
    "quality.name",
    "quality.unit",
)
_ANNUAL: Final = ("services.target", "quality.required")
"""Good for the whole year, and for that year alone."""


@dataclass(frozen=True)
class Filled:
    """Entries, and of each member of the report where it stands."""

    entries: Entries
    places: Mapping[str, Place] = field(default_factory=dict)
    """By JSON pointer."""

    def rows_of(self, table: Table) -> int:
        """How many rows of the table have entries."""
        names = {each.name for each in table.fields}
        return max((place.row + 1 for place in self.entries if place.field in names), default=0)


def filled(report: Submission, lists: Lists, *, replaces: str | None) -> Filled:
    """``replaces``: what the workbook replaces when it comes back; None for what the report itself says."""
    writer = _Writer(lists)
    writer.row(HEAD, 0, report, "")
    if replaces is not None:
        writer.put("head.supersedes", 0, replaces, "/supersedes")
    writer.row(GENERAL.fields, 0, report, "")
    writer.put(NIL_STATED.name, 0, None if report.nil_return is None else YES, "/nil_return")
    writer.keyed(STAGES, report.stages, "/stages", tuple(lists[List.STAGES]))
    writer.keyed(SERVICES, report.services, "/services", tuple(lists[List.SERVICES]))
    writer.quality(report)
    for table, rows in ((PROBLEMS, report.problems), (JUSTIFICATIONS, report.justifications)):
        for number, row in enumerate(rows):
            writer.row(table.fields, number, row, f"/{table.name}/{number}")
    return Filled(writer.entries, writer.places)


def blank(region_code: str, period: Quarter, lists: Lists, last: Submission | None) -> Filled:
    """A workbook in which only that is filled in which last quarter's report says of this one, too."""
    writer = _Writer(lists)
    writer.put("head.region_code", 0, region_code, "/region_code")
    writer.put("head.period", 0, period.text, "/period")
    writer.put(NIL_STATED.name, 0, NO, "/nil_return")
    writer.keyed(STAGES, (), "/stages", tuple(lists[List.STAGES]))
    writer.keyed(SERVICES, (), "/services", tuple(lists[List.SERVICES]))
    if last is None:
        return Filled(writer.entries)
    annual = _ANNUAL if Quarter.parse(last.period) in period.earlier_this_year else ()
    before = hints(Filled(writer.entries), filled(last, lists, replaces=None))
    return Filled(writer.entries | {place: raw for place, raw in before.items() if place.field in {*_CARRIED, *annual}})


def hints(now: Filled, last: Filled) -> Entries:
    """The last quarter's entries at the rows that they have now; a row that is new to the workbook keeps its place."""
    found = {place: raw for place, raw in last.entries.items() if FIELDS[place.field] in GENERAL.fields}
    for table, columns in ((STAGES, 1), (SERVICES, 1), (QUALITY, 2)):
        keys = [each.name for each in table.fields[:columns]]
        rows = {_key(now, keys, row): row for row in range(now.rows_of(table))}
        for row in range(last.rows_of(table)):
            here = rows.get(_key(last, keys, row), row if table is QUALITY and not rows else None)
            if here is not None:
                names = (each.name for each in table.fields)
                found |= {
                    Place(name, here): last.entries[Place(name, row)]
                    for name in names
                    if Place(name, row) in last.entries
                }
    return found


def _key(form: Filled, names: Sequence[str], row: int) -> tuple[Raw | None, ...]:
    return tuple(form.entries.get(Place(name, row)) for name in names)


class _Writer:
    def __init__(self, lists: Lists) -> None:
        self.entries: dict[Place, Raw] = {}
        self.places: dict[str, Place] = {}
        self._lists = lists

    def put(self, name: str, row: int, value: Any, pointer: str) -> None:
        self.places[pointer] = Place(name, row)
        if value is not None:
            self.entries[Place(name, row)] = _entry(value, FIELDS[name], self._lists)

    def row(self, fields: Sequence[Field], number: int, said: Any, pointer: str) -> None:
        for each in fields:
            if each.path:
                self.put(each.name, number, _member(said, each.path), f"{pointer}/{'/'.join(each.path)}")

    def keyed(self, table: Table, rows: Sequence[Any], pointer: str, keys: Sequence[str]) -> None:
        """The rows of the report in its order, then those that it says nothing of."""
        key = table.fields[0]
        for number, row in enumerate(rows):
            self.row(table.fields, number, row, f"{pointer}/{number}")
        said = {_member(row, key.path) for row in rows}
        for number, code in enumerate((code for code in keys if code not in said), start=len(rows)):
            self.entries[Place(key.name, number)] = code
            if table is SERVICES and (unit := self._lists.units.get(code)):
                self.entries[Place("services.unit", number)] = unit

    def quality(self, report: Submission) -> None:
        for number, (pointer, service_type, item) in enumerate(_items(report)):
            self.row(QUALITY.fields[1:], number, item, pointer)
            self.put(QUALITY.fields[0].name, number, service_type, f"{pointer}/service_type")


def _items(report: Submission) -> Iterator[tuple[str, str, QualityItem]]:
    for at, service in enumerate(report.services):
        for number, item in enumerate(service.quality):
            yield f"/services/{at}/quality/{number}", service.service_type, item


def _member(said: Any, path: Sequence[str]) -> Any:
    for name in path:
        said = getattr(said, name, None)
    return said


def _entry(value: Any, what: Field, lists: Lists) -> Raw:
    """As it is written into the cell: a number where a spreadsheet keeps all its digits, otherwise text."""
    if what.kind is Kind.CHOICE and what.offers is not None:
        told = lists[what.offers].get(str(value))
        return told.id if told else str(value)
    if isinstance(value, Decimal):
        return value if str(number_of(float(value))) == str(value) else text_of(value)
    return str(value) if isinstance(value, str) else value
