"""What the ledger is counted from; ``submissions``, ``overdue`` and ``periods`` belong to the module of submissions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from chassis.mongo import ASCENDING, Collection, Database, Document, aggregate
from contracts.operation import Settlement
from contracts.verdict import VerdictOutcome
from services.intake.domain.ledger import SHOWN_WITHIN, VERDICT_OF, Count, Entry, Ledger, ledger_of

_FIELDS: Final = {
    "region_code": 1,
    "period": 1,
    "published": 1,
    "logged_at": 1,
    "received.client_id": 1,
    "received.recorded_at": 1,
    "judged.client_id": 1,
    "judged.outcome": 1,
    "judged.revision": 1,
    "judged.at": 1,
    "scored.event_id": 1,
    "settled.settlement": 1,
}
_ANY_CLIENT: Final = {"$ifNull": ["$judged.client_id", "$received.client_id", "unknown"]}
_SENT: Final = {"$eq": ["$published", True]}


class LedgerStore:
    def __init__(self, database: Database) -> None:
        self._submissions = database["submissions"]
        self._overdue = database["overdue"]
        self._periods = database["periods"]

    async def periods(self) -> set[str]:
        """All of which there are reports."""
        return await self._periods_of([{"$match": {"period": {"$gt": ""}}}, {"$sort": {"period": ASCENDING}}])

    async def moving(self, since: datetime) -> set[str]:
        """The periods of reports that came since then, and of those that have no verdict."""
        unjudged = {"judged": None, "received.recorded_at": {"$lt": since}}
        return {
            *await self._periods_of([{"$match": {"received.recorded_at": {"$gte": since}}}]),
            *await self._periods_of([{"$match": unjudged}]),
        }

    async def _periods_of(self, stages: Sequence[Document]) -> set[str]:
        found = await aggregate(self._submissions, [*stages, {"$group": {"_id": "$period"}}])
        return {each["_id"] for each in found}

    async def ledger(
        self,
        now: datetime,
        periods: Sequence[str] | None = None,
        *,
        region_codes: Sequence[str] | None = None,
        client_id: str | None = None,
    ) -> Ledger:
        """Of these periods, regions and this client; None for all. Every count of a report is of one moment."""
        wanted: Document = {}
        if periods is not None:
            wanted["period"] = {"$in": list(periods)}
        if region_codes is not None:
            wanted["region_code"] = {"$in": list(region_codes)}
        counted = await aggregate(self._submissions, _pipeline(wanted, now, client_id))
        counts = [
            Count(each["_id"]["client"], each["_id"]["period"], Entry(each["_id"]["entry"]), each["reports"])
            for each in counted
        ]
        return ledger_of(counts, overdue=await _overdue(self._overdue, self._periods, wanted))


def _pipeline(wanted: Document, now: datetime, client_id: str | None) -> list[Document]:
    latest = {"latest": {"$max": "$judged.revision"}}
    of_one = {"region": "$region_code", "period": "$period"}
    return [
        {"$match": wanted},
        {"$project": _FIELDS},
        {"$setWindowFields": {"partitionBy": of_one, "output": latest}},
        {"$project": {"period": 1, "entry": {"$concatArrays": _entries(now)}}},
        {"$unwind": "$entry"},
        {"$match": {} if client_id is None else {"entry.client": client_id}},
        {
            "$group": {
                "_id": {"client": "$entry.client", "period": "$period", "entry": "$entry.name"},
                "reports": {"$sum": 1},
            }
        },
    ]


def _entries(now: datetime) -> list[Document]:
    """What one document adds: first on the side of what was sent, then its place, then what is told besides."""
    long_ago = now - SHOWN_WITHIN
    judged, logged = _is("$judged.outcome", "string"), _is("$logged_at", "date")
    known_long = {"$lt": ["$received.recorded_at", long_ago]}
    unjudged = {"$and": [_SENT, {"$not": [judged]}]}
    settled = {"$eq": ["$settled.settlement", Settlement.DISCARDED.value]}
    discarded = {"$and": [unjudged, settled]}
    unlogged = {"$and": [unjudged, {"$not": [settled]}, {"$not": [logged]}, known_long]}
    waiting = {"$and": [unjudged, {"$not": [settled]}, {"$or": [logged, {"$not": [known_long]}]}]}
    unsent = {"$and": [judged, {"$not": [_SENT]}, {"$lt": ["$judged.at", long_ago]}]}
    superseded = {"$lt": ["$judged.revision", "$latest"]}
    place = {"$cond": [superseded, Entry.SUPERSEDED.value, "$judged.outcome"]}
    outcomes = [
        {"case": {"$eq": ["$judged.outcome", outcome.value]}, "then": VERDICT_OF[outcome].value}
        for outcome in VerdictOutcome
    ]
    return [
        _if(_SENT, "$received.client_id", Entry.SENT.value),
        _if({"$or": [{"$and": [judged, _SENT]}, unsent]}, _ANY_CLIENT, place),
        _if(waiting, "$received.client_id", Entry.PENDING.value),
        _if(discarded, "$received.client_id", Entry.DISCARDED.value),
        _if(unlogged, "$received.client_id", Entry.UNLOGGED.value),
        _if(unsent, _ANY_CLIENT, Entry.UNSENT.value),
        _if(judged, _ANY_CLIENT, {"$switch": {"branches": outcomes}}),
        _if(_is("$scored.event_id", "string"), _ANY_CLIENT, Entry.SCORED.value),
    ]


def _is(field: str, kind: str) -> Document:
    return {"$eq": [{"$type": field}, kind]}


def _if(condition: Any, client: Any, entry: Any) -> Document:
    return {"$cond": [condition, [{"client": client, "name": entry}], []]}


async def _overdue(overdue: Collection, periods: Collection, wanted: Document) -> int:
    """Of the current revision of each period alone."""
    of_periods = {"_id": wanted["period"]} if "period" in wanted else {}
    current = await periods.find(of_periods).to_list(None)
    revisions = [{"period": period["_id"], "period_revision": period["revision"]} for period in current]
    regions = {"region_code": wanted["region_code"]} if "region_code" in wanted else {}
    return await overdue.count_documents({"$or": revisions} | regions) if revisions else 0
