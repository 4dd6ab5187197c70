"""What officials are told, and how it ended."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import COUNT_MAX, Digest, Identifier, Instant, Message, RegionCode


class NoticeKind(StrEnum):
    SUBMISSION_RETURNED = "submission_returned"
    WARNINGS_TO_JUSTIFY = "warnings_to_justify"
    REPORT_OVERDUE = "report_overdue"
    ACHIEVEMENT_DEFICIENCY = "achievement_deficiency"
    AWARD_NOMINATED = "award_nominated"
    AWARD_WON = "award_won"
    RECIPIENT_UNREACHABLE = "recipient_unreachable"


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
