"""Intake's database: the only place with its queries.

``submissions``  one document a report, by its id. It begins with an attempt: while ``attempt`` is there, nobody was
                 told that the report arrived; ``begun_at`` is the attempt's own time, ``claim`` (region/period) is held
                 by one attempt at a time of those that name the report they replace. What other services say is added
                 in fields of its own, in any order.
``notices``      one document a settled notice, by its id, and one an office's acknowledgement, by its event's
``overdue``      one document a region, period and revision of the period
``marks``        one document a region, revision of the period and day from its deadline, once the log has that mark
``periods``      the current revision of each period; ``announced`` says whether the log has it
``past``         one document, from when on this database holds what the log says of before
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chassis.mongo import (
    ASCENDING,
    DESCENDING,
    Collection,
    Database,
    Document,
    Move,
    UpdateOne,
    find_by_id,
    insert_first,
    insert_where_free,
    keep_first,
    move,
    replace_where_free,
)
from contracts.operation import Settlement
from contracts.period import PeriodChangedV1
from services.intake.domain import kept

_NEWEST_FIRST: Final = [("received.recorded_at", DESCENDING), ("_id", DESCENDING)]
_LINE: Final = {"judged.findings": False}
_PAST: Final = "known"
_TIED_MAX: Final = 100
_OF_ATTEMPTS: Final = ("attempt", "begun_at", "claim")
_OF_ARRIVAL: Final = ("published", "received")
_UNHEARD_OF: Final[Document] = {"judged": None, "scored": None, "settled": None}
"""Of whose report nobody else has spoken: otherwise the log has it, and what was said of it must not be lost."""
DISCARDED: Final[Document] = {"judged": None, "settled.settlement": Settlement.DISCARDED.value}
"""Reports that nobody will judge, because operators said so."""
_UNCLAIMED: Final = {"$unset": {"claim": ""}}


class Store:
    def __init__(self, database: Database) -> None:
        self._submissions = database["submissions"]
        self._notices = database["notices"]
        self._overdue = database["overdue"]
        self._periods = database["periods"]
        self._marks = database["marks"]
        self._past = database["past"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._submissions.create_index([("region_code", ASCENDING), *_NEWEST_FIRST])
        await self._submissions.create_index(_NEWEST_FIRST)
        await self._submissions.create_index([("period", ASCENDING), ("region_code", ASCENDING)])
        await self._submissions.create_index(
            [("period", ASCENDING), ("begun_at", ASCENDING)], partialFilterExpression={"published": False}
        )
        await self._submissions.create_index("claim", unique=True, partialFilterExpression={"claim": {"$exists": True}})
        await self._notices.create_index("submission_id")
        of_revision = [("period", ASCENDING), ("period_revision", ASCENDING)]
        await self._overdue.create_index(of_revision)
        await self._marks.create_index([*of_revision, ("days_after_due", ASCENDING)])

    # Past

    async def knows_the_past(self) -> bool:
        return await self._past.find_one({"_id": _PAST}) is not None

    async def keep_that_the_past_is_known(self) -> None:
        await insert_first(self._past, {"_id": _PAST})

    # Admission

    async def begin(self, documents: Sequence[Document]) -> list[Document]:
        """Those whose report, or whose claim, another attempt pursues."""
        return await insert_where_free(self._submissions, documents)

    async def take_over(self, document: Document, left_behind: str) -> bool:
        """Whether this attempt replaced the one that was left behind."""
        wanted = {"_id": document["_id"], "attempt": left_behind} | _UNHEARD_OF
        return await replace_where_free(self._submissions, wanted, document)

    async def take_back(self, ids: Sequence[str], attempt: str) -> None:
        await self._submissions.delete_many({"_id": {"$in": list(ids)}, "attempt": attempt} | _UNHEARD_OF)

    async def clear_away(self, before: datetime) -> None:
        """Attempts of before that time, which nobody took up again."""
        # Any period, because the index in which attempts alone stand begins with it: else every report would be read.
        wanted = {"period": {"$gt": ""}, "published": False, "begun_at": {"$lt": before}}
        await self._submissions.delete_many(wanted | _UNHEARD_OF)

    async def published(self, ids: Sequence[str], attempt: str) -> None:
        wanted = {"_id": {"$in": list(ids)}, "attempt": attempt}
        marks = {"$set": {"published": True}, "$unset": dict.fromkeys(_OF_ATTEMPTS, "")}
        await self._submissions.update_many(wanted, marks)

    async def release(self, claim: str, before: datetime) -> None:
        """Free a claim that an attempt of before that time has left behind."""
        await self._submissions.update_one({"claim": claim, "begun_at": {"$lt": before}}, _UNCLAIMED)

    async def has_others_under_way(self, region_code: str, period: str, submission_id: str, since: datetime) -> bool:
        """Whether an attempt at another report of region and period, begun since then, is on its way into the log."""
        wanted = {
            "_id": {"$ne": submission_id},
            "region_code": region_code,
            "period": period,
            "published": False,
            "begun_at": {"$gte": since},
        }
        return await self._submissions.find_one(wanted, {"_id": True}) is not None

    async def has_attempts(self, period: str, since: datetime, until: datetime | None = None) -> bool:
        """Whether attempts begun since then at reports of the period, that came until then, are on their way."""
        wanted: Document = {"period": period, "published": False, "begun_at": {"$gte": since}}
        if until is not None:
            wanted["received.recorded_at"] = {"$lte": until}
        return await self._submissions.find_one(wanted, {"_id": True}) is not None

    # Reports

    async def submission(self, submission_id: str) -> Document | None:
        return await self._submissions.find_one({"_id": submission_id})

    async def submissions(self, ids: Sequence[str]) -> dict[str, Document]:
        """Those that are known, without their findings, by their id."""
        return await find_by_id(self._submissions, ids, _LINE)

    async def page(
        self, region_code: str | None, period: str | None, after: tuple[datetime, str] | None, limit: int
    ) -> list[Document]:
        """Reports without their findings, newest first, those behind ``after`` (time of recording, id)."""
        wanted: Document = {"published": True}
        if region_code is not None:
            wanted["region_code"] = region_code
        if period is not None:
            wanted["period"] = period
        if after is not None:
            at, submission_id = after
            wanted["$or"] = [
                {"received.recorded_at": {"$lt": at}},
                {"received.recorded_at": at, "_id": {"$lt": submission_id}},
            ]
        return await self._submissions.find(wanted, _LINE).sort(_NEWEST_FIRST).limit(limit).to_list(limit)

    async def newest(self, region_code: str, period: str) -> list[Document]:
        """The report that came last; more than one where they came in the same millisecond."""
        found = await self.page(region_code, period, None, _TIED_MAX)
        return [each for each in found if each["received"]["recorded_at"] == found[0]["received"]["recorded_at"]]

    async def successor_of(self, report: Document) -> str | None:
        """The report of the same region and period that was judged in its place."""
        of_both = {name: report[name] for name in ("period", "region_code")}
        found = await self._submissions.find_one(of_both | {"judged.supersedes": report["_id"]}, {"_id": True})
        return found["_id"] if found else None

    async def notices_of(self, submission_id: str) -> list[Document]:
        return await self._notices.find({"submission_id": submission_id}).to_list(None)

    # Facts from the log. The first record of a fact counts; repeating one changes nothing.

    async def add_received(self, facts: Iterable[tuple[Document, datetime]]) -> None:
        """Reports with their offset, and when the log had them. What it has first replaces what an attempt noted."""
        first: dict[str, tuple[Document, datetime]] = {}
        for fact, at in facts:
            first.setdefault(fact["_id"], (fact, at))
        known = await find_by_id(self._submissions, list(first), _OF_ARRIVAL)
        places: dict[str, Document] = {}
        writes = []
        for id_, (fact, at) in first.items():
            noted = known.get(id_, {})
            if noted.get("published") and noted["received"] == fact["received"]:
                places[id_] = {"offset": fact["offset"], "logged_at": at}
            else:
                writes.append(UpdateOne({"_id": id_}, _received(fact, at), upsert=True))
        await _write(self._submissions, writes)
        if places:
            # One update for all of them: a third of the work of as many updates.
            wanted = {"_id": {"$in": list(places)}, "logged_at": {"$exists": False}}
            await self._submissions.update_many(wanted, _placed(places))

    async def add_stage(self, facts: Iterable[Document]) -> None:
        """What another service said of reports; it may be read before the report itself."""
        writes = [UpdateOne({"_id": fact["_id"]}, _what_is_missing(fact), upsert=True) for fact in facts]
        await _write(self._submissions, writes)

    async def add_settled(self, facts: Iterable[Document]) -> None:
        """What operators did about reports that were put aside; it may be read before the report itself."""
        writes = [UpdateOne({"_id": fact["_id"]}, _unless_settled_later(fact), upsert=True) for fact in facts]
        await _write(self._submissions, writes)

    async def add_notices(self, notices: Iterable[Document]) -> None:
        await keep_first(self._notices, notices)

    async def add_overdue(self, overdue: Iterable[Document]) -> None:
        await keep_first(self._overdue, overdue)

    async def add_marks(self, marks: Iterable[Document]) -> None:
        await keep_first(self._marks, marks)

    # Periods

    async def marked(self, period: PeriodChangedV1, days_after_due: int) -> set[str]:
        """The codes of the regions whose mark the log is known to have; the days are negative before the deadline."""
        wanted = {
            "period": period.period,
            "period_revision": period.revision,
            "days_after_due": days_after_due,
        }
        found = await self._marks.find(wanted, {"region_code": True}).to_list(None)
        return {mark["region_code"] for mark in found}

    async def period(self, period: str) -> PeriodChangedV1 | None:
        found = await self._periods.find_one({"_id": period})
        return _period(found) if found else None

    async def periods(self, named: Iterable[str] | None = None) -> list[PeriodChangedV1]:
        """The latest first; all that were ever opened where none are named."""
        wanted = {} if named is None else {"_id": {"$in": list(named)}}
        return [_period(found) for found in await self._periods.find(wanted).sort("_id", DESCENDING).to_list(None)]

    async def change_period(self, change: PeriodChangedV1) -> None:
        """Keep the next revision, not yet announced.

        Raises:
            Conflict: somebody else changed the period in the meantime.
        """
        document = kept.period(change) | {"announced": False}
        await move(self._periods, [Move(document, change.revision - 1 or None)])

    async def unannounced(self) -> list[PeriodChangedV1]:
        return [_period(found) for found in await self._periods.find({"announced": False}).to_list(None)]

    async def announced(self, change: PeriodChangedV1) -> bool:
        """Note that the log has it; False where the period has moved on since."""
        wanted = {"_id": change.period, "revision": change.revision}
        done = await self._periods.update_one(wanted, {"$set": {"announced": True}})
        return bool(done.matched_count)

    async def add_periods(self, changes: Iterable[PeriodChangedV1]) -> None:
        """Changes from the log, where the marks stand before the change.

        An older one replaces nothing; behind the newer one it asks for that to be announced again, because compaction
        keeps the last record.
        """
        writes = [UpdateOne({"_id": change.period}, _unless_older(change), upsert=True) for change in changes]
        await _write(self._periods, writes)


async def _write(collection: Collection, writes: Sequence[UpdateOne]) -> None:
    """In order, so that of two records of one fact the first counts."""
    if writes:
        await collection.bulk_write(writes)


def _period(document: Mapping[str, Any]) -> PeriodChangedV1:
    return PeriodChangedV1.model_validate(document, strict=False)


def _received(fact: Document, at: datetime) -> list[Document]:
    unlogged = {"$eq": [{"$type": "$logged_at"}, "missing"]}
    fields = {
        "region_code": {"$literal": fact["region_code"]},
        "period": {"$literal": fact["period"]},
        "received": {"$cond": [unlogged, {"$literal": fact["received"]}, "$received"]},
        "published": True,
        "logged_at": {"$ifNull": ["$logged_at", at]},
        "offset": {"$ifNull": ["$offset", fact["offset"]]},
    }
    return [{"$set": fields}, {"$unset": list(_OF_ATTEMPTS)}]


def _placed(places: Mapping[str, Document]) -> list[Document]:
    """Each document gains what stands under its id."""
    row = {"$indexOfArray": [{"$literal": list(places)}, "$_id"]}
    its_own = {"$arrayElemAt": [{"$literal": list(places.values())}, row]}
    return [{"$replaceWith": {"$mergeObjects": ["$$ROOT", its_own]}}]


def _what_is_missing(fact: Document) -> list[Document]:
    fields = {name: {"$ifNull": [f"${name}", {"$literal": told}]} for name, told in fact.items() if name != "_id"}
    return [{"$set": fields}]


def _unless_settled_later(fact: Document) -> list[Document]:
    later = {"$gte": [fact["settled"]["offset"], {"$ifNull": ["$settled.offset", -1]}]}
    return [{"$set": {"settled": {"$cond": [later, {"$literal": fact["settled"]}, "$settled"]}}}]


def _unless_older(change: PeriodChangedV1) -> list[Document]:
    newer = {"$gte": [change.revision, {"$ifNull": ["$revision", 0]}]}
    known = {"$literal": kept.period(change) | {"announced": True}}
    again = {"$mergeObjects": ["$$ROOT", {"announced": False}]}
    return [{"$replaceWith": {"$cond": [newer, known, again]}}]
