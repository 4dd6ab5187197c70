"""What officials are told, and how it ended."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import COUNT_MAX, Digest, Identifier, Instant, Message, PeriodText, RegionCode, ShortWords


class NoticeKind(StrEnum):
    SUBMISSION_RETURNED = "submission_returned"
    WARNINGS_TO_JUSTIFY = "warnings_to_justify"
    REPORT_DUE = "report_due"
    REPORT_OVERDUE = "report_overdue"
    REGIONS_OVERDUE = "regions_overdue"
    ACHIEVEMENT_DEFICIENCY = "achievement_deficiency"
    CORRECTION = "correction"
    AWARD_NOMINATED = "award_nominated"
    AWARD_NOT_NOMINATED = "award_not_nominated"
    AWARD_WON = "award_won"
    RECIPIENT_UNREACHABLE = "recipient_unreachable"
    NOTICE_UNREAD = "notice_unread"
    WEEKLY_DIGEST = "weekly_digest"


class NoticeState(StrEnum):
    """The first three are passing, the last three are ends."""

    CREATED = "created"
    SENDING = "sending"
    TEMPORARY_FAILURE = "temporary_failure"
    DELIVERED = "delivered"
    PERMANENT_FAILURE = "permanent_failure"
    GIVEN_UP = "given_up"


class NoticeSettledV1(Message):
    """A notice reached its end: accepted by the mail server, the inbox or the webhook, refused, or given up."""

    TYPE: ClassVar[str] = "id.go.spm.notice-settled.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:notify"

    notice_id: Identifier
    kind: NoticeKind
    region_code: RegionCode
    channel: Annotated[str, Field(pattern=r"^[a-z]{2,16}$", examples=["email"])]
    recipient_digest: Annotated[Digest, Field(description="Names the recipient; the address itself stays with notify.")]
    state: NoticeState
    attempts: Annotated[int, Field(ge=0, le=COUNT_MAX)]
    settled_at: Instant
    fact_id: Annotated[Identifier, Field(description="The event that the notice tells of.")]
    submission_id: Identifier | None = None
    templates: Annotated[Identifier | None, Field(description="The version of the words that were sent.")] = None
    payload_digest: Annotated[Digest | None, Field(description="Of the bytes that were sent at every attempt.")] = None

    def identity(self) -> str:
        return self.notice_id

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.settled_at

    @property
    def correlation_id(self) -> str:
        return self.submission_id or self.fact_id


class NoticeAcknowledgedV1(Message):
    """An office of the region says that it has taken note of a matter, whichever notice told it of it."""

    TYPE: ClassVar[str] = "id.go.spm.notice-acknowledged.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:notify"

    matter_id: Annotated[Identifier, Field(description="What all notices of one fact to one region share.")]
    kind: NoticeKind
    region_code: RegionCode
    office: Annotated[ShortWords, Field(description="The role that the office is registered in; no name of a person.")]
    acknowledged_at: Instant
    fact_id: Annotated[Identifier, Field(description="The event that the notices tell of.")]
    submission_id: Identifier | None = None

    def identity(self) -> str:
        return f"{self.matter_id}/{self.office}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.acknowledged_at

    @property
    def correlation_id(self) -> str:
        return self.submission_id or self.fact_id


class NoticeUnreadV1(Message):
    """Nobody of a region acknowledged in time what asks somebody to act: the next office is to be told."""

    TYPE: ClassVar[str] = "id.go.spm.notice-unread.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:notify"

    matter_id: Identifier
    step: Annotated[int, Field(ge=1, le=COUNT_MAX, description="Counts the offices that were turned to.")]
    office: Annotated[ShortWords, Field(description="The role of the office that is told now.")]
    kind: Annotated[NoticeKind, Field(description="What the matter is.")]
    region_code: RegionCode
    fiscal_year: Annotated[int, Field(ge=2000, le=2199)]
    period: PeriodText | None = None
    notice_id: Annotated[Identifier, Field(description="One of the notices of the matter.")]
    told_at: Annotated[Instant, Field(description="When the matter itself happened.")]
    unread_at: Annotated[Instant, Field(description="When the time to acknowledge it was over.")]
    fact_id: Identifier
    submission_id: Identifier | None = None

    def identity(self) -> str:
        return f"{self.matter_id}/{self.step}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.unread_at

    @property
    def correlation_id(self) -> str:
        return self.submission_id or self.fact_id
