"""Figures of peers as one text, read when a rule first asks."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json, to_json

from services.validation.domain.case import PeerFigures
from services.validation.domain.outliers import Spread


class KeptPeers(Mapping[str, PeerFigures]):
    """By service type."""

    __slots__ = ("_figures", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._figures: dict[str, PeerFigures] | None = None

    def __getitem__(self, service_type: str) -> PeerFigures:
        return self._read()[service_type]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, PeerFigures]:
        if self._figures is None:
            rows: dict[str, list[Any]] = from_json(self.text)
            self._figures = {name: PeerFigures(*map(_spread, row)) for name, row in rows.items()}
        return self._figures


def text_of(peers: Mapping[str, PeerFigures]) -> str:
    """An object with two lists for each service type, in the order of the fields."""
    return peers.text if isinstance(peers, KeptPeers) else to_json(peers).decode()


def _spread(row: list[Any] | None) -> Spread | None:
    return None if row is None else Spread._make(row)
