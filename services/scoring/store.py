"""The only place with queries of scoring.

``scorecards``  one per accepted report, kept once: its figures and the event to publish
``heads``       the report that counts for each region and period
``marks``       regions whose entry of a period is settled
``periods``     the calendar as it was last changed
``awards``      what became of each award last, with the event to publish
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel

from chassis.events import Event
from chassis.mongo import (
    ASCENDING,
    Collection,
    Database,
    Document,
    Move,
    UpdateOne,
    aggregate,
    find_by_id,
    insert_once,
    move,
)
from contracts.award import AwardChangedV1
from contracts.period import PeriodChangedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.verdict import EntrySettledV1
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.flight import Mark


@dataclass(frozen=True, slots=True)
class KeptScorecard:
    figures: QuarterFigures
    event: Event


@dataclass(frozen=True, slots=True)
class KeptAward:
    award: AwardChangedV1
    published: bool


class Store:
    def __init__(self, database: Database) -> None:
        self._scorecards = database["scorecards"]
        self._heads = database["heads"]
        self._marks = database["marks"]
        self._periods = database["periods"]
        self._awards = database["awards"]

    async def prepare(self) -> None:
        await self._heads.create_index("period")
        await self._marks.create_index("period")
        await self._awards.create_index("edition_year")

    async def scorecards(self, submission_ids: Sequence[str]) -> dict[str, KeptScorecard]:
        found = await find_by_id(self._scorecards, submission_ids)
        return {submission_id: _kept_scorecard(document) for submission_id, document in found.items()}

    async def keep_scorecards(self, scorecards: Iterable[KeptScorecard]) -> None:
        """Raises:
        Conflict: somebody else kept one of them first.
        """
        await insert_once(self._scorecards, [_scorecard_document(kept) for kept in scorecards])

    async def raise_heads(self, figures: Iterable[QuarterFigures]) -> None:
        """Let each report count, unless a newer one does already."""
        await _raise(self._heads, [_head_document(quarter) for quarter in figures])

    async def keep_marks(self, marks: Iterable[EntrySettledV1]) -> None:
        documents = [
            {
                "_id": mark.identity(),
                "region_code": mark.region_code,
                "period": mark.period,
                "period_revision": mark.period_revision,
                "reported": mark.reported,
            }
            for mark in marks
        ]
        if documents:
            writes = [UpdateOne({"_id": kept["_id"]}, {"$setOnInsert": kept}, upsert=True) for kept in documents]
            await self._marks.bulk_write(writes, ordered=False)

    async def keep_periods(self, periods: Iterable[PeriodChangedV1]) -> None:
        await _raise(self._periods, [{"_id": period.period} | period.model_dump(mode="json") for period in periods])

    async def figures_of(self, periods: Sequence[str]) -> list[QuarterFigures]:
        """The figures that count, of every region."""
        found = await self._heads.find({"period": {"$in": list(periods)}}, {"_id": 0}).to_list(None)
        return [QuarterFigures.model_validate(document, strict=False) for document in found]

    async def periods_scored(self) -> list[str]:
        """The periods of which a report counts, earliest first."""
        by_period: Document = {"$group": {"_id": "$period", "any": {"$first": "$period"}}}
        return sorted(found["_id"] for found in await aggregate(self._heads, [{"$sort": {"period": 1}}, by_period]))

    async def figures_of_region(self, region_code: str) -> list[QuarterFigures]:
        """The figures that count, of every period, earliest first."""
        mine = {"$gte": f"{region_code}/", "$lt": f"{region_code}0"}  # a zero is the sign that follows on a slash
        found = await self._heads.find({"_id": mine}).sort("_id", ASCENDING).to_list(None)
        return [QuarterFigures.model_validate(document, strict=False) for document in found]

    async def scorecards_of(self, submission_ids: Sequence[str]) -> dict[str, ScorecardUpdatedV1]:
        kept = await self.scorecards(submission_ids)
        return {key: ScorecardUpdatedV1.model_validate_json(one.event.value) for key, one in kept.items()}

    async def sector_indices(self, submission_ids: Sequence[str]) -> dict[str, dict[str, Decimal | None]]:
        """Of each scorecard the index of each sector, without reading what stands below them."""
        found = await find_by_id(self._scorecards, submission_ids, {"event.value": 1})
        return {key: _sector_indices(document["event"]["value"]) for key, document in found.items()}

    async def scorecard(self, region_code: str, period: str) -> ScorecardUpdatedV1 | None:
        head = await self._heads.find_one({"_id": f"{region_code}/{period}"}, {"submission_id": 1})
        if head is None:
            return None
        kept = await self.scorecards([head["submission_id"]])
        return ScorecardUpdatedV1.model_validate_json(kept[head["submission_id"]].event.value)

    async def periods(self, periods: Sequence[str]) -> dict[str, PeriodChangedV1]:
        found = await find_by_id(self._periods, periods)
        return {text: PeriodChangedV1.model_validate(kept, strict=False) for text, kept in found.items()}

    async def marks(self, periods: Sequence[str]) -> list[Mark]:
        found = await self._marks.find({"period": {"$in": list(periods)}}, {"_id": 0}).to_list(None)
        return [Mark(**document) for document in found]

    async def awards(self, edition_year: int | None = None) -> list[KeptAward]:
        """The awards of one edition, or of all, by category."""
        chosen = {} if edition_year is None else {"edition_year": edition_year}
        found = await self._awards.find(chosen).sort("_id", ASCENDING).to_list(None)
        return [_kept_award(document) for document in found]

    async def change_awards(self, changed: Iterable[AwardChangedV1]) -> None:
        """Keep what is not yet published; each follows on the revision before its own.

        Raises:
            Conflict: somebody else changed one of them first.
        """
        steps = [Move(_award_document(award, published=False), before=award.revision - 1 or None) for award in changed]
        await move(self._awards, steps)

    async def keep_published(self, awards: Iterable[AwardChangedV1]) -> None:
        """What stands in the log is published; an older revision changes nothing."""
        await _raise(self._awards, [_award_document(award, published=True) for award in awards])


class _SectorIndex(BaseModel):
    sector: str
    index_pct: Decimal | None


class _SectorIndices(BaseModel):
    sectors: list[_SectorIndex]


def _sector_indices(scorecard: bytes) -> dict[str, Decimal | None]:
    return {one.sector: one.index_pct for one in _SectorIndices.model_validate_json(scorecard).sectors}


async def _raise(collection: Collection, documents: Iterable[Document]) -> None:
    """Put each document in place unless a newer revision is there: safe to repeat, in any order and by anybody."""
    writes = [
        UpdateOne(
            {"_id": document["_id"]},
            [
                {
                    "$replaceWith": {
                        "$cond": [{"$gt": ["$revision", document["revision"]]}, "$$ROOT", {"$literal": document}]
                    }
                }
            ],
            upsert=True,
        )
        for document in documents
    ]
    if writes:
        await collection.bulk_write(writes, ordered=False)


def _head_document(figures: QuarterFigures) -> Document:
    return {"_id": f"{figures.region_code}/{figures.period}"} | figures.model_dump(mode="json")


def _scorecard_document(kept: KeptScorecard) -> Document:
    figures = kept.figures.model_dump(mode="json")
    return {"_id": kept.figures.submission_id, "figures": figures, "event": kept.event.kept()}


def _kept_scorecard(document: Document) -> KeptScorecard:
    figures = QuarterFigures.model_validate(document["figures"], strict=False)
    return KeptScorecard(figures, Event.from_kept(document["event"]))


def _award_document(award: AwardChangedV1, *, published: bool) -> Document:
    return {
        "_id": award.key,
        "edition_year": award.edition_year,
        "revision": award.revision,
        "published": published,
        "event": Event.of(award).kept(),
    }


def _kept_award(document: Document) -> KeptAward:
    event = Event.from_kept(document["event"])
    return KeptAward(AwardChangedV1.model_validate_json(event.value), document["published"])
