"""What happens to a region's reports, as it is told while it happens: thin, with links instead of figures.

Each event is known by where it stands in the log: kind (one topic each), key and offset. One key's events are kept in
the order of their offsets (``stream``: a key stays within its lane, a lane takes slice after slice, and a batch that is
given back begins again before the first that may be missing; a replica that lost its partition adds nothing that the
next one has not added before it goes on). So whoever has seen an offset of a kind and key has seen all before it, and
nothing can slip in behind; between keys of one partition there is no such order. A region's events have the region as
their key, those of the calendar the period: the cursor counts the former by kind, the latter by period.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import reduce
from heapq import merge
from itertools import groupby
from typing import Annotated, Any, Final, Self
from zlib import crc32

from pydantic import Field

from contracts.message import Frozen, Instant, Message
from contracts.notice import NoticeSettledV1
from contracts.period import PeriodChangedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import ReportOverdueV1, SubmissionJudgedV1
from services.intake.domain.status import status_url

Document = Mapping[str, Any]
CURSOR_CHARS_MAX: Final = 2_048
_PART: Final = re.compile(r"([a-z])(20[0-9]{2}Q[1-4]_)?([0-9]{1,18})")


class Kind(StrEnum):
    RECEIVED = "received"
    JUDGED = "judged"
    OVERDUE = "overdue"
    SCORED = "scored"
    NOTICED = "noticed"
    PERIOD_CHANGED = "period_changed"

    @property
    def of_a_region(self) -> bool:
        return self is not Kind.PERIOD_CHANGED


_KINDS: Final[Mapping[str, Kind]] = {
    SubmissionReceivedV1.TYPE: Kind.RECEIVED,
    SubmissionJudgedV1.TYPE: Kind.JUDGED,
    ReportOverdueV1.TYPE: Kind.OVERDUE,
    ScorecardUpdatedV1.TYPE: Kind.SCORED,
    NoticeSettledV1.TYPE: Kind.NOTICED,
    PeriodChangedV1.TYPE: Kind.PERIOD_CHANGED,
}
_LETTERS: Final = {kind: kind.value[0] for kind in Kind}
_KIND_OF_LETTER: Final = {letter: kind for kind, letter in _LETTERS.items()}


def event(message: Message, *, offset: int, logged_at: datetime) -> dict[str, Any] | None:
    """What is kept of a fact; None for what regions are not told of."""
    kind = _KINDS.get(message.TYPE)
    if kind is None:
        return None
    submission = message.submission if isinstance(message, SubmissionReceivedV1) else message
    return {
        "_id": message.event_id,
        "kind": kind.value,
        "key": message.key,
        "offset": offset,
        "logged_at": logged_at,
        "type": message.TYPE,
        "period": getattr(submission, "period", None),
        "submission_id": getattr(message, "submission_id", None),
    }


@dataclass(frozen=True, slots=True)
class Cursor:
    """The offset of the last event that a region's reader was given, by kind, and of the calendar by period."""

    seen: Mapping[tuple[Kind, str], int] = field(default_factory=dict)
    """The second part is the period, empty for a kind of the region's own."""

    @classmethod
    def parse(cls, text: str, region_code: str) -> Self:
        """Raises:
        ValueError: none of ours, or another region's.
        """
        *parts, check = text.split(".")
        if len(text) > CURSOR_CHARS_MAX or check != _check(parts, region_code):
            raise ValueError("the cursor is none of ours for this region; take it as it was given, or begin anew")
        return cls(dict(map(_seen, parts)))

    def text(self, region_code: str) -> str:
        parts = sorted(
            f"{_LETTERS[kind]}{period and period + '_'}{offset}" for (kind, period), offset in self.seen.items()
        )
        return ".".join((*parts, _check(parts, region_code)))

    def behind(self, document: Document) -> Self:
        """The cursor of a reader who was given this event too."""
        kind = Kind(document["kind"])
        return type(self)({**self.seen, (kind, "" if kind.of_a_region else document["key"]): document["offset"]})

    def behind_all(self, documents: Iterable[Document]) -> Self:
        return reduce(type(self).behind, documents, self)

    def offset(self, kind: Kind) -> int:
        return self.seen.get((kind, ""), -1)

    @property
    def periods(self) -> dict[str, int]:
        return {period: offset for (_, period), offset in self.seen.items() if period}


class Happening(Frozen):
    """One event."""

    cursor: Annotated[str, Field(description="Where to go on behind this event.")]
    event_id: str
    kind: Kind
    type: Annotated[str, Field(description="The event's type in the log.")]
    time: Annotated[Instant, Field(description="When it was written to the log.")]
    region_code: str
    period: Annotated[str | None, Field(description="Null for notices of awards.")]
    submission_id: str | None
    links: dict[str, str]

    @classmethod
    def of(cls, document: Document, region_code: str, cursor: Cursor) -> Self:
        links = {"obligations": f"/v1/obligations?region={region_code}"}
        if submission_id := document["submission_id"]:
            links["submission"] = status_url(submission_id)
        if period := document["period"]:
            links["period"] = f"/v1/periods/{period}"
        return cls(
            cursor=cursor.text(region_code),
            event_id=document["_id"],
            kind=Kind(document["kind"]),
            type=document["type"],
            time=document["logged_at"],
            region_code=region_code,
            period=period,
            submission_id=submission_id,
            links=links,
        )


class Happenings(Frozen):
    """A page of events."""

    events: tuple[Happening, ...]
    next: Annotated[str, Field(description="The cursor to ask on with; the same while nothing has happened.")]


def in_order(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """By time in the log, and the events of one kind and key always by their offsets."""
    rows = sorted(documents, key=_place)
    lanes = [list(lane) for _, lane in groupby(rows, key=_lane)]
    return list(merge(*lanes, key=_time))


def told(documents: Sequence[Document], region_code: str, cursor: Cursor) -> Happenings:
    events = []
    for document in documents:
        cursor = cursor.behind(document)
        events.append(Happening.of(document, region_code, cursor))
    return Happenings(events=tuple(events), next=cursor.text(region_code))


def _lane(document: Document) -> tuple[str, str]:
    return document["kind"], document["key"]


def _place(document: Document) -> tuple[str, str, int]:
    return document["kind"], document["key"], document["offset"]


def _time(document: Document) -> datetime:
    at: datetime = document["logged_at"]
    return at


def _check(parts: Iterable[str], region_code: str) -> str:
    """Binds the cursor to its region; it guards against mistakes, not against forgery: a cursor opens nothing."""
    return f"{crc32('.'.join((region_code, *parts)).encode()):08x}"


def _seen(part: str) -> tuple[tuple[Kind, str], int]:
    match = _PART.fullmatch(part)
    kind = _KIND_OF_LETTER.get(match[1]) if match else None
    if match is None or kind is None or kind.of_a_region == bool(match[2]):
        raise ValueError("the cursor is none of ours")
    return (kind, (match[2] or "").removesuffix("_")), int(match[3])
