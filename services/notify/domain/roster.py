"""What is asked of a recipient before it is registered, whether it comes alone or as a line of a file."""

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from contracts.message import RegionCode
from contracts.notice import NoticeKind
from contracts.recipient import Channel, Mute, RecipientChangedV1, Role, Subscription
from services.notify.domain.notice import MailAddress
from services.notify.domain.recipients import ON_REQUEST, OPTIONAL

LINES_MAX: Final = 5_000
RECIPIENTS_A_REGION_MAX: Final = 50
COLUMNS: Final = ("region", "role", "sector", "channel", "address", "mute", "subscribe")
_REQUIRED: Final = ("region", "role")

_FOUND_CHARS: Final = 80
_EXPECTED: Final[Mapping[str, str]] = {
    "region": "a code with its dot, like 64.71",
    "role": "one of Tim Penerapan SPM, Perangkat Daerah Pengampu, Sekretaris Daerah, Kepala Daerah",
    "channel": "email or inbox",
    "address": "one mailbox, like sekda@kota-contoh.example",
    "mute": f"{' or '.join(sorted(OPTIONAL))}",
    "subscribe": f"{' or '.join(sorted(ON_REQUEST))}",
}

Place = tuple[str, str, str | None, str, str | None]
"""Region, office, sector, channel and address: two recipients with the same are one."""


class NewRecipient(BaseModel):
    """An office of a region, and where it is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: RegionCode
    role: Literal[Role.TEAM, Role.AGENCY, Role.SECRETARY, Role.HEAD]
    sector: Annotated[
        str | None, Field(max_length=16, description="The sector that an agency answers for.", examples=["health"])
    ] = None
    channel: Literal[Channel.EMAIL, Channel.INBOX] = Channel.EMAIL
    address: Annotated[MailAddress | None, Field(description="Of a mailbox; an inbox has none.")] = None
    mute: Annotated[tuple[NoticeKind, ...], Field(max_length=len(NoticeKind))] = ()
    subscribe: Annotated[
        tuple[NoticeKind, ...],
        Field(max_length=len(NoticeKind), description=f"Mailed on request: {', '.join(sorted(ON_REQUEST))}."),
    ] = ()

    @property
    def place(self) -> Place:
        return (self.region, self.role, self.sector, self.channel, self.address)

    def registered(self, recipient_id: str, at: datetime, by: str) -> RecipientChangedV1:
        return RecipientChangedV1(
            recipient_id=recipient_id,
            revision=1,
            region_code=self.region,
            role=self.role,
            sector=self.sector,
            channel=self.channel,
            address=self.address,
            mutes=tuple(Mute(kind=kind, since=at) for kind in sorted(set(self.mute))),
            subscriptions=tuple(Subscription(kind=kind, since=at) for kind in sorted(set(self.subscribe))),
            active_from=at,
            changed_at=at,
            changed_by=by,
        )


@dataclass(frozen=True, slots=True)
class RosterFault:
    """``line`` 1 is the head of the file; 0 is a recipient that came alone."""

    line: int
    column: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the law knows of regions and sectors."""

    regions: Collection[str]
    sectors: Collection[str]


def place_of(row: RecipientChangedV1) -> Place:
    return (row.region_code, row.role, row.sector, row.channel, row.address)


