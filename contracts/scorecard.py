"""What scoring makes of an accepted report."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import COUNT_MAX, Identifier, Instant, Message, PeriodText, RegionCode, ServiceTypeId, computed

Percent = Annotated[
    Decimal, Field(ge=0, le=100, description="0 to 100, unrounded to 28 digits; round for display only.")
]


class ServiceState(StrEnum):
    SCORED = "scored"
    NOT_APPLICABLE = "not_applicable"
    MISSING = "missing"


@computed
class ServiceScore:
    service_type: ServiceTypeId
    state: ServiceState
    recipients_pct: Percent | None = None
    quality_pct: Percent | None = None
    index_pct: Annotated[Percent | None, Field(description="Null when not applicable; 0 when missing.")] = None


@computed
class SectorScore:
    sector: str
    index_pct: Annotated[Percent | None, Field(description="Null when no service of the sector applies.")] = None
    services: tuple[ServiceScore, ...]


class ScorecardUpdatedV1(Message):
    """A region's attainment of one quarter; a later revision replaces an earlier one."""

    TYPE: ClassVar[str] = "id.go.spm.scorecard-updated.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:scoring"

    submission_id: Identifier
    region_code: RegionCode
    period: PeriodText
    revision: Annotated[int, Field(ge=1, le=COUNT_MAX, description="The judged report's revision.")]
    index_pct: Percent
    band: str
    completeness_pct: Percent
    expected_pct: Annotated[Percent, Field(description="Where the year's path should stand at this quarter's end.")]
    sectors: tuple[SectorScore, ...]
    law_rows: Annotated[tuple[str, ...], Field(description="The rows of law that the figures rest on.")]
    on_time: bool
    arrived_at: Instant
    recorded_at: Instant
    imported: bool = False

    def identity(self) -> str:
        return self.submission_id

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.recorded_at

    @property
    def correlation_id(self) -> str:
        return self.submission_id
