"""What a region was told, whoever of it was told; what its offices said to that, and who read it.

``matters``           one document a matter: its frozen part; ``asks`` says that somebody is to act, ``acted`` that a
                      later report of the quarter was accepted, ``offices`` when each office acknowledged it, ``step``
                      the last office that was turned to. The writes commute: a rebuild reads topics in any order
``acknowledgements``  one document a matter and office, as the log has it; ``published`` says whether it was seen there
``readings``          one document a matter, when each office first opened it. Follows from no log and decides nothing
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chassis.mongo import DESCENDING, Database, Document, UpdateMany, UpdateOne, find_by_id, insert_first
from contracts.notice import NoticeAcknowledgedV1, NoticeKind, NoticeUnreadV1
from contracts.recipient import Role
from services.notify.domain.cursor import Place
from services.notify.domain.escalation import ASKING
from services.notify.domain.notice import Matter

READINGS_MAX: Final = 2_000
"""Of a region; what is older counts as unread again when it is looked for."""
_OPEN: Final = {"asks": True, "acted": {"$exists": False}, "offices": {"$exists": False}}


@dataclass(frozen=True, slots=True)
class KeptMatter:
    id: str
    kind: NoticeKind
    region_code: str
    fiscal_year: int
    period: str | None
    fact_id: str
    fact_at: datetime
    submission_id: str | None
    asks: bool
    acted: bool
    acknowledged: Mapping[Role, datetime]
    step: int

    @property
    def open(self) -> bool:
        return self.asks and not self.acted and not self.acknowledged


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of matters is narrowed to."""

    kind: NoticeKind | None = None
    period: str | None = None
    open: bool = False
    unread_by: frozenset[Role] = frozenset()
    """Those that none of these offices has opened; empty for all."""


