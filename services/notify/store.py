"""The notices of ``spm_notify``: what is frozen when one is made, and the state that moves.

Both writes commute, because a rebuild may read an end before the fact: a fact sets the frozen part and, only when the
document is new, the first state; an end read back from the log sets the state alone. ``next_at`` says when a sender
may take a notice and is absent at its end; ``published`` is false while an end is kept but not seen in the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.mongo import DESCENDING, Database, Document, UpdateOne, aggregate
from contracts.notice import NoticeKind, NoticeSettledV1, NoticeState
from services.notify.domain.cursor import Place
from services.notify.domain.facts import Facts
from services.notify.domain.notice import CHANNEL, Matter, Notice, Recipient

LEASE: Final = timedelta(minutes=3)
"""Longer than a sender may take for one notice; afterwards the sender is taken for dead."""
_AFTER: Final = True
"""The drivers' word for: return the document as the update left it."""
_FACTS: Final[TypeAdapter[Facts]] = TypeAdapter(Facts)


@dataclass(frozen=True, slots=True)
class KeptNotice:
    notice: Notice
    state: NoticeState
    attempts: int
    settled_at: datetime | None


class NoticeStore:
    def __init__(self, database: Database) -> None:
        self._notices = database["notices"]

    async def prepare(self) -> None:
        await self._notices.create_index("next_at", sparse=True)
        await self._notices.create_index("settled_at", partialFilterExpression={"published": False}, name="unpublished")
        await self._notices.create_index([("region_code", 1), ("fact_at", DESCENDING), ("_id", 1)])
        await self._notices.create_index([("fact_at", DESCENDING), ("_id", 1)])
        await self._notices.create_index([("fiscal_year", 1), ("kind", 1), ("state", 1)])

    async def keep(self, notices: Sequence[Notice], *, templates: str) -> list[Notice]:
        """Keep each once; those that were new."""
        if not notices:
            return []
        done = await self._notices.bulk_write([_creation(notice, templates) for notice in notices], ordered=False)
        return [notices[index] for index in sorted(done.upserted_ids or ())]

    async def keep_ends(self, ends: Sequence[NoticeSettledV1]) -> None:
        """The ends that stand in the log; the only way out of an end is a later end."""
        if ends:
            await self._notices.bulk_write([_end(end) for end in ends])

    async def anything_due(self, now: datetime, *, since: datetime) -> bool:
        return await self._notices.find_one(_due(now, since), {"_id": 1}) is not None

    async def claim(self, now: datetime, *, since: datetime) -> KeptNotice | None:
        """The notice that waits longest, for this sender alone until its lease ends; ``attempts`` counts this one."""
        claimed = await self._notices.find_one_and_update(
            _due(now, since),
            {"$set": {"state": NoticeState.SENDING, "next_at": now + LEASE}, "$inc": {"attempts": 1}},
            sort=[("next_at", 1)],
            return_document=_AFTER,
        )
        return None if claimed is None else _kept(claimed)

    async def postpone(self, claimed: KeptNotice, until: datetime) -> bool:
        """Whether the claim still held."""
        state = {"state": NoticeState.TEMPORARY_FAILURE, "next_at": until}
        done = await self._notices.update_one(_held(claimed), {"$set": state})
        return bool(done.matched_count)

    async def settle(self, claimed: KeptNotice, state: NoticeState, at: datetime) -> NoticeSettledV1 | None:
        """The end as it is to be published; None when the claim was lost to another sender."""
        change = {
            "$set": {"state": state, "settled_at": at, "published": False},
            "$unset": {"next_at": ""},
        }
        done = await self._notices.update_one(_held(claimed), change)
        return _settled(KeptNotice(claimed.notice, state, claimed.attempts, at)) if done.matched_count else None

    async def unpublished(self, *, before: datetime, limit: int) -> list[NoticeSettledV1]:
        """Ends kept before that instant and not yet seen in the log, oldest first."""
        waiting = self._notices.find({"published": False, "settled_at": {"$lt": before}})
        return [_settled(_kept(found)) for found in await waiting.sort("settled_at", 1).limit(limit).to_list(None)]

    async def count_open(self, *, since: datetime) -> int:
        return await self._notices.count_documents({"next_at": {"$exists": True}, "fact_at": {"$gt": since}})

    async def find(self, region: str, notice_id: str) -> KeptNotice | None:
        found = await self._notices.find_one({"_id": notice_id, "region_code": region})
        return None if found is None else _kept(found)

    async def newest(
        self,
        *,
        region: str | None = None,
        kind: NoticeKind | None = None,
        state: NoticeState | None = None,
        after: Place | None = None,
        limit: int,
    ) -> list[KeptNotice]:
        """Newest fact first, behind the given one."""
        wanted: dict[str, Any] = {"fact_at": {"$exists": True}}
        if after is not None:
            at, notice_id = after
            wanted = {"$or": [{"fact_at": {"$lt": at}}, {"fact_at": at, "_id": {"$gt": notice_id}}]}
        given: Mapping[str, str | None] = {"region_code": region, "kind": kind, "state": state}
        wanted |= {name: word for name, word in given.items() if word is not None}
        found = self._notices.find(wanted).sort([("fact_at", DESCENDING), ("_id", 1)]).limit(limit)
        return [_kept(document) for document in await found.to_list(None)]

    async def summary(self, fiscal_year: int) -> list[tuple[NoticeKind, NoticeState, int]]:
        counted = await aggregate(
            self._notices,
            [
                {"$match": {"fiscal_year": fiscal_year}},
                {"$group": {"_id": {"kind": "$kind", "state": "$state"}, "notices": {"$sum": 1}}},
                {"$sort": {"_id.kind": 1, "_id.state": 1}},
            ],
        )
        return [(NoticeKind(row["_id"]["kind"]), NoticeState(row["_id"]["state"]), row["notices"]) for row in counted]


