"""The only place with queries of scoring.

``scorecards``  one per accepted report, kept once: its figures, the event to publish, the report as it came
``heads``       the report that counts for each region and period
``marks``       regions whose entry of a period is settled
``periods``     the calendar as it was last changed
``steps``       every step that an edition of the awards took, with the event to publish
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from pydantic import BaseModel

from chassis.events import Event
from chassis.mongo import (
    ASCENDING,
    Collection,
    Database,
    Document,
    UpdateOne,
    aggregate,
    find_by_id,
    insert_once,
    insert_where_free,
)
from chassis.unlogged import Unlogged
from contracts.award import AwardStepTakenV1
from contracts.period import PeriodChangedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import Submission
from contracts.verdict import EntrySettledV1
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.flight import Mark
from services.scoring.domain.steps import Progress

UNLOGGED: Final = Unlogged(waiting={"steps": {"published": False}})
_WITHOUT_REPORT: Final[Document] = {"report": 0}


@dataclass(frozen=True, slots=True)
class KeptScorecard:
    figures: QuarterFigures
    event: Event
    report: bytes = field(default=b"", compare=False, repr=False)
    """The report's JSON, by which the scorecard can be explained; of those that are read, ``reports`` alone has it."""


@dataclass(frozen=True, slots=True)
class KeptStep:
    step: AwardStepTakenV1
    published: bool


class Store:
    def __init__(self, database: Database) -> None:
        self._scorecards = database["scorecards"]
        self._heads = database["heads"]
        self._marks = database["marks"]
        self._periods = database["periods"]
        self._steps = database["steps"]

    async def prepare(self) -> None:
        await self._scorecards.create_index([("figures.period", ASCENDING), ("figures.region_code", ASCENDING)])
        await self._heads.create_index("period")
        await self._marks.create_index("period")
        await self._steps.create_index("edition_year")

    async def scorecards(self, submission_ids: Sequence[str]) -> dict[str, KeptScorecard]:
        found = await find_by_id(self._scorecards, submission_ids, _WITHOUT_REPORT)
        return {submission_id: _kept_scorecard(document) for submission_id, document in found.items()}

    async def keep_scorecards(self, scorecards: Iterable[KeptScorecard]) -> None:
        """Raises:
        Conflict: somebody else kept one of them first.
        """
        await insert_once(self._scorecards, [_scorecard_document(kept) for kept in scorecards])

    async def revisions(self, region_code: str, period: str) -> list[KeptScorecard]:
        """Every scorecard that the region ever had for the period, in their order; the last one counts."""
        mine = {"figures.region_code": region_code, "figures.period": period}
        found = await self._scorecards.find(mine, _WITHOUT_REPORT).to_list(None)
        return sorted((_kept_scorecard(document) for document in found), key=lambda kept: kept.figures.revision)

    async def reports(self, submission_ids: Sequence[str]) -> dict[str, Submission]:
        """The accepted reports from which scorecards were made."""
        found = await find_by_id(self._scorecards, submission_ids, {"report": 1})
        return {key: Submission.model_validate_json(one["report"]) for key, one in found.items() if one.get("report")}

    async def raise_heads(self, figures: Iterable[QuarterFigures]) -> None:
        """Let each report count, unless a newer one does already."""
        documents = [_head_document(quarter) for quarter in figures]
        # Most reports are the first of their region and period: to insert one costs the server a fifth of a compare.
        taken = await insert_where_free(self._heads, [one for one in documents if one["revision"] == 1])
        await _raise(self._heads, [*taken, *(one for one in documents if one["revision"] > 1)])

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

    async def counted(self, submission_ids: Sequence[str]) -> list[QuarterFigures]:
        """The figures of these reports, whether or not they are the ones that count today."""
        found = await find_by_id(self._scorecards, submission_ids, {"figures": 1})
        return [QuarterFigures.model_validate(document["figures"], strict=False) for document in found.values()]

    async def steps(self, edition_year: int | None = None) -> list[KeptStep]:
        """The steps of one edition, or of all, in the order in which they were taken."""
        chosen = {} if edition_year is None else {"edition_year": edition_year}
        found = (
            await self._steps.find(chosen).sort([("edition_year", ASCENDING), ("revision", ASCENDING)]).to_list(None)
        )
        return [_kept_step(document) for document in found]

    async def progress(self, edition_year: int) -> Progress:
        return Progress(tuple(kept.step for kept in await self.steps(edition_year)))

    async def take_step(self, step: AwardStepTakenV1) -> None:
        """Keep what is not yet published.

        Raises:
            Conflict: somebody else took a step of this number first.
        """
        await insert_once(self._steps, [_step_document(step, published=False)])

    async def keep_published(self, steps: Iterable[AwardStepTakenV1]) -> None:
        """What stands in the log is published."""
        await _raise(self._steps, [_step_document(step, published=True) for step in steps])


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
    return {"_id": kept.figures.submission_id, "figures": figures, "event": kept.event.kept(), "report": kept.report}


def _kept_scorecard(document: Document) -> KeptScorecard:
    figures = QuarterFigures.model_validate(document["figures"], strict=False)
    return KeptScorecard(figures, Event.from_kept(document["event"]))


def _step_document(step: AwardStepTakenV1, *, published: bool) -> Document:
    return {
        "_id": step.identity(),
        "edition_year": step.edition_year,
        "revision": step.number,
        "published": published,
        "event": Event.of(step).kept(),
    }


def _kept_step(document: Document) -> KeptStep:
    event = Event.from_kept(document["event"])
    return KeptStep(AwardStepTakenV1.model_validate_json(event.value), document["published"])
