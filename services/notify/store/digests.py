"""What was summed up of each region and week, and what that is counted from.

``digests``  one document a region and week, the fact as it was first written; ``published`` says whether it was seen in
             the log. What stands there holds, so that two who write at once, and a rebuild, tell the same
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Final

from chassis.mongo import DESCENDING, Database, Document, UpdateOne, insert_first
from contracts.notice import NoticeKind
from contracts.recipient import Role
from contracts.week import WeekSummedUpV1
from services.notify.domain.notice import matter_id
from services.notify.domain.recipients import ON_REQUEST

TOLD_MAX: Final = 2_000
"""Notices of a region, newest first; what is older is not counted as unread."""


class DigestStore:
    def __init__(self, database: Database) -> None:
        self._digests = database["digests"]
        self._notices = database["notices"]

    async def prepare(self) -> None:
        await self._digests.create_index([("week", 1), ("region_code", 1)])

    async def keep(self, fact: WeekSummedUpV1) -> None:
        """Unless another was kept before it."""
        await insert_first(self._digests, _kept(fact) | {"published": False})

    async def keep_known(self, facts: Sequence[WeekSummedUpV1]) -> list[WeekSummedUpV1]:
        """What stands in the log. Those that hold: of each region and week the first."""
        if not facts:
            return []
        writes = [
            UpdateOne({"_id": fact.identity()}, {"$setOnInsert": _kept(fact), "$set": {"published": True}}, upsert=True)
            for fact in facts
        ]
        await self._digests.bulk_write(writes)
        found = self._digests.find({"_id": {"$in": sorted({fact.identity() for fact in facts})}})
        return [_fact(document) for document in await found.sort("_id", 1).to_list(None)]

    async def kept_of(self, week: str) -> Collection[str]:
        """The regions whose week is summed up."""
        found = await self._digests.find({"week": week}, {"region_code": True}).to_list(None)
        return {document["region_code"] for document in found}

    async def unsaid(self, week: str) -> list[WeekSummedUpV1]:
        """Of the week, what was not yet seen in the log."""
        # Sorted here: for the order of their ids MongoDB goes through the digests of every week.
        found = await self._digests.find({"week": week, "published": False}).to_list(None)
        return [_fact(document) for document in sorted(found, key=itemgetter("_id"))]

    async def told(self, region: str, *, since: datetime) -> list[tuple[str, Role]]:
        """Matters and the offices that were told of them since then; digests themselves are no matter to be read."""
        wanted = {"region_code": region, "fact_at": {"$gte": since}, "kind": {"$nin": sorted(ON_REQUEST)}}
        named = {"kind": True, "fact_id": True, "role": True}
        found = self._notices.find(wanted, named).sort("fact_at", DESCENDING).limit(TOLD_MAX)
        return [
            (matter_id(NoticeKind(each["kind"]), each["fact_id"], region), Role(each["role"]))
            for each in await found.to_list(None)
            if each["role"] != Role.SYSTEM
        ]


def _kept(fact: WeekSummedUpV1) -> Document:
    return {
        "_id": fact.identity(),
        "region_code": fact.region_code,
        "week": fact.week,
        "fact": fact.model_dump_json(),
    }


def _fact(document: Document) -> WeekSummedUpV1:
    return WeekSummedUpV1.model_validate_json(document["fact"])
