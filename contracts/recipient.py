"""Who is told of a region, and where: an office's mailbox, its inbox, or a system's webhook."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import COUNT_MAX, Frozen, Identifier, Instant, Message
from contracts.notice import NoticeKind

ADDRESS_CHARS_MAX = 500
MUTES_MAX = 64
"""Of mutes, and of subscriptions; those that ended count, for they say who was told of what."""
KEYS_MAX = 32
EVERY_REGION = "*"


class Role(StrEnum):
    """An office that notices are written to."""

    TEAM = "Tim Penerapan SPM"
    AGENCY = "Perangkat Daerah Pengampu"
    SECRETARY = "Sekretaris Daerah"
    HEAD = "Kepala Daerah"
    SYSTEM = "Sistem Informasi"


class Channel(StrEnum):
    EMAIL = "email"
    INBOX = "inbox"
    WEBHOOK = "webhook"


class Scheme(StrEnum):
    """How a webhook's deliveries are signed (Standard Webhooks)."""

    SYMMETRIC = "v1"
    ASYMMETRIC = "v1a"


class Span(Frozen):
    kind: NoticeKind
    since: Instant
    until: Instant | None = None


class Mute(Span):
    """For so long the recipient did not want this kind."""


class Subscription(Span):
    """For so long the recipient wanted this kind, which nobody gets unasked."""


class SigningKey(Frozen):
    """Which of an endpoint's keys signs from when until when; the key itself follows from the installation's secret."""

    number: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    since: Instant
    until: Instant | None = None


class RecipientChangedV1(Message):
    """Somebody is to be told from now on, in another way, or no longer. The topic keeps the latest per recipient.

    An address belongs to one recipient for good: a new address is a new recipient. Once the recipient has left, the
    address is null, and compaction takes the older records.
    """

    TYPE: ClassVar[str] = "id.go.spm.recipient-changed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:notify"

    recipient_id: Identifier
    revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    region_code: Annotated[
        str, Field(pattern=r"^(\*|[1-9][0-9](\.[0-9]{2})?)$", description="* is every region; webhooks alone.")
    ]
    role: Role
    sector: Annotated[str | None, Field(pattern=r"^[a-z]{2,16}$", description="What an agency answers for.")] = None
    channel: Channel
    address: Annotated[
        str | None, Field(max_length=ADDRESS_CHARS_MAX, pattern=r"^[!-~]+$", description="Mailbox or URL.")
    ]
    kinds: Annotated[tuple[NoticeKind, ...] | None, Field(description="What a webhook takes; null is everything.")] = (
        None
    )
    mutes: Annotated[tuple[Mute, ...], Field(max_length=MUTES_MAX)] = ()
    subscriptions: Annotated[tuple[Subscription, ...], Field(max_length=MUTES_MAX)] = ()
    scheme: Scheme | None = None
    keys: Annotated[tuple[SigningKey, ...], Field(max_length=KEYS_MAX)] = ()
    active_from: Instant
    active_until: Instant | None = None
    unreachable_since: Annotated[
        Instant | None, Field(description="A mailbox that does not exist, an endpoint that is gone.")
    ] = None
    changed_at: Instant
    changed_by: Annotated[Identifier, Field(description="The client that changed it; notify for what it found itself.")]

    def identity(self) -> str:
        return f"{self.recipient_id}/{self.revision}"

    @property
    def key(self) -> str:
        return self.recipient_id

    @property
    def occurred_at(self) -> datetime:
        return self.changed_at
