"""A notice: one matter, told to one recipient."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Final

from pydantic import Field

from contracts.message import deterministic_id
from contracts.notice import NoticeKind
from contracts.recipient import ADDRESS_CHARS_MAX, Channel, Role
from services.notify.domain.facts import Correction, Facts, Value

MailAddress = Annotated[
    str,
    Field(
        max_length=254,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
        r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$",
        description="ASCII without blanks, quotes or line ends, so that it is safe in any header.",
        examples=["sekda@kota-contoh.example"],
    ),
]
_ADDRESS: Final = Field(max_length=ADDRESS_CHARS_MAX, pattern=r"^[!-~]+$")


class Mailbox(Value):
    """An office's address as it stands in the file of the installation."""

    role: Role
    address: MailAddress


class Recipient(Value):
    """Who is told, as a notice freezes it."""

    role: Role
    channel: Channel = Channel.EMAIL
    address: Annotated[str, _ADDRESS] | None
    """None for an inbox, and once the recipient has left."""
    recipient_id: str | None = None
    """None for an address of the installation's file, which nobody registered."""

    @property
    def digest(self) -> str:
        """Names the recipient where the address itself must not be shown."""
        named = self.recipient_id or f"{self.role}\n{self.address}"
        return sha256(named.encode()).hexdigest()


def matter_id(kind: NoticeKind, fact_id: str, region_code: str) -> str:
    return deterministic_id("matter", kind, fact_id, region_code)


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be told of a region, before anybody is told."""

    region_code: str
    region_name: str
    fiscal_year: int
    period: str | None
    """None for what concerns no single quarter."""
    fact_id: str
    fact_at: datetime
    submission_id: str | None
    facts: Facts
    ready_at: datetime | None = None
    """A letter that gathers several facts goes no sooner; None for one that is whole."""

    @property
    def kind(self) -> NoticeKind:
        return self.facts.kind

    @property
    def subject_kind(self) -> NoticeKind:
        """The kind itself; of a correction that which it corrects, for it goes to whoever was told."""
        return self.facts.replaces if isinstance(self.facts, Correction) else self.kind

    @property
    def subject_at(self) -> datetime:
        """When those who are told were first told of it."""
        return self.facts.told_at if isinstance(self.facts, Correction) else self.fact_at

    @property
    def id(self) -> str:
        """What all notices of it share; one fact can concern many regions."""
        return matter_id(self.kind, self.fact_id, self.region_code)


@dataclass(frozen=True)
class Notice:
    matter: Matter
    recipient: Recipient
    traceparent: str | None = field(default=None, compare=False)
    """Of the record that brought the fact: the trace in which the notice is sent, which may be days later."""

    @cached_property
    def id(self) -> str:
        return self._id_of(self.matter.kind, self.matter.fact_id)

    @property
    def replaced_id(self) -> str | None:
        """The notice that this one corrects, as the same recipient was told it."""
        facts = self.matter.facts
        return self._id_of(facts.replaces, facts.replaced_fact) if isinstance(facts, Correction) else None

    @property
    def thread_id(self) -> str:
        """What all letters to one recipient, and so to one sector's agency, about one region and period share."""
        matter = self.matter
        about = matter.period or str(matter.fiscal_year)
        return deterministic_id("thread", matter.region_code, about, self.recipient.digest)

    def _id_of(self, kind: NoticeKind, fact_id: str) -> str:
        return deterministic_id("notice", kind, fact_id, self.recipient.digest, self.recipient.channel)
