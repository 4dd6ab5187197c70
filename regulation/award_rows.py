"""The kinds of row that editions of the SPM Awards are written in; each belongs to one edition."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from regulation.rows import (
    Figure,
    IslandGroup,
    Key,
    Keys,
    Region,
    RegionCode,
    RegionCodes,
    RegionKinds,
    Row,
    RuleCodes,
    Words,
)


class Edition(Row):
    """The award of ``edition_year`` judges ``fiscal_year``, the year before."""

    table: ClassVar[str] = "award_editions"

    edition_year: int
    fiscal_year: int
    title: Words

    @property
    def key(self) -> str:
        return str(self.edition_year)

    @model_validator(mode="after")
    def _judges_a_year_that_is_over(self) -> Self:
        if self.fiscal_year >= self.edition_year:
            raise ValueError(f"edition {self.edition_year} cannot judge fiscal year {self.fiscal_year}")
        return self


class EditionRow(Row):
    edition_year: int
    id: Key

    @property
    def key(self) -> str:
        return f"{self.edition_year}/{self.id}"


class AwardCategory(EditionRow):
    """Who competes: regions of these kinds, of the whole nation where no narrower scope is written."""

    table: ClassVar[str] = "award_editions/categories"

    name_id: Words
    name_en: Words
    region_kinds: RegionKinds
    island_group: IslandGroup | None = Field(default=None, description="None for every island.")
    provinsi: RegionCode | None = Field(default=None, description="It and its kabupaten and kota; None for every one.")
    regions: RegionCodes = Field(default=(), description="These alone, where an instrument lists them; empty for all.")
    judged_on: Literal["own_reports", "guided_regions"] = "own_reports"
    """``guided_regions`` lets criteria look at the kabupaten and kota of a provinsi."""
    nominee_count: Annotated[int, Field(ge=1)]
    winner_count: Annotated[int, Field(ge=1)]
    unit: Literal["regions"]
    enabled: bool

    @model_validator(mode="after")
    def _winners_are_nominees(self) -> Self:
        if self.winner_count > self.nominee_count:
            raise ValueError(f"{self.winner_count} winners of {self.nominee_count} nominees cannot be")
        return self

    def admits(self, region: Region) -> bool:
        """Whether the region competes, eligible or not."""
        return (
            region.kind in self.region_kinds
            and self.island_group in {None, region.island_group}
            and self.provinsi in {None, region.code, region.parent}
            and (not self.regions or region.code in self.regions)
        )


class AwardCriterion(EditionRow):
    """One part of the award score; the definition says how our score from 0 to 100 is made."""

    table: ClassVar[str] = "award_editions/criteria"

    category: Key | None = Field(
        default=None, description="The one category that it is for; None for every one without criteria of its own."
    )
    name_id: Words
    name_en: Words
    weight_pct: Figure
    unit: Literal["percent of the award score"]
    definition_id: Words
    definition_en: Words

    @property
    def key(self) -> str:
        return "/".join(part for part in (str(self.edition_year), self.category, self.id) if part)


class ReportingPoint(EditionRow):
    """What one quarter's report is worth in the criterion ``reporting``."""

    table: ClassVar[str] = "award_editions/reporting_points"

    id: Literal["on_time", "late", "missing"]
    points: Annotated[Figure, Field(le=Decimal(100))]
    unit: Literal["points"]


class EligibilityRule(EditionRow):
    table: ClassVar[str] = "award_editions/eligibility"

    id: Literal["autonomous_region", "all_quarters_accepted", "no_open_integrity_finding"]
    name_id: Words
    name_en: Words
    findings: RuleCodes = Field(
        default=(), description="Rules whose warning, left without a reason in the last quarter, is an open finding."
    )


class TieBreak(EditionRow):
    """What decides between equal scores; the lowest ``place`` speaks first."""

    table: ClassVar[str] = "award_editions/tie_breaks"

    id: Literal["ip_spm", "average_arrival", "completeness", "region_code"]
    place: Annotated[int, Field(ge=1)]
    better: Literal["higher", "earlier", "lower"]
    name_id: Words
    name_en: Words


class Panel(EditionRow):
    """Whether people score the nominees, and how much of the final score theirs is. An edition has one row.

    A panel without seats does not sit: then the award score alone decides.
    """

    table: ClassVar[str] = "award_editions/panels"

    id: Literal["panel"]
    seats: Annotated[Keys, Field(description="Each scores every nominee; the panel's score is their mean.")]
    weight_pct: Annotated[Figure, Field(le=Decimal(100))]
    unit: Literal["percent of the final score"]

    @model_validator(mode="after")
    def _weighs_as_much_as_it_sits(self) -> Self:
        if len(set(self.seats)) < len(self.seats):
            raise ValueError(f"{self.seats} should name each seat once")
        if bool(self.seats) != bool(self.weight_pct):
            raise ValueError(f"{len(self.seats)} seats cannot weigh {self.weight_pct} percent; write both or neither")
        return self


EDITION_ROWS: tuple[type[EditionRow], ...] = (
    AwardCategory,
    AwardCriterion,
    ReportingPoint,
    EligibilityRule,
    TieBreak,
    Panel,
)
