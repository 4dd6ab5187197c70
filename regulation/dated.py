"""Which row is in force on a day.

Rows are added, never edited: a row holds from its first day until the day before the first day of the next row
of its series. Only a row that ends without a successor states its last day.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar

from regulation.errors import RegulationError


class Dated(Protocol):
    @property
    def valid_from(self) -> date: ...

    @property
    def valid_until(self) -> date | None: ...

    @property
    def row_id(self) -> str: ...

    @property
    def series(self) -> str:
        """What stays the same from row to row while the figures change."""
        ...


D = TypeVar("D", bound=Dated)


def in_force(rows: Iterable[D], on: date) -> D:
    """The one row of a series that is valid on a day.

    Raises:
        RegulationError: no row is valid on that day, or more than one.
    """
    ordered = sorted(rows, key=lambda row: row.valid_from)
    begun = [row for row in ordered if row.valid_from <= on]
    if not begun:
        first = f"the first, {ordered[0].row_id}, begins on {ordered[0].valid_from}" if ordered else "there is none"
        raise RegulationError(f"No row is in force on {on}: {first}. Add the row that held on that day.")
    latest = begun[-1]
    if others := [row for row in begun[:-1] if _reaches(row, latest)]:
        raise RegulationError(_overlap(others[0], latest))
    if latest.valid_until is not None and latest.valid_until < on:
        raise RegulationError(
            f"No row is in force on {on}: {latest.row_id} ended on {latest.valid_until}. Add the row that followed."
        )
    return latest


def all_in_force(rows: Iterable[D], on: date) -> tuple[D, ...]:
    """The valid row of every series that holds on a day, in the order in which the series are first written.

    Raises:
        RegulationError: no series holds on that day, or one has more than one valid row.
    """
    every = tuple(rows)
    holding = tuple(in_force(series, on) for series in _by_series(every) if _holds(series, on))
    if not holding:
        in_force(every, on)
    return holding


def series_faults(rows: Iterable[Dated]) -> list[str]:
    """Every gap and every overlap between the rows of each series."""
    faults = []
    for series in _by_series(rows):
        for row, following in pairwise(sorted(series, key=lambda row: row.valid_from)):
            if _reaches(row, following):
                faults.append(_overlap(row, following))
            elif row.valid_until is not None and row.valid_until < following.valid_from - timedelta(days=1):
                faults.append(
                    f"{row.row_id} ends on {row.valid_until} and {following.row_id} begins on"
                    f" {following.valid_from}: add the row that held between them, or mend a date."
                )
    return faults


def _by_series(rows: Iterable[D]) -> list[list[D]]:
    by_series: dict[str, list[D]] = {}
    for row in rows:
        by_series.setdefault(row.series, []).append(row)
    return list(by_series.values())


def _holds(series: list[D], on: date) -> bool:
    begun = [row for row in series if row.valid_from <= on]
    return any(row.valid_until is None or on <= row.valid_until for row in begun)


def _reaches(row: Dated, following: Dated) -> bool:
    if row.valid_from == following.valid_from:
        return True
    return row.valid_until is not None and row.valid_until >= following.valid_from


def _overlap(row: Dated, following: Dated) -> str:
    return (
        f"{row.row_id} and {following.row_id} are both in force on {following.valid_from}:"
        " one series has one row a day; mend 'from' or 'until' of one of them."
    )