def _creation(notice: Notice, templates: str) -> UpdateOne:
    matter, recipient = notice.matter, notice.recipient
    frozen = {
        "channel": CHANNEL,
        "kind": matter.kind,
        "region_code": matter.region_code,
        "region_name": matter.region_name,
        "fiscal_year": matter.fiscal_year,
        "period": matter.period,
        "fact_id": matter.fact_id,
        "fact_at": matter.fact_at,
        "submission_id": matter.submission_id,
        "facts": _FACTS.dump_python(matter.facts, mode="json"),
        "role": recipient.role,
        "address": recipient.address,
        "recipient_digest": recipient.digest,
        "templates": templates,
    }
    first = {"state": NoticeState.CREATED, "attempts": 0, "next_at": matter.fact_at}
    return UpdateOne({"_id": notice.id}, {"$set": frozen, "$setOnInsert": first}, upsert=True)


def _end(end: NoticeSettledV1) -> UpdateOne:
    state = {"state": end.state, "attempts": end.attempts, "settled_at": end.settled_at, "published": True}
    return UpdateOne({"_id": end.notice_id}, {"$set": state, "$unset": {"next_at": ""}}, upsert=True)


def _due(now: datetime, since: datetime) -> dict[str, Any]:
    return {"next_at": {"$lte": now}, "fact_at": {"$gt": since}}


def _held(claimed: KeptNotice) -> dict[str, Any]:
    """Each claim counts one attempt, so the count names the claim."""
    return {"_id": claimed.notice.id, "state": NoticeState.SENDING, "attempts": claimed.attempts}


def _kept(document: Document) -> KeptNotice:
    matter = Matter(
        **{name: document[name] for name in ("region_code", "region_name", "fiscal_year", "period")},
        **{name: document[name] for name in ("fact_id", "fact_at", "submission_id")},
        facts=_FACTS.validate_python(document["facts"]),
    )
    recipient = Recipient(role=document["role"], address=document["address"])
    state = NoticeState(document["state"])
    return KeptNotice(Notice(matter, recipient), state, document["attempts"], document.get("settled_at"))


def _settled(kept: KeptNotice) -> NoticeSettledV1:
    if kept.settled_at is None:
        raise ValueError(f"notice {kept.notice.id} is {kept.state} and has no end to publish")
    matter = kept.notice.matter
    return NoticeSettledV1(
        notice_id=kept.notice.id,
        kind=matter.kind,
        region_code=matter.region_code,
        channel=CHANNEL,
        recipient_digest=kept.notice.recipient.digest,
        state=kept.state,
        attempts=kept.attempts,
        settled_at=kept.settled_at,
        fact_id=matter.fact_id,
        submission_id=matter.submission_id,
    )
