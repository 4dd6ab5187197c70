"""The figures of a fiscal year as they stood at one moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pydantic import TypeAdapter

from services.scoring.domain.digests import digest_of
from services.scoring.domain.figures import QuarterFigures

_FIGURES: Final = TypeAdapter(tuple[QuarterFigures, ...])


@dataclass(frozen=True)
class Snapshot:
    figures: tuple[QuarterFigures, ...]
    """Of every region, by code and quarter: whatever the order in which reports came."""

    @classmethod
    def of(cls, figures: Iterable[QuarterFigures]) -> "Snapshot":
        return cls(tuple(sorted(figures, key=lambda quarter: (quarter.region_code, quarter.period))))

    @classmethod
    def read(cls, written: Any) -> "Snapshot":
        """From what ``written`` gives.

        Raises:
            ValidationError: it is no list of figures.
        """
        return cls(_FIGURES.validate_python(written, strict=False))

    @property
    def written(self) -> list[dict[str, Any]]:
        """As JSON values."""
        written: list[dict[str, Any]] = _FIGURES.dump_python(self.figures, mode="json")
        return written

    @property
    def submissions(self) -> tuple[str, ...]:
        return tuple(quarter.submission_id for quarter in self.figures)

    @cached_property
    def digest(self) -> str:
        return digest_of(self.written)
