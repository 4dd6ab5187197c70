"""The figures of a report in force, as they are kept: one text, column by column.

A batch reads thousands of them and rules ask for a few, so a text is read when somebody first asks; and rules go
through columns, so that no object is made for each service type of each earlier quarter.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, Self

from pydantic_core import from_json, to_json

from contracts.submission import Submission


class Figures(NamedTuple):
    """What an accepted report says of one service type; None where it does not say."""

    target: int | None
    served: int | None
    allocated: int | None
    realised: int | None


class FigureColumns(NamedTuple):
    """The service types of a report in its order, and of each column one figure a service type."""

    names: list[str]
    targets: list[int | None]
    served: list[int | None]
    allocated: list[int | None]
    realised: list[int | None]


_NOTHING: Final = "[[],[],[],[],[]]"


class ReportedFigures(Mapping[str, Figures]):
    """By service type; empty where neither columns nor a text is given."""

    __slots__ = ("_columns", "_rows", "_text")

    def __init__(self, *, columns: FigureColumns | None = None, text: str | None = None) -> None:
        self._columns = columns
        self._text = text
        self._rows: dict[str, Figures] | None = None

    @classmethod
    def of(cls, submission: Submission) -> Self:
        services = submission.services
        return cls(
            columns=FigureColumns(
                names=[service.service_type for service in services],
                targets=[service.recipients.target for service in services],
                served=[service.recipients.served for service in services],
                allocated=[service.budget.allocated for service in services],
                realised=[service.budget.realised for service in services],
            )
        )

    @property
    def columns(self) -> FigureColumns:
        if self._columns is None:
            self._columns = FigureColumns._make(from_json(self._text or _NOTHING, cache_strings="none"))
        return self._columns

    @property
    def text(self) -> str:
        """The columns as one JSON list of lists."""
        if self._text is None:
            self._text = to_json(self.columns).decode()
        return self._text

    def __getitem__(self, service_type: str) -> Figures:
        if self._rows is None:
            names, *figures = self.columns
            self._rows = dict(zip(names, map(Figures, *figures), strict=True))
        return self._rows[service_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns.names)

    def __len__(self) -> int:
        return len(self.columns.names)
