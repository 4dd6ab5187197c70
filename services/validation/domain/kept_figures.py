"""Figures as one text: a batch reads thousands of them, and rules ask for a few."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic_core import from_json, to_json

from services.validation.domain.case import Figures, PeerFigures
from services.validation.domain.outliers import Spread

Row = TypeVar("Row", bound=tuple[Any, ...])


class KeptFigures(Mapping[str, Row]):
    """By service type; the text is read when a rule first asks."""

    __slots__ = ("_make", "_rows", "text")

    def __init__(self, text: str, make: Callable[[list[Any]], Row]) -> None:
        self.text = text
        self._make = make
        self._rows: dict[str, Row] | None = None

    def __getitem__(self, service_type: str) -> Row:
        return self._read()[service_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, Row]:
        if self._rows is None:
            self._rows = {name: self._make(row) for name, row in from_json(self.text).items()}
        return self._rows


def reported_figures(text: str) -> Mapping[str, Figures]:
    return KeptFigures(text, Figures._make)


def peer_figures(text: str) -> Mapping[str, PeerFigures]:
    return KeptFigures(text, _peer_figures)


def text_of(figures: Mapping[str, tuple[Any, ...]]) -> str:
    """An object with a list for each service type, in the order of the row's fields."""
    return figures.text if isinstance(figures, KeptFigures) else to_json(figures).decode()


def _peer_figures(row: list[Any]) -> PeerFigures:
    return PeerFigures(*(None if spread is None else Spread._make(spread) for spread in row))
