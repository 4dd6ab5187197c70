"""What operators order and settle: facts, so that every replica knows them and none forgets them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import Identifier, Instant, Message, ShortWords

OFFSET_MAX = 2**63 - 1

ServiceName = Annotated[str, Field(pattern=r"^[a-z]{1,32}$", examples=["validation"])]
TopicName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,200}$", examples=["spm-submission-received-v1"])]
Offset = Annotated[int, Field(ge=0, le=OFFSET_MAX)]


class Settlement(StrEnum):
    REPLAYED = "replayed"
    DISCARDED = "discarded"


class DeadLetterSettledV1(Message):
    """An operator has settled a record that a service put aside. The topic keeps the latest per record and service."""

    TYPE: ClassVar[str] = "id.go.spm.dead-letter-settled.v1"
    SOURCE: ClassVar[str] = "urn:spm:operators"

    service: Annotated[ServiceName, Field(description="Which service had put it aside.")]
    topic: Annotated[TopicName, Field(description="Where the record stood, without the installation's prefix.")]
    partition: Annotated[int, Field(ge=0, le=100_000)]
    offset: Offset
    settlement: Settlement
    replay_offset: Annotated[
        Offset | None, Field(description="Where it stands again, in the same partition; null where discarded.")
    ] = None
    submission_id: Annotated[
        Identifier | None, Field(description="Of a record that brings a report: which; null for any other.")
    ] = None
    reason: ShortWords
    settled_by: Annotated[Identifier, Field(description="Who settled it, by office.")]
    settled_at: Instant

    def identity(self) -> str:
        return f"{self.key}/{self.settlement}/{self.settled_at.isoformat()}"

    @property
    def key(self) -> str:
        return f"{self.service}/{self.topic}/{self.partition}/{self.offset}"

    @property
    def occurred_at(self) -> datetime:
        return self.settled_at


class PauseChangedV1(Message):
    """An operator has let a service rest, or go on. The topic keeps the latest per service."""

    TYPE: ClassVar[str] = "id.go.spm.pause-changed.v1"
    SOURCE: ClassVar[str] = "urn:spm:operators"

    service: ServiceName
    paused: Annotated[bool, Field(description="Whether it reads no topic and sends no notice until told otherwise.")]
    reason: ShortWords
    changed_by: Annotated[Identifier, Field(description="Who ordered it, by office.")]
    changed_at: Instant

    def identity(self) -> str:
        return f"{self.service}/{self.changed_at.isoformat()}"

    @property
    def key(self) -> str:
        return self.service

    @property
    def occurred_at(self) -> datetime:
        return self.changed_at
