"""What validation keeps: the only place with its queries.

``verdicts``     one a report, by submission id, with the event that tells of it
``settlements``  one a closed entry, by region, period and the period's revision, with the events that tell of it
``heads``        one a region and period: where it stands after its latest report; follows from the verdicts
"""

import asyncio
from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chassis.events import Event
from chassis.mongo import ASCENDING, Database, Document, Move, find_by_id, insert_once, move
from contracts.verdict import VerdictOutcome
from services.validation.domain.head import Head
from services.validation.domain.kept_figures import KeptFigures, text_of


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    submission_id: str
    region_code: str
    period: str
    revision: int
    outcome: VerdictOutcome
    codes: tuple[str, ...]
    """Of the rules that were broken, each once."""
    event: Event


@dataclass(frozen=True, slots=True)
class KeptSettlement:
    id: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What was kept before the batch, of all that the batch may need; by id."""

    verdicts: Mapping[str, KeptVerdict]
    settlements: Mapping[str, KeptSettlement]
    heads: Mapping[str, Head]


class Store:
    def __init__(self, database: Database) -> None:
        self._verdicts = database["verdicts"]
        self._settlements = database["settlements"]
        self._heads = database["heads"]

    async def prepare(self) -> None:
        """Two processes that judge the same report at once must collide."""
        keys = [("region_code", ASCENDING), ("period", ASCENDING), ("revision", ASCENDING)]
        await self._verdicts.create_index(keys, unique=True, name="one_verdict_a_revision")

    async def known(self, *, submissions: Several[str], settlements: Several[str], heads: Several[str]) -> Known:
        verdicts_found, settlements_found, heads_found = await asyncio.gather(
            find_by_id(self._verdicts, list(submissions)),
            find_by_id(self._settlements, list(settlements)),
            find_by_id(self._heads, list(heads)),
        )
        return Known(
            verdicts={id_: _verdict(document) for id_, document in verdicts_found.items()},
            settlements={id_: _settlement(document) for id_, document in settlements_found.items()},
            heads={id_: _head(document) for id_, document in heads_found.items()},
        )

    async def keep(
        self,
        *,
        verdicts: Iterable[KeptVerdict],
        settlements: Iterable[KeptSettlement],
        moved: Sequence[tuple[Head, Head | None]],
    ) -> None:
        """Outcomes first, then the heads, each from the state that was read (None: there was none).

        A crash in between leaves heads behind their verdicts, never ahead of them; the redelivery moves them.

        Raises:
            Conflict: another process kept one of these first.
        """
        await insert_once(self._verdicts, [_verdict_document(verdict) for verdict in verdicts])
        await insert_once(self._settlements, [_settlement_document(settlement) for settlement in settlements])
        await move(
            self._heads, [Move(_head_document(head), before.revision if before else None) for head, before in moved]
        )

    async def verdict(self, submission_id: str) -> KeptVerdict | None:
        document = await self._verdicts.find_one({"_id": submission_id})
        return None if document is None else _verdict(document)


def _verdict(document: Document) -> KeptVerdict:
    return KeptVerdict(
        submission_id=document["_id"],
        region_code=document["region_code"],
        period=document["period"],
        revision=document["revision"],
        outcome=VerdictOutcome(document["outcome"]),
        codes=tuple(document["codes"]),
        event=Event.from_kept(document["event"]),
    )


def _verdict_document(verdict: KeptVerdict) -> Document:
    return {
        "_id": verdict.submission_id,
        "region_code": verdict.region_code,
        "period": verdict.period,
        "revision": verdict.revision,
        "outcome": verdict.outcome.value,
        "codes": list(verdict.codes),
        "event": verdict.event.kept(),
    }


def _settlement(document: Document) -> KeptSettlement:
    return KeptSettlement(document["_id"], tuple(map(Event.from_kept, document["events"])))


def _settlement_document(settlement: KeptSettlement) -> Document:
    return {"_id": settlement.id, "events": [event.kept() for event in settlement.events]}


def _head(document: Document) -> Head:
    return Head(
        region_code=document["region_code"],
        period=document["period"],
        revision=document["revision"],
        submission_id=document["submission_id"],
        accepted_id=document["accepted_id"],
        returned=document["returned"],
        figures=KeptFigures(document["figures"]),
    )


def _head_document(head: Head) -> Document:
    return {
        "_id": head.id,
        "region_code": head.region_code,
        "period": head.period,
        "revision": head.revision,
        "submission_id": head.submission_id,
        "accepted_id": head.accepted_id,
        "returned": head.returned,
        "figures": text_of(head.figures),
    }
