"""Reads the TOML files of a folder into rows and collects every fault on the way."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from regulation.rows import Checked, Row, Source

PROVENANCE = "provenance"
"""The table whose keys every row of its file inherits; a row's own key wins."""

R = TypeVar("R", bound=Checked)


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows by their kind, in the order in which they are written."""

    by_kind: Mapping[type[Checked], tuple[Checked, ...]]

    def of(self, kind: type[R]) -> tuple[R, ...]:
        return cast("tuple[R, ...]", self.by_kind[kind])

    def every(self) -> Iterable[Checked]:
        return (row for rows in self.by_kind.values() for row in rows)


def read_rows(folders: Sequence[Path], kinds: Iterable[type[Checked]]) -> tuple[Rows, list[str]]:
    """The rows of these kinds that are well written, and the faults of those that are not.

    A file of an earlier folder stands in place of the file of its name in a later one.
    """
    faults: list[str] = []
    tables_by_name: dict[str, dict[str, type[Checked]]] = {}
    for kind in kinds:
        stem, _, table = kind.table.partition("/")
        name = f"{stem}/*.toml" if kind.in_folder else f"{stem}.toml"
        tables_by_name.setdefault(name, {})[table or stem] = kind
    by_kind: dict[type[Checked], tuple[Checked, ...]] = {}
    for name, tables in tables_by_name.items():
        for file, path in _files(folders, name, faults).items():
            document = _document(file, path, tables, faults)
            inherited = document.get(PROVENANCE, {})
            for table, kind in tables.items():
                written = document.get(table, [])
                found = _well_written(kind, written, inherited=inherited, where=f"{file}, [[{table}]]", faults=faults)
                by_kind[kind] = (*by_kind.get(kind, ()), *found)
    rows = Rows({kind: by_kind.get(kind, ()) for tables in tables_by_name.values() for kind in tables.values()})
    return rows, faults + _unknown_sources(rows) + _written_twice(rows)


def _files(folders: Sequence[Path], name: str, faults: list[str]) -> dict[str, Path]:
    """The files of a name like ``bands.toml`` or ``rules/*.toml``, in the order of their names."""
    found = {path.relative_to(folder).as_posix(): path for folder in reversed(folders) for path in folder.glob(name)}
    if not found:
        faults.append(f"{name} is missing from {folders[-1]}")
    return dict(sorted(found.items()))


def _document(file: str, path: Path, tables: Iterable[str], faults: list[str]) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{file} is no TOML: {error}")
        return {}
    expected = {PROVENANCE, *tables}
    faults += [f"{file} has no table [[{name}]]" for name in expected - {PROVENANCE} - document.keys()]
    faults += [
        f"{file} holds {name!r}, which nothing reads; expected {', '.join(sorted(expected))}"
        for name in document.keys() - expected
    ]
    return {name: value for name, value in document.items() if _has_its_shape(name, value, file, faults)}


def _has_its_shape(name: str, value: Any, file: str, faults: list[str]) -> bool:
    if name == PROVENANCE:
        sound, expected = isinstance(value, dict), f"a table [{name}]"
    else:
        sound = isinstance(value, list) and all(isinstance(row, dict) for row in value)
        expected = f"rows [[{name}]]"
    if not sound:
        faults.append(f"{file}: {name!r} is a {type(value).__name__}, expected {expected}")
    return sound


def _well_written(
    kind: type[Checked],
    written: list[dict[str, Any]],
    *,
    inherited: dict[str, Any],
    where: str,
    faults: list[str],
) -> Iterable[Checked]:
    for number, own in enumerate(written, start=1):
        try:
            yield kind.model_validate(inherited | own)
        except ValidationError as error:
            label = own.get("id") or own.get("code") or own.get("period") or own.get("from") or "without id"
            faults += [f"{where} row {number} ({label}): {_told(fault)}" for fault in error.errors()]


def _told(fault: ErrorDetails) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing":
        return f"{place!r} is missing; write it in the row or in [{PROVENANCE}]"
    if fault["type"] == "extra_forbidden":
        return f"{place!r} is not a key of this table; mend its name or remove it"
    said = fault["msg"].removeprefix("Value error, ")
    return f"{place!r} is {fault['input']!r}: {said}" if place else said


def _unknown_sources(rows: Rows) -> list[str]:
    known = {source.id for source in rows.of(Source)}
    return [
        f"{row.row_id}: source {row.source!r} is not registered in sources.toml; register it or mend the key"
        for row in rows.every()
        if isinstance(row, Row) and row.source not in known
    ]


def _written_twice(rows: Rows) -> list[str]:
    counted = Counter(row.row_id for row in rows.every())
    return [f"{row_id} is written {times} times; keep one row" for row_id, times in counted.items() if times > 1]
