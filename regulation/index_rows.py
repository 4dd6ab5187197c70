"""The rows of the index: its weights, what the law's text leaves open, and the path of a year."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from regulation.rows import WHOLE, DatedRow, Figure, Key


class IndexWeights(DatedRow):
    table: ClassVar[str] = "index_weights"

    recipients_ratio: Figure
    quality_ratio: Figure
    unit: Literal["ratio"]

    @model_validator(mode="after")
    def _make_a_whole(self) -> Self:
        if self.recipients_ratio + self.quality_ratio != WHOLE:
            raise ValueError(f"weights {self.recipients_ratio} and {self.quality_ratio} should sum to {WHOLE}")
        return self


class IndexChoices(DatedRow):
    """What the law's text leaves open in the index, decided here and nowhere else."""

    table: ClassVar[str] = "index_choices"

    cap_pct: Figure
    unit: Literal["percent"]
    zero_target_rule: Literal["not_applicable"]
    zero_required_rule: Literal["not_applicable"]
    quality_aggregation: Literal["mean_of_items", "pooled_sum"]
    missing_quality: Literal["zero"]
    missing_service: Literal["zero"]
    service_aggregation: Literal["mean"]
    sector_aggregation: Literal["mean"]
    quarter_semantics: Literal["cumulative"]
    rounding: Literal["half_up"]
    display_decimals: int = Field(ge=0, le=6)
    category_on: Literal["rounded", "unrounded"]


class IndexMethod(DatedRow):
    table: ClassVar[str] = "index_choices/index_methods"

    sector: Key
    method: Key
    """Room for a sector's own; scoring refuses to start with one that it cannot compute."""

    @property
    def series(self) -> str:
        return self.sector


class IndexRollup(DatedRow):
    """How the indices of regions become the index of a wider area."""

    table: ClassVar[str] = "index_choices/rollups"

    area: Literal["province", "nation"]
    members: Literal["kabupaten_kota", "reporting_regions"]
    aggregation: Literal["mean"]
    missing_region: Literal["left_out"]

    @property
    def series(self) -> str:
        return self.area


class ExpectedPath(DatedRow):
    """Where the cumulative index of a year should stand at the end of a quarter."""

    table: ClassVar[str] = "index_choices/expected_path"

    quarter: int = Field(ge=1, le=4)
    expected_pct: Figure
    unit: Literal["percent"]

    @property
    def series(self) -> str:
        return f"Q{self.quarter}"
