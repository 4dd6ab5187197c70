"""How each quarter of each region stands, and each category of the awards: what was last said of it.

``standings``  one document a region and quarter; of verdicts, scorecards and missing reports the newest counts
``awards``     one document an edition and category, the newest revision

Every write sets one part and only a newer one, so that they commute: a rebuild reads topics in any order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chassis.mongo import Database, Document, UpdateOne, find_by_id
from contracts.award import AwardChangedV1
from contracts.message import Message
from contracts.scorecard import ScorecardUpdatedV1
from contracts.verdict import ReportOverdueV1, SubmissionJudgedV1, VerdictOutcome
from services.notify.domain.facts import Value
from services.notify.domain.situation import AwardStanding, Card, Missed, Standing, Verdict

QUARTERS_MAX: Final = 400
"""Of one region: a hundred years."""
AWARDS_MAX: Final = 400

Key = tuple[str, str]
"""Region and period."""


class SituationStore:
    def __init__(self, database: Database) -> None:
        self._standings = database["standings"]
        self._awards = database["awards"]

    async def prepare(self) -> None:
        await self._standings.create_index([("region_code", 1), ("period", 1)])
        await self._awards.create_index("told.nominees.region_code")

    async def keep(self, messages: Iterable[Message]) -> None:
        standings, awards = list[UpdateOne](), list[UpdateOne]()
        for message in messages:
            match message:
                case SubmissionJudgedV1():
                    standings += _verdicts(message)
                case ScorecardUpdatedV1():
                    standings.append(_of_quarter(message, "card", message.revision, Card.of(message)))
                case ReportOverdueV1():
                    standings.append(_of_quarter(message, "missed", message.closed_at, Missed.of(message)))
                case AwardChangedV1():
                    key = f"{message.edition_year}/{message.category}"
                    awards.append(_newest(key, {}, "told", message.revision, AwardStanding.of(message)))
        if standings:
            await self._standings.bulk_write(standings)
        if awards:
            await self._awards.bulk_write(awards)

    async def accepted_at(self, keys: Collection[Key]) -> Mapping[Key, datetime]:
        """When the newest accepted report of each quarter was judged, where there is one."""
        ids = [f"{region}/{period}" for region, period in keys]
        found = await find_by_id(self._standings, ids, {"region_code": True, "period": True, "accepted_at": True})
        return {
            (each["region_code"], each["period"]): each["accepted_at"]
            for each in found.values()
            if "accepted_at" in each
        }

    async def of_region(self, region: str) -> Mapping[str, Standing]:
        """By period."""
        found = self._standings.find({"region_code": region}).sort("period", -1).limit(QUARTERS_MAX)
        return {document["period"]: _standing(document) for document in await found.to_list(None)}

    async def awards_of(self, region: str) -> Sequence[AwardStanding]:
        """Newest edition first."""
        found = self._awards.find({"told.nominees.region_code": region}).sort("_id", -1).limit(AWARDS_MAX)
        return [AwardStanding.model_validate(document["told"]) for document in await found.to_list(None)]


def _verdicts(message: SubmissionJudgedV1) -> list[UpdateOne]:
    verdict = Verdict.of(message)
    writes = [_of_quarter(message, "judged", message.revision, verdict)]
    if message.outcome is not VerdictOutcome.RETURNED:
        writes.append(_of_quarter(message, "accepted", message.revision, verdict))
        key = f"{message.region_code}/{message.period}"
        writes.append(UpdateOne({"_id": key}, {"$max": {"accepted_at": message.recorded_at}}))
    return writes


def _of_quarter(
    message: SubmissionJudgedV1 | ScorecardUpdatedV1 | ReportOverdueV1, part: str, order: int | datetime, told: Value
) -> UpdateOne:
    named = {"region_code": message.region_code, "period": message.period}
    return _newest(f"{message.region_code}/{message.period}", named, part, order, told)


def _newest(key: str, named: Document, part: str, order: int | datetime, told: Value) -> UpdateOne:
    """``order`` decides which of two is newer; it stands beside the part."""
    place = f"{part}_order"
    older: Any = {"$lte": [{"$ifNull": [f"${place}", None]}, order]}
    document = {"$literal": told.model_dump(mode="json")}
    fields = {name: {"$literal": text} for name, text in named.items()}
    change = fields | {
        part: {"$cond": [older, document, f"${part}"]},
        place: {"$cond": [older, order, f"${place}"]},
    }
    return UpdateOne({"_id": key}, [{"$set": change}], upsert=True)


def _standing(document: Document) -> Standing:
    names = ("region_code", "period", "judged", "accepted", "card", "missed")
    return Standing.model_validate({name: document[name] for name in names if name in document})
