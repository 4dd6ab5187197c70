"""How a region's peers stood: figures that are fixed once, so that a verdict never asks how far others have come."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import (
    COUNT_MAX,
    Frozen,
    Identifier,
    Instant,
    Message,
    PeriodText,
    RegionCode,
    ServiceTypeId,
    leaf,
)


class RegionLevel(StrEnum):
    PROVINSI = "provinsi"
    KABUPATEN = "kabupaten"
    KOTA = "kota"


Statistic = Annotated[
    Decimal, Field(ge=0, max_digits=24, decimal_places=6, description="In the figure's own unit, to six places.")
]


@leaf
class PeerSpread:
    """One figure over the regions that gave it."""

    n: Annotated[int, Field(ge=1, le=COUNT_MAX, description="Regions that gave the figure.")]
    mean: Statistic
    sd: Annotated[Statistic, Field(description="Standard deviation of the population.")]
    median: Statistic
    mad: Annotated[Statistic, Field(description="Median of the distances from the median, not scaled.")]
    lowest: Statistic
    highest: Statistic


@leaf
class PeerService:
    """One service type over the regions of one level. Null where no region gave both sides of the figure."""

    service_type: ServiceTypeId
    attainment: Annotated[PeerSpread | None, Field(description="Served by target, 0 and up; 1 is everybody.")] = None
    budget_per_target: Annotated[PeerSpread | None, Field(description="Allocated rupiah by target.")] = None


class LevelFigures(Frozen):
    """How all service types stood in the regions of one level for one period."""

    level: RegionLevel
    period: PeriodText
    period_revision: Annotated[
        int, Field(ge=0, le=COUNT_MAX, description="The revision at which entry was closed; 0 while it never was.")
    ]
    regions: Annotated[int, Field(ge=1, le=COUNT_MAX, description="Regions of the level that must report.")]
    reported: Annotated[int, Field(ge=0, le=COUNT_MAX, description="Those whose report was in force.")]
    services: Annotated[tuple[PeerService, ...], Field(max_length=64)] = ()
    fixed_at: Instant
    fixed_by: Annotated[Identifier, Field(description="The client that asked for it.")]


class PeersFixedV1(Message):
    """The figures of a region's level for one period are fixed: a mark in the region's own stream.

    Reports of the region behind this mark are held against it, at every replay alike. The mark of a later revision of
    the period replaces it for what comes behind that one.
    """

    TYPE: ClassVar[str] = "id.go.spm.peers-fixed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:validation"

    region_code: RegionCode
    figures: LevelFigures

    def identity(self) -> str:
        return f"{self.region_code}/{self.figures.period}/{self.figures.period_revision}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.figures.fixed_at
