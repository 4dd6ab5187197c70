"""Which row is in force on a day.

Rows are added, never edited: a row holds from its first day until the day before the first day of the next row
of its series. Only a row that ends without a successor states its last day.
"""

from collections.abc import Iterable, Sequence
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
    every = tuple(rows)
    latest = _latest(every, on)
    if latest is None or not _lasts_to(latest, on):
        raise RegulationError(_gap(every, on))
    for row in every:
        if row is not latest and row.valid_from <= on and _collide(row, latest):
            raise RegulationError(_overlap(row, latest))
    return latest


def all_in_force(rows: Iterable[D], on: date) -> tuple[D, ...]:
    """The valid row of every series that holds on a day, in the order in which the series are first written.

    Raises:
        RegulationError: no series holds on that day, or one has more than one valid row.
    """
    every = tuple(rows)
    holding = tuple(in_force(series, on) for series in _by_series(every) if _holds(series, on))
    if not holding:
        raise RegulationError(_gap(every, on))
    return holding


def series_faults(rows: Iterable[Dated]) -> list[str]:
    """Every gap and every overlap between the rows of each series."""
    faults = []
    for series in _by_series(rows):
        for row, following in pairwise(sorted(series, key=lambda row: row.valid_from)):
            if _collide(row, following):
                faults.append(_overlap(row, following))
            elif not _lasts_to(row, following.valid_from - timedelta(days=1)):
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


def _latest(rows: Iterable[D], on: date) -> D | None:
    begun = (row for row in rows if row.valid_from <= on)
    return max(begun, key=lambda row: row.valid_from, default=None)


def _holds(series: Iterable[Dated], on: date) -> bool:
    latest = _latest(series, on)
    return latest is not None and _lasts_to(latest, on)


def _lasts_to(row: Dated, day: date) -> bool:
    return row.valid_until is None or day <= row.valid_until


def _collide(row: Dated, following: Dated) -> bool:
    """Whether a row that should have ended is still written as in force when the next one begins."""
    if row.valid_from == following.valid_from:
        return True
    return row.valid_until is not None and row.valid_until >= following.valid_from


def _gap(rows: Sequence[Dated], on: date) -> str:
    written = ", ".join(f"{row.row_id} to {row.valid_until or 'further notice'}" for row in rows)
    return f"No row is in force on {on}; written are: {written or 'none'}. Add the row that held on that day."


def _overlap(row: Dated, following: Dated) -> str:
    return (
        f"{row.row_id} and {following.row_id} are both in force on {following.valid_from}:"
        " one series has one row a day; mend 'from' or 'until' of one of them."
    )
