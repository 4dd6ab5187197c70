"""Figures of a report in force as one text: a batch reads thousands of them, and rules ask for a few."""

from collections.abc import Iterator, Mapping

from pydantic_core import from_json, to_json

from services.validation.domain.case import Figures


class KeptFigures(Mapping[str, Figures]):
    """By service type; the text is read when a rule first asks."""

    __slots__ = ("_figures", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._figures: dict[str, Figures] | None = None

    def __getitem__(self, service_type: str) -> Figures:
        return self._read()[service_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, Figures]:
        if self._figures is None:
            self._figures = {name: Figures._make(row) for name, row in from_json(self.text).items()}
        return self._figures


def text_of(figures: Mapping[str, Figures]) -> str:
    """An object with a list for each service type, in the order of ``Figures``."""
    return figures.text if isinstance(figures, KeptFigures) else to_json(figures).decode()
