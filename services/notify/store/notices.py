"""The notices of ``spm_notify``: what is frozen when one is made, and the state that moves.

Both writes commute, because a rebuild may read an end before the fact: a fact sets the frozen part and, only when the
document is new, the first state; an end read back from the log sets the state alone. ``next_at`` says when a sender
may take a notice and is absent at its end; ``claim`` names the sender that holds it; ``payload`` are the bytes of its
first attempt, the same at every later one, and at the end only their digest is left; ``published`` is false while an
end is kept but not seen in the log.

``ends_read`` is one document: by partition of the topic of ends, the offset up to which they surely are kept.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final

from pydantic import TypeAdapter

from chassis.mongo import DESCENDING, Database, Document, UpdateOne, aggregate, find_by_id
from contracts.notice import NoticeKind, NoticeSettledV1, NoticeState
from contracts.recipient import Channel
from contracts.topics import NOTICE_SETTLED
from services.notify.domain.cursor import Place
from services.notify.domain.facts import Facts
from services.notify.domain.notice import Matter, Notice, Recipient
from services.notify.store.letters import LetterStore

LEASE: Final = timedelta(minutes=3)
"""Longer than a sender may hold a notice; afterwards the sender is taken for dead."""
HEADS_MAX: Final = 500
_AFTER: Final = True
"""The drivers' word for: return the document as the update left it."""
_FACTS: Final[TypeAdapter[Facts]] = TypeAdapter(Facts)