def contradictions(new: NewRecipient, known: Known, line: int = 0) -> Iterator[RosterFault]:
    """What each part for itself cannot show."""
    if new.region not in known.regions:
        yield RosterFault(line, "region", "unknown-region", f"found {new.region}, expected a region that reports.")
    is_agency = new.role is Role.AGENCY
    if is_agency and new.sector not in known.sectors:
        expected = ", ".join(sorted(known.sectors))
        yield RosterFault(line, "sector", "unknown-sector", f"found {new.sector!r}, expected one of {expected}.")
    if not is_agency and new.sector is not None:
        yield RosterFault(line, "sector", "sector-of-no-agency", f"{new.role} answers for every sector; leave it out.")
    if new.channel is Channel.EMAIL and new.address is None:
        yield RosterFault(line, "address", "address-missing", "e-mail needs an address; found none.")
    if new.channel is Channel.INBOX and new.address is not None:
        yield RosterFault(line, "address", "address-of-inbox", "an inbox has no address; leave it out.")
    for kind in sorted(set(new.mute) - OPTIONAL):
        allowed = ", ".join(sorted(OPTIONAL))
        yield RosterFault(line, "mute", "statutory-notice", f"{kind} cannot be muted; only {allowed} can.")
    for kind in sorted(set(new.subscribe) - ON_REQUEST):
        allowed = ", ".join(sorted(ON_REQUEST))
        yield RosterFault(line, "subscribe", "not-on-request", f"{kind} comes unasked; only {allowed} is on request.")
    if new.subscribe and new.channel is not Channel.EMAIL:
        yield RosterFault(line, "subscribe", "digest-of-inbox", "what is on request is mailed; an inbox shows it all.")


def read_roster(text: str, known: Known) -> tuple[list[NewRecipient], list[RosterFault]]:
    """The recipients of a CSV file, and every fault of it; columns parted by comma or semicolon."""
    head = text.split("\n", 1)[0]
    rows = list(csv.reader(StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ","))
    names = [name.strip().lower() for name in rows[0]] if rows else []
    faults = list(_faults_of_head(names, len(rows)))
    if faults:
        return [], faults
    found: list[NewRecipient] = []
    seen: dict[Place, int] = {}
    for line, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        new, wrong = _read_line(names, cells, line)
        faults += wrong
        if new is None:
            continue
        faults += contradictions(new, known, line)
        if (first := seen.setdefault(new.place, line)) != line:
            faults.append(RosterFault(line, "address", "repeated", f"this recipient stands in line {first} already."))
        found.append(new)
    return found, faults


def _faults_of_head(names: Sequence[str], lines: int) -> Iterator[RosterFault]:
    expected = ", ".join(COLUMNS)
    for name in _REQUIRED:
        if name not in names:
            yield RosterFault(1, name, "column-missing", f"found {', '.join(names) or 'nothing'}; expected {expected}.")
    for name in sorted(set(names)):
        if name not in COLUMNS:
            yield RosterFault(1, name[:_FOUND_CHARS], "column-unknown", f"expected only {expected}.")
        if names.count(name) > 1:
            yield RosterFault(1, name[:_FOUND_CHARS], "column-repeated", "each column stands once.")
    if lines > LINES_MAX:
        yield RosterFault(1, "", "too-many-lines", f"found {lines} lines, expected at most {LINES_MAX}.")


def _read_line(names: Sequence[str], cells: Sequence[str], line: int) -> tuple[NewRecipient | None, list[RosterFault]]:
    if len(cells) != len(names):
        sentence = f"found {len(cells)} cells, expected {len(names)}."
        return None, [RosterFault(line, "", "cells", sentence)]
    given: dict[str, Any] = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if cell.strip()}
    given |= {name: given[name].split() for name in ("mute", "subscribe") if name in given}
    try:
        return NewRecipient.model_validate(given), []
    except ValidationError as error:
        return None, [_worded(str(fault["loc"][0]), fault, line) for fault in error.errors(include_url=False)]


def faults_of(error: ValidationError) -> list[RosterFault]:
    """What is wrong with a recipient that came alone."""
    return [_worded(str(fault["loc"][0]), fault, 0) for fault in error.errors(include_url=False)]


def _worded(column: str, fault: ErrorDetails, line: int) -> RosterFault:
    expected = _EXPECTED.get(column, fault["msg"])
    return RosterFault(line, column, fault["type"], f"found {_shown(fault['input'])}, expected {expected}.")


def _shown(found: Any) -> str:
    return repr(found)[:_FOUND_CHARS] if isinstance(found, str) else "nothing"
