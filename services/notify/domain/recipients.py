"""Who is told of a matter: decided by when the fact happened, so that a rebuild decides the same."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

from contracts.notice import NoticeKind
from contracts.recipient import Channel, RecipientChangedV1, Role, Span
from services.notify.domain.facts import (
    Correction,
    Deficiency,
    Facts,
    PathReached,
    ReportReturned,
    SectorsRecovered,
    Unacknowledged,
    WeeklyDigest,
)
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
        NoticeKind.WEEKLY_DIGEST: frozenset(Role) - {Role.SYSTEM},
    }
)
"""Our choice, no rule of law: daily work goes to the team and, for its own sector, to the agency that answers for it;
what concerns the whole region also to its secretary; honours to its head, too. A system takes what it asked for.
A correction goes to those of them who were told what it corrects."""

OPTIONAL: Final = frozenset({NoticeKind.AWARD_NOMINATED, NoticeKind.AWARD_WON})
"""May be muted. Everything else asks somebody to act, and cannot be."""
ON_REQUEST: Final = frozenset({NoticeKind.WEEKLY_DIGEST})
"""Mailed to who asked for it, until they ask for it no more; nobody else is told."""
Spans = TypeVar("Spans", bound=Span)


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


def from_then_on(
    spans: Sequence[Spans], wanted: frozenset[NoticeKind], at: datetime, span: type[Spans]
) -> tuple[Spans, ...]:
    """The spans so changed that from ``at`` on exactly the wanted kinds lie in one; the past stays as it was."""
    running = {each.kind for each in spans if each.until is None}
    kept = [
        each if each.until is not None or each.kind in wanted else each.model_copy(update={"until": at})
        for each in spans
    ]
    return (*kept, *(span(kind=kind, since=at) for kind in sorted(wanted - running)))


def is_subscribed(row: RecipientChangedV1, kind: NoticeKind, at: datetime) -> bool:
    return row.channel is Channel.EMAIL and any(_covers(each, kind, at) for each in row.subscriptions)


def _as_told(row: RecipientChangedV1) -> Recipient:
    return Recipient(role=row.role, channel=row.channel, address=row.address, recipient_id=row.recipient_id)


def _is_told(row: RecipientChangedV1, matter: Matter) -> bool:
    if row.active_from > matter.subject_at or not is_reachable(row, matter.fact_at):
        return False
    if isinstance(matter.facts, WeeklyDigest):
        return is_subscribed(row, matter.kind, matter.fact_at) and matter.facts.tells(row.role)
    if row.channel is Channel.WEBHOOK:
        return row.kinds is None or matter.subject_kind in row.kinds
    if not _reads(row.role, matter) or any(_covers(mute, matter.subject_kind, matter.subject_at) for mute in row.mutes):
        return False
    return row.sector is None or _concerns(matter.facts, row.sector)


def _reads(role: Role, matter: Matter) -> bool:
    """What nobody acknowledged is told to one office at a time; what is only on request to none of the file."""
    if matter.kind in ON_REQUEST:
        return False
    if isinstance(matter.facts, Correction) and matter.facts.sectors_recovered:
        return role is Role.AGENCY  # the others are told that the region still lies below the path
    if isinstance(matter.facts, Unacknowledged):
        return role is matter.facts.office
    return role in READERS[matter.subject_kind]


def _covers(span: Span, kind: NoticeKind, at: datetime) -> bool:
    return span.kind is kind and span.since <= at and (span.until is None or at < span.until)


def _concerns(facts: Facts, sector: str) -> bool:
    match facts:
        case ReportReturned():
            return any(remark.sector == sector for remark in facts.remarks)
        case Deficiency():
            return any(weak.sector == sector for weak in facts.sectors)
        case Correction(path_reached=PathReached(told_sectors=told)):
            return sector in told
        case Correction(sectors_recovered=SectorsRecovered(sectors=recovered)):
            return any(one.sector == sector for one in recovered)
        case _:
            return True
