"""The reporting calendar as it is kept by the secretariat."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import COUNT_MAX, Identifier, Instant, Message, PeriodText, RegionCode, ShortWords, Words

DaysAfterDue = Annotated[int, Field(ge=1, le=366, description="1 for H+1, 7 for H+7.")]
DaysBeforeDue = Annotated[int, Field(ge=1, le=366, description="14 for H-14, 1 for H-1.")]


class PeriodState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class PeriodChangedV1(Message):
    """The secretariat opened, extended, closed or re-opened a period. The topic keeps the latest per period."""

    TYPE: ClassVar[str] = "id.go.spm.period-changed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:intake"

    period: PeriodText
    revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    state: PeriodState
    opens_at: Instant
    due_at: Instant
    changed_at: Instant
    changed_by: Annotated[Identifier, Field(description="The client that changed it.")]
    author_role: ShortWords
    reason: Words
    calendar_row: Annotated[
        str, Field(description="The row of the calendar that the dates were taken from or changed against.")
    ]

    def identity(self) -> str:
        return f"{self.period}/{self.revision}"

    @property
    def key(self) -> str:
        return self.period

    @property
    def occurred_at(self) -> datetime:
        return self.changed_at


class EntryClosedV1(Message):
    """Entry of a period is closed for one region: a mark in the region's own stream.

    It stands behind every report that was admitted before, so whoever reads the stream in order knows at this
    mark, and at every replay alike, whether the region has reported.
    """

    TYPE: ClassVar[str] = "id.go.spm.entry-closed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:intake"

    region_code: RegionCode
    period: PeriodText
    period_revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    due_at: Instant
    closed_at: Instant

    def identity(self) -> str:
        return f"{self.region_code}/{self.period}/{self.period_revision}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.closed_at


class DeadlinePassedV1(Message):
    """So many days have passed since a period's deadline while its entry is open: a mark in one region's own stream.

    It stands behind every report that arrived before that moment, as ``EntryClosedV1`` does for the close of entry.
    """

    TYPE: ClassVar[str] = "id.go.spm.deadline-passed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:intake"

    region_code: RegionCode
    period: PeriodText
    period_revision: Annotated[
        int, Field(ge=1, le=COUNT_MAX, description="The revision of the period that was in force at that moment.")
    ]
    due_at: Instant
    days_after_due: DaysAfterDue

    def identity(self) -> str:
        return f"{self.region_code}/{self.period}/{self.period_revision}/{self.days_after_due}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.due_at + timedelta(days=self.days_after_due)


class DeadlineNearsV1(Message):
    """So many days are left until a period's deadline while its entry is open: a mark in one region's own stream."""

    TYPE: ClassVar[str] = "id.go.spm.deadline-nears.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:intake"

    region_code: RegionCode
    period: PeriodText
    period_revision: Annotated[
        int, Field(ge=1, le=COUNT_MAX, description="The revision of the period that was in force at that moment.")
    ]
    due_at: Instant
    days_before_due: DaysBeforeDue

    def identity(self) -> str:
        return f"{self.region_code}/{self.period}/{self.period_revision}/-{self.days_before_due}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.due_at - timedelta(days=self.days_before_due)
