"""A notice: one matter, told to one recipient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field

from contracts.message import deterministic_id
from contracts.notice import NoticeKind
from services.notify.domain.facts import Facts, Value

CHANNEL: Final = "email"


class Role(StrEnum):
    """An office that notices are written to."""

    TEAM = "Tim Penerapan SPM"
    SECRETARY = "Sekretaris Daerah"


READERS: Final[Mapping[NoticeKind, frozenset[Role]]] = MappingProxyType(
    {
        NoticeKind.SUBMISSION_RETURNED: frozenset({Role.TEAM}),
        NoticeKind.WARNINGS_TO_JUSTIFY: frozenset({Role.TEAM}),
        NoticeKind.REPORT_OVERDUE: frozenset({Role.TEAM, Role.SECRETARY}),
        NoticeKind.ACHIEVEMENT_DEFICIENCY: frozenset({Role.TEAM}),
        NoticeKind.AWARD_NOMINATED: frozenset({Role.TEAM, Role.SECRETARY}),
        NoticeKind.AWARD_WON: frozenset({Role.TEAM, Role.SECRETARY}),
    }
)
"""Our choice, no rule of law: daily work goes to the team, what concerns the whole region also to its secretary."""


class Recipient(Value):
    role: Role
    address: Annotated[
        str,
        Field(
            max_length=254,
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
            r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$",
            description="ASCII without blanks, quotes or line ends, so that it is safe in any header.",
        ),
    ]

    @property
    def digest(self) -> str:
        """Names the recipient where the address itself must not be shown."""
        return sha256(f"{self.role}\n{self.address}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be told of a region, before anybody is told."""

    region_code: str
    region_name: str
    fiscal_year: int
    period: str | None
    """None for an award, which judges the whole year."""
    fact_id: str
    fact_at: datetime
    submission_id: str | None
    facts: Facts

    @property
    def kind(self) -> NoticeKind:
        return self.facts.kind


@dataclass(frozen=True)
class Notice:
    matter: Matter
    recipient: Recipient

    @cached_property
    def id(self) -> str:
        return deterministic_id("notice", self.matter.kind, self.matter.fact_id, self.recipient.digest, CHANNEL)

    @property
    def thread_id(self) -> str:
        """What all letters to one recipient about one region and period share."""
        matter = self.matter
        about = matter.period or str(matter.fiscal_year)
        return deterministic_id("thread", matter.region_code, about, self.recipient.digest)


def addressed(matter: Matter, recipients: tuple[Recipient, ...]) -> list[Notice]:
    """The matter to each recipient whose office reads its kind."""
    return [Notice(matter, recipient) for recipient in recipients if recipient.role in READERS[matter.kind]]