class MatterStore:
    def __init__(self, database: Database) -> None:
        self._matters = database["matters"]
        self._acknowledgements = database["acknowledgements"]
        self._readings = database["readings"]

    async def prepare(self) -> None:
        await self._matters.create_index([("region_code", 1), ("fact_at", DESCENDING), ("_id", 1)])
        await self._matters.create_index([("period", 1), ("region_code", 1), ("asks", 1), ("acted", 1)])
        await self._matters.create_index("fact_at", partialFilterExpression={"asks": True}, name="asking")
        unsaid = {"published": False}
        await self._acknowledgements.create_index("at", partialFilterExpression=unsaid, name="unsaid")
        await self._readings.create_index([("region_code", 1), ("first_at", DESCENDING)])

    # Facts

    async def keep(self, matters: Sequence[Matter]) -> None:
        writes = [UpdateOne({"_id": matter.id}, {"$set": _frozen(matter)}, upsert=True) for matter in matters]
        await self._write(writes)

    async def act(self, accepted: Mapping[tuple[str, str], datetime]) -> None:
        """Note of every matter of region and period that a report accepted since then answers it."""
        await self._write(
            [
                UpdateMany(
                    {"region_code": region, "period": period, "asks": True, "acted": None, "fact_at": {"$lt": at}},
                    {"$set": {"acted": True}},
                )
                for (region, period), at in accepted.items()
            ]
        )

    async def keep_steps(self, marks: Iterable[NoticeUnreadV1]) -> None:
        await self._write(
            [UpdateOne({"_id": mark.matter_id}, {"$max": {"step": mark.step}}, upsert=True) for mark in marks]
        )

    async def _write(self, writes: Sequence[UpdateOne | UpdateMany]) -> None:
        if writes:
            await self._matters.bulk_write(writes, ordered=False)

    # Acknowledgement

    async def acknowledge(self, fact: NoticeAcknowledgedV1) -> bool:
        """Keep what is to be published; False where this office has said so before."""
        first = await insert_first(self._acknowledgements, _kept(fact) | {"published": False})
        await self._mark([fact])
        return first

    async def keep_acknowledged(self, facts: Sequence[NoticeAcknowledgedV1]) -> None:
        """What stands in the log; of one office the first counts."""
        if not facts:
            return
        writes = [
            UpdateOne({"_id": fact.identity()}, {"$setOnInsert": _kept(fact), "$set": {"published": True}}, upsert=True)
            for fact in facts
        ]
        await self._acknowledgements.bulk_write(writes)
        await self._mark(facts)

    async def _mark(self, facts: Iterable[NoticeAcknowledgedV1]) -> None:
        marks = [(fact.matter_id, f"offices.{Role(fact.office).name}", fact.acknowledged_at) for fact in facts]
        await self._write([UpdateOne({"_id": key}, {"$min": {name: at}}, upsert=True) for key, name, at in marks])

    async def unsaid(self, *, before: datetime, limit: int) -> list[NoticeAcknowledgedV1]:
        """Acknowledgements kept before that instant and not yet seen in the log."""
        found = self._acknowledgements.find({"published": False, "at": {"$lt": before}}).sort("at", 1).limit(limit)
        return [NoticeAcknowledgedV1.model_validate_json(each["fact"]) for each in await found.to_list(None)]

    # Reading

    async def opened(self, matter: KeptMatter, roles: Collection[Role], at: datetime) -> None:
        """Note when each of the offices first opened it."""
        if roles:
            first = {f"by.{role.name}": at for role in roles}
            there = {"region_code": matter.region_code, "first_at": at}
            change = {"$setOnInsert": there, "$min": first}
            await self._readings.update_one({"_id": matter.id}, change, upsert=True)

    async def read_by(self, region: str, ids: Sequence[str]) -> Mapping[str, Mapping[Role, datetime]]:
        """Of each matter that was opened, by whom and when first."""
        found = await find_by_id(self._readings, ids)
        return {
            key: {Role[name]: at for name, at in document["by"].items()}
            for key, document in found.items()
            if document["region_code"] == region
        }

    async def find(self, matter_id: str) -> KeptMatter | None:
        found = await self._matters.find_one({"_id": matter_id, "fact_at": {"$exists": True}})
        return None if found is None else _matter(found)

    async def page(self, region: str, wanted: Wanted, *, after: Place | None = None, limit: int) -> list[KeptMatter]:
        """Newest fact first, behind the given one."""
        query: dict[str, Any] = {"region_code": region} | (_OPEN if wanted.open else {})
        query |= {name: word for name in ("kind", "period") if (word := getattr(wanted, name)) is not None}
        if after is not None:
            at, matter_id = after
            query["$or"] = [{"fact_at": {"$lt": at}}, {"fact_at": at, "_id": {"$gt": matter_id}}]
        if wanted.unread_by:
            read = {"region_code": region, "$or": [{f"by.{role.name}": {"$exists": True}} for role in wanted.unread_by]}
            newest = self._readings.find(read, {"_id": True}).sort("first_at", DESCENDING).limit(READINGS_MAX)
            query["_id"] = {"$nin": [each["_id"] for each in await newest.to_list(None)]}
        found = self._matters.find(query).sort([("fact_at", DESCENDING), ("_id", 1)]).limit(limit)
        return [_matter(document) for document in await found.to_list(None)]

    async def oldest_open(self, region: str, *, limit: int) -> list[KeptMatter]:
        found = self._matters.find({"region_code": region} | _OPEN).sort([("fact_at", 1), ("_id", 1)]).limit(limit)
        return [_matter(document) for document in await found.to_list(None)]

    async def count_open(self, regions: Collection[str]) -> Mapping[str, int]:
        counted = dict.fromkeys(regions, 0)
        for region in counted:
            counted[region] = await self._matters.count_documents({"region_code": region} | _OPEN)
        return counted

    async def unanswered(self, *, since: datetime, until: datetime, limit: int) -> list[KeptMatter]:
        """Matters of that time that ask somebody to act, and that nobody has answered; oldest first."""
        query = _OPEN | {"kind": {"$in": sorted(ASKING)}, "fact_at": {"$gt": since, "$lte": until}}
        found = self._matters.find(query).sort("fact_at", 1).limit(limit)
        return [_matter(document) for document in await found.to_list(None)]


def _frozen(matter: Matter) -> Document:
    names = ("region_code", "fiscal_year", "period", "fact_id", "fact_at", "submission_id")
    asks = {"kind": matter.kind, "asks": matter.kind in ASKING}
    return {name: getattr(matter, name) for name in names} | asks


def _kept(fact: NoticeAcknowledgedV1) -> Document:
    return {"_id": fact.identity(), "at": fact.acknowledged_at, "fact": fact.model_dump_json()}


def _matter(document: Document) -> KeptMatter:
    names = ("region_code", "fiscal_year", "period", "fact_id", "fact_at", "submission_id", "asks")
    return KeptMatter(
        id=document["_id"],
        kind=NoticeKind(document["kind"]),
        **{name: document[name] for name in names},
        acted=document.get("acted", False),
        acknowledged={Role[name]: at for name, at in document.get("offices", {}).items()},
        step=document.get("step", 0),
    )
