"""What the ministry published of past awards: evidence for people and tests, closed to services.

The product knows no winner; it computes its own ranking from figures that anyone can check.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from regulation.errors import RegulationError
from regulation.reading import read_rows
from regulation.rows import Figure, Key, RegionCode, Row, Source


class PublishedResult(Row):
    table: ClassVar[str] = "published_results"

    edition_year: int
    category: Key
    rank: Annotated[int | None, Field(ge=1, description="None where no order was stated.")] = None
    standing: Literal["winner", "nominee"]
    region: RegionCode
    score_pct: Annotated[Figure | None, Field(le=Decimal(100))] = None
    unit: Literal["percent"] | None = None

    @property
    def key(self) -> str:
        return f"{self.edition_year}/{self.category}/{self.region}"

    @model_validator(mode="after")
    def _a_score_has_its_unit(self) -> Self:
        if (self.score_pct is None) != (self.unit is None):
            raise ValueError("'score_pct' and 'unit' belong together: write both or neither")
        return self


def load_published_results(folder: Path | None = None) -> tuple[PublishedResult, ...]:
    """Every published standing, in the order of editions.

    Raises:
        RegulationError: with every fault that was found.
    """
    rows, faults = read_rows([folder or Path(__file__).parent], (Source, PublishedResult))
    if faults:
        raise RegulationError(f"The published results were not loaded, {len(faults)} faults:", *faults)
    return rows.of(PublishedResult)