@dataclass(frozen=True, slots=True)
class KeptNotice:
    notice: Notice
    state: NoticeState
    attempts: int
    settled_at: datetime | None = None
    claim: str | None = None
    """Names the sender that holds it now."""
    payload: bytes | None = None
    templates: str | None = None
    """The version of the words that were sent; None before the first attempt."""
    payload_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The notice that an endpoint waits for; the others behind it wait for this one."""

    recipient_id: str
    notice_id: str


class NoticeStore:
    def __init__(self, database: Database) -> None:
        self._notices = database["notices"]
        self._ends_read = database["ends_read"]
        self.letters = LetterStore(database)

    async def prepare(self) -> None:
        await self._notices.create_index([("channel", 1), ("next_at", 1)])
        await self._notices.create_index(
            [("channel", 1), ("recipient_id", 1), ("fact_at", 1), ("_id", 1)],
            partialFilterExpression={"next_at": {"$exists": True}},
            name="open_in_order",
        )
        await self._notices.create_index([("recipient_id", 1), ("fact_at", 1), ("_id", 1)])
        await self._notices.create_index("settled_at", partialFilterExpression={"published": False}, name="unpublished")
        await self._notices.create_index([("region_code", 1), ("fact_at", DESCENDING), ("_id", 1)])
        await self._notices.create_index([("fact_at", DESCENDING), ("_id", 1)])
        await self._notices.create_index([("period", 1), ("region_code", 1), ("kind", 1)])
        await self._notices.create_index([("fiscal_year", 1), ("kind", 1), ("state", 1)])

    async def keep(self, notices: Sequence[Notice]) -> list[Notice]:
        """Keep each once; those that were new."""
        if not notices:
            return []
        done = await self._notices.bulk_write([_creation(notice) for notice in notices], ordered=False)
        return [notices[index] for index in sorted(done.upserted_ids or ())]

    async def keep_ends(self, ends: Sequence[NoticeSettledV1]) -> None:
        """The ends that stand in the log; the only way out of an end is a later end."""
        if ends:
            await self._notices.bulk_write([_end(end) for end in ends])

    async def keep_read(self, read: Mapping[int, int]) -> None:
        """``read``: by partition, the offset up to which every end is kept."""
        parts = {f"{partition}": offset for partition, offset in sorted(read.items())}
        await self._ends_read.replace_one({"_id": NOTICE_SETTLED.name}, {"read": parts}, upsert=True)

    async def ends_read(self) -> dict[int, int]:
        """The same; none in a new database."""
        found = await self._ends_read.find_one({"_id": NOTICE_SETTLED.name})
        return {int(partition): offset for partition, offset in found["read"].items()} if found else {}

    async def anything_due(self, channel: Channel, now: datetime, *, since: datetime) -> bool:
        return await self._notices.find_one(_due(channel, now, since), {"_id": 1}) is not None

    async def claim(self, channel: Channel, now: datetime, *, since: datetime, limit: int) -> list[KeptNotice]:
        """Those that wait longest, for this sender alone until its lease ends; ``attempts`` counts this one.

        What failed before comes last, so that what breaks a connection again keeps nothing else waiting.
        """
        due = self._notices.find(_due(channel, now, since), {"next_at": 1}).sort("next_at", 1).limit(limit)
        found = await due.to_list(None)
        if not found:
            return []
        claim = secrets.token_hex(8)
        await self._notices.bulk_write(
            [UpdateOne({"_id": one["_id"], "next_at": one["next_at"]}, _claimed(claim, now)) for one in found],
            ordered=False,
        )
        mine = self._notices.find({"_id": {"$in": [one["_id"] for one in found]}, "claim": claim})
        return [_kept(document) for document in await mine.sort([("attempts", 1), ("fact_at", 1)]).to_list(None)]

    async def heads(self, now: datetime, *, since: datetime) -> list[Head]:
        """Of each webhook with open notices the oldest one, where it may be tried now; those that failed come last."""
        found = await aggregate(
            self._notices,
            [
                {"$match": {"channel": Channel.WEBHOOK, "next_at": {"$exists": True}, "fact_at": {"$gt": since}}},
                {"$sort": {"recipient_id": 1, "fact_at": 1, "_id": 1}},
                {"$group": {"_id": "$recipient_id", "head": {"$first": "$_id"}} | _first("next_at", "attempts")},
                {"$match": {"next_at": {"$lte": now}}},
                {"$sort": {"attempts": 1, "next_at": 1, "_id": 1}},
                {"$limit": HEADS_MAX},
            ],
        )
        return [Head(document["_id"], document["head"]) for document in found]

    async def claim_head(self, recipient_id: str, now: datetime, *, since: datetime) -> KeptNotice | None:
        """The oldest open notice of the endpoint; None while it waits, is held, or there is none."""
        theirs = self._notices.find(
            {
                "channel": Channel.WEBHOOK,
                "recipient_id": recipient_id,
                "next_at": {"$exists": True},
                "fact_at": {"$gt": since},
            },
            {"next_at": 1},
        )
        found = await theirs.sort([("fact_at", 1), ("_id", 1)]).limit(1).to_list(None)
        if not found or found[0]["next_at"] > now:
            return None
        claimed = await self._notices.find_one_and_update(
            {"_id": found[0]["_id"], "next_at": found[0]["next_at"]},
            _claimed(secrets.token_hex(8), now),
            return_document=_AFTER,
        )
        return None if claimed is None else _kept(claimed)

    async def freeze(
        self, claimed: Sequence[KeptNotice], payloads: Sequence[bytes], *, templates: str
    ) -> list[KeptNotice]:
        """Keep what the first attempt sends, before it is sent; each later attempt finds it."""
        frozen = [
            replace(one, payload=payload, payload_digest=sha256(payload).hexdigest(), templates=templates)
            for one, payload in zip(claimed, payloads, strict=True)
        ]
        names = ("payload", "payload_digest", "templates")
        writes = [UpdateOne(_held(one), {"$set": {name: getattr(one, name) for name in names}}) for one in frozen]
        if writes:
            await self._notices.bulk_write(writes, ordered=False)
        return frozen

    async def release(self, claimed: Sequence[KeptNotice], now: datetime) -> None:
        """Give back what was not tried; the attempt does not count."""
        if claimed:
            await self._notices.bulk_write([_given_back(one, now) for one in claimed], ordered=False)

    async def postpone(self, claimed: KeptNotice, until: datetime) -> bool:
        """Whether the claim still held."""
        change = {"$set": {"state": NoticeState.TEMPORARY_FAILURE, "next_at": until}, "$unset": {"claim": ""}}
        done = await self._notices.update_one(_held(claimed), change)
        return bool(done.matched_count)

    async def settle(self, claimed: KeptNotice, state: NoticeState, at: datetime) -> NoticeSettledV1 | None:
        """The end as it is to be published; None when the claim was lost to another sender."""
        change = {
            "$set": {"state": state, "attempts": claimed.attempts, "settled_at": at, "published": False},
            "$unset": {"next_at": "", "claim": "", "payload": ""},
        }
        done = await self._notices.update_one(_held(claimed), change)
        return _settled(replace(claimed, state=state, settled_at=at)) if done.matched_count else None

    async def forget_address(self, recipient_ids: Sequence[str]) -> None:
        """Take the addresses of those who left out of their notices."""
        if recipient_ids:
            await self._notices.update_many(
                {"recipient_id": {"$in": list(recipient_ids)}, "address": {"$ne": None}},
                {"$set": {"address": None}, "$unset": {"payload": ""}},
            )

    async def ends_of(self, notices: Sequence[Notice]) -> list[NoticeSettledV1]:
        """The ends of those of them that have one, published or not."""
        kept = self._notices.find({"_id": {"$in": [notice.id for notice in notices]}, "settled_at": {"$exists": True}})
        return [_settled(_kept(document)) for document in await kept.sort("_id", 1).to_list(None)]

    async def unpublished(self, *, before: datetime, limit: int) -> list[NoticeSettledV1]:
        """Ends kept before that instant and not yet seen in the log, oldest first."""
        waiting = self._notices.find({"published": False, "settled_at": {"$lt": before}})
        return [_settled(_kept(found)) for found in await waiting.sort("settled_at", 1).limit(limit).to_list(None)]

    async def count_open(self, *, since: datetime) -> int:
        # The channels, because the index in which the open ones alone stand begins with them: else all would be read.
        wanted = {"channel": {"$in": [*Channel]}, "next_at": {"$exists": True}, "fact_at": {"$gt": since}}
        return await self._notices.count_documents(wanted)

    async def by_id(self, notice_id: str) -> KeptNotice | None:
        found = await self._notices.find_one({"_id": notice_id, "fact_at": {"$exists": True}})
        return None if found is None else _kept(found)

    async def find(self, region: str, notice_id: str) -> KeptNotice | None:
        found = await self._notices.find_one({"_id": notice_id, "region_code": region})
        return None if found is None else _kept(found)

    async def of_facts(self, region: str, fact_ids: Collection[str]) -> list[KeptNotice]:
        """Every notice to the region of these facts."""
        found = await self._notices.find({"region_code": region, "fact_id": {"$in": list(fact_ids)}}).to_list(None)
        return [_kept(document) for document in _by_id(found)]

    async def matters_of(self, notice_ids: Sequence[str]) -> list[Matter]:
        """What these say, in the order of their ids."""
        found = await find_by_id(self._notices, notice_ids)
        return [_kept(document).notice.matter for _, document in sorted(found.items())]

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

    async def of_recipient(self, recipient_id: str, *, after: Place | None, limit: int) -> list[KeptNotice]:
        """Oldest fact first, behind the given one."""
        wanted: dict[str, Any] = {"recipient_id": recipient_id, "fact_at": {"$exists": True}}
        if after is not None:
            at, notice_id = after
            wanted = {
                "recipient_id": recipient_id,
                "$or": [{"fact_at": {"$gt": at}}, {"fact_at": at, "_id": {"$gt": notice_id}}],
            }
        found = self._notices.find(wanted).sort([("fact_at", 1), ("_id", 1)]).limit(limit)
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


def _creation(notice: Notice) -> UpdateOne:
    matter, recipient = notice.matter, notice.recipient
    frozen = {
        "channel": recipient.channel,
        "kind": matter.kind,
        "region_code": matter.region_code,
        "region_name": matter.region_name,
        "fiscal_year": matter.fiscal_year,
        "period": matter.period,
        "fact_id": matter.fact_id,
        "fact_at": matter.fact_at,
        "submission_id": matter.submission_id,
        **_told(matter.facts),
        "role": recipient.role,
        "address": recipient.address,
        "recipient_id": recipient.recipient_id,
        "recipient_digest": recipient.digest,
    }
    first: Document = {"state": NoticeState.CREATED, "attempts": 0, "next_at": matter.fact_at}
    if matter.ready_at is not None and recipient.channel is Channel.EMAIL:
        first["next_at"] = matter.ready_at
    if recipient.channel is Channel.INBOX:
        # The inbox is this database: what is kept is delivered.
        first = {"state": NoticeState.DELIVERED, "attempts": 0, "settled_at": matter.fact_at, "published": False}
    change: Document = {"$set": frozen, "$setOnInsert": first}
    if notice.traceparent is not None:
        # A fact that was published twice has two; whichever is read first, the same one stays.
        change["$min"] = {"traceparent": notice.traceparent}
    return UpdateOne({"_id": notice.id}, change, upsert=True)


def _told(facts: Facts) -> Document:
    """The facts; what several of them gather is set part by part, so that each adds itself."""
    written = _FACTS.dump_python(facts, mode="json")
    gathered = written.pop("regions", None)
    if gathered is None:
        return {"facts": written}
    parts = {f"facts.{name}": part for name, part in written.items()}
    return parts | {f"facts.regions.{code}": region for code, region in gathered.items()}


def _by_id(found: Sequence[Document]) -> list[Document]:
    """Sorted here: for the order of their ids MongoDB goes through every notice that there is."""
    return sorted(found, key=itemgetter("_id"))


def _end(end: NoticeSettledV1) -> UpdateOne:
    state = {"state": end.state, "attempts": end.attempts, "settled_at": end.settled_at, "published": True}
    sent = {"templates": end.templates, "payload_digest": end.payload_digest}
    known = {name: word for name, word in sent.items() if word is not None}
    gone = {"next_at": "", "claim": "", "payload": ""}
    return UpdateOne({"_id": end.notice_id}, {"$set": state | known, "$unset": gone}, upsert=True)


def _due(channel: Channel, now: datetime, since: datetime) -> dict[str, Any]:
    return {"channel": channel, "next_at": {"$lte": now}, "fact_at": {"$gt": since}}


def _first(*names: str) -> dict[str, Any]:
    return {name: {"$first": f"${name}"} for name in names}


def _claimed(claim: str, now: datetime) -> dict[str, Any]:
    return {
        "$set": {"state": NoticeState.SENDING, "next_at": now + LEASE, "claim": claim},
        "$inc": {"attempts": 1},
    }


def _held(claimed: KeptNotice) -> dict[str, Any]:
    return {"_id": claimed.notice.id, "claim": claimed.claim}


def _given_back(claimed: KeptNotice, now: datetime) -> UpdateOne:
    first = claimed.attempts == 1
    state = NoticeState.CREATED if first else NoticeState.TEMPORARY_FAILURE
    next_at = claimed.notice.matter.fact_at if first else now
    change = {"$set": {"state": state, "next_at": next_at}, "$inc": {"attempts": -1}, "$unset": {"claim": ""}}
    return UpdateOne(_held(claimed), change)


def _kept(document: Document) -> KeptNotice:
    matter = Matter(
        **{name: document[name] for name in ("region_code", "region_name", "fiscal_year", "period")},
        **{name: document[name] for name in ("fact_id", "fact_at", "submission_id")},
        facts=_FACTS.validate_python(document["facts"]),
    )
    recipient = Recipient(
        role=document["role"],
        channel=document["channel"],
        address=document["address"],
        recipient_id=document.get("recipient_id"),
    )
    return KeptNotice(
        Notice(matter, recipient, document.get("traceparent")),
        NoticeState(document["state"]),
        document["attempts"],
        settled_at=document.get("settled_at"),
        claim=document.get("claim"),
        payload=document.get("payload"),
        templates=document.get("templates"),
        payload_digest=document.get("payload_digest"),
    )


def _settled(kept: KeptNotice) -> NoticeSettledV1:
    if kept.settled_at is None:
        raise ValueError(f"notice {kept.notice.id} is {kept.state} and has no end to publish")
    matter = kept.notice.matter
    return NoticeSettledV1(
        notice_id=kept.notice.id,
        kind=matter.kind,
        region_code=matter.region_code,
        channel=kept.notice.recipient.channel,
        recipient_digest=kept.notice.recipient.digest,
        state=kept.state,
        attempts=kept.attempts,
        settled_at=kept.settled_at,
        fact_id=matter.fact_id,
        submission_id=matter.submission_id,
        templates=kept.templates,
        payload_digest=kept.payload_digest,
    )
