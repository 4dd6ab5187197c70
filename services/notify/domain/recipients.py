"""Who is told of a matter: decided by when the fact happened, so that a rebuild decides the same."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from contracts.notice import NoticeKind
from contracts.recipient import Channel, Mute, RecipientChangedV1, Role
from services.notify.domain.facts import Correction, Deficiency, Facts, PathReached, ReportReturned, Unacknowledged
from services.notify.domain.notice import Mailbox, Matter, Notice, Recipient

READERS: Final[Mapping[NoticeKind, frozenset[Role]]] = MappingProxyType(
    {
        NoticeKind.SUBMISSION_RETURNED: frozenset({Role.TEAM, Role.AGENCY}),
        NoticeKind.WARNINGS_TO_JUSTIFY: frozenset({Role.TEAM}),
        NoticeKind.REPORT_DUE: frozenset({Role.TEAM, Role.SECRETARY}),
        NoticeKind.REGIONS_OVERDUE: frozenset({Role.TEAM, Role.SECRETARY}),
        NoticeKind.REPORT_OVERDUE: frozenset({Role.TEAM, Role.SECRETARY}),
        NoticeKind.ACHIEVEMENT_DEFICIENCY: frozenset({Role.TEAM, Role.AGENCY}),
        NoticeKind.CORRECTION: frozenset(Role) - {Role.SYSTEM},
        NoticeKind.AWARD_NOMINATED: frozenset({Role.TEAM, Role.SECRETARY, Role.HEAD}),
        NoticeKind.AWARD_NOT_NOMINATED: frozenset({Role.TEAM, Role.SECRETARY}),
        NoticeKind.AWARD_WON: frozenset({Role.TEAM, Role.SECRETARY, Role.HEAD}),
        NoticeKind.RECIPIENT_UNREACHABLE: frozenset({Role.TEAM, Role.SECRETARY}),
        NoticeKind.NOTICE_UNREAD: frozenset({Role.SECRETARY, Role.HEAD}),
    }
)
"""Our choice, no rule of law: daily work goes to the team and, for its own sector, to the agency that answers for it;
what concerns the whole region also to its secretary; honours to its head, too. A system takes what it asked for.
A correction goes to those of them who were told what it corrects."""

OPTIONAL: Final = frozenset({NoticeKind.AWARD_NOMINATED, NoticeKind.AWARD_WON})
"""May be muted. Everything else asks somebody to act, and cannot be."""


def notices_of(matter: Matter, registered: Sequence[RecipientChangedV1], seed: Sequence[Mailbox]) -> list[Notice]:
    """The matter to everybody who is to be told.

    ``seed`` is who is told of a region until its first office is registered.
    """
    theirs = [row for row in registered if row.region_code in {matter.region_code, "*"}]
    told = [_as_told(row) for row in theirs if _is_told(row, matter)]
    if not any(row.channel is not Channel.WEBHOOK and row.active_from <= matter.subject_at for row in theirs):
        told += [
            Recipient(role=mailbox.role, address=mailbox.address) for mailbox in seed if _reads(mailbox.role, matter)
        ]
    return [Notice(matter, recipient) for recipient in told]


def is_reachable(row: RecipientChangedV1, at: datetime) -> bool:
    """Registered by then, and neither gone nor found unreachable."""
    ends = [end for end in (row.active_until, row.unreachable_since) if end is not None]
    return row.active_from <= at and all(at < end for end in ends)


def muted(mutes: Sequence[Mute], wanted: frozenset[NoticeKind], at: datetime) -> tuple[Mute, ...]:
    """The mutes so changed that from ``at`` on exactly the wanted kinds are silent; the past stays as it was."""
    silent = {mute.kind for mute in mutes if mute.until is None}
    kept = [
        mute if mute.until is not None or mute.kind in wanted else mute.model_copy(update={"until": at})
        for mute in mutes
    ]
    return (*kept, *(Mute(kind=kind, since=at) for kind in sorted(wanted - silent)))


def _as_told(row: RecipientChangedV1) -> Recipient:
    return Recipient(role=row.role, channel=row.channel, address=row.address, recipient_id=row.recipient_id)


def _is_told(row: RecipientChangedV1, matter: Matter) -> bool:
    if row.active_from > matter.subject_at or not is_reachable(row, matter.fact_at):
        return False
    if row.channel is Channel.WEBHOOK:
        return row.kinds is None or matter.subject_kind in row.kinds
    if not _reads(row.role, matter) or any(_silences(mute, matter) for mute in row.mutes):
        return False
    return row.sector is None or _concerns(matter.facts, row.sector)


def _reads(role: Role, matter: Matter) -> bool:
    """What nobody acknowledged is told to one office at a time."""
    if isinstance(matter.facts, Unacknowledged):
        return role is matter.facts.office
    return role in READERS[matter.subject_kind]


def _silences(mute: Mute, matter: Matter) -> bool:
    after = mute.until is not None and matter.subject_at >= mute.until
    return mute.kind == matter.subject_kind and mute.since <= matter.subject_at and not after


def _concerns(facts: Facts, sector: str) -> bool:
    match facts:
        case ReportReturned():
            return any(remark.sector == sector for remark in facts.remarks)
        case Deficiency():
            return any(weak.sector == sector for weak in facts.sectors)
        case Correction(path_reached=PathReached(told_sectors=told)):
            return sector in told
        case _:
            return True
