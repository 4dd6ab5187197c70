"""What validation keeps: the only place with its queries.

``verdicts``     one a report, by submission id, with the event that tells of it
``settlements``  one a closed entry, by region, period and the period's revision, with the events that tell of it
``heads``        one a region and period: where it stands after its latest report; follows from the verdicts
``peers``        one a region and period: its peers' figures by the latest mark in its stream
``peer_figures`` one a level, period and its revision: what was fixed; ``announced`` says whether the log has it
"""

import asyncio
from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chassis.events import Event
from chassis.mongo import (
    ASCENDING,
    DESCENDING,
    Database,
    Document,
    Move,
    aggregate,
    find_by_id,
    insert_first,
    insert_once,
    move,
)
from chassis.unlogged import Unlogged
from contracts.peers import LevelFigures
from contracts.verdict import VerdictOutcome
from services.validation.domain.figures import Figures, ReportedFigures
from services.validation.domain.head import Head, head_id
from services.validation.domain.kept_peers import KeptPeers, text_of
from services.validation.domain.peers import PeerHead, level_id
from services.validation.domain.rates import JudgedReport
from services.validation.domain.trends import JudgedCodes

UNLOGGED: Final = Unlogged(waiting={"peer_figures": {"announced": False}})
_STORY: Final = [("period", ASCENDING), ("region_code", ASCENDING), ("revision", ASCENDING)]
_TOLD: Final = ("period", "region_code", "revision", "outcome", "arrived_at", "codes", "justified")
_COUNTED: Final = ("region_code", "revision", "outcome", "arrived_at", "on_time", "nil_return", "sectors")


@dataclass(frozen=True, slots=True)
class KeptVerdict:
    submission_id: str
    region_code: str
    period: str
    revision: int
    outcome: VerdictOutcome
    codes: tuple[str, ...]
    """Of the rules that were broken, each once."""
    justified: tuple[str, ...]
    """Of those, the ones for which a reason is given at every place."""
    arrived_at: datetime
    on_time: bool
    nil_return: bool
    sectors: tuple[str, ...]
    """Of which the report states a service; none where it was returned."""
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
    peers: Mapping[str, PeerHead] = field(default_factory=dict)


class Store:
    def __init__(self, database: Database) -> None:
        self._verdicts = database["verdicts"]
        self._settlements = database["settlements"]
        self._heads = database["heads"]
        self._peers = database["peers"]
        self._peer_figures = database["peer_figures"]

    async def prepare(self) -> None:
        """Two processes that judge the same report at once must collide."""
        keys = [("period", ASCENDING), ("revision", ASCENDING), ("region_code", ASCENDING)]
        await self._verdicts.create_index(keys, unique=True, name="one_verdict_of_a_revision")
        await self._verdicts.create_index(_STORY)

    async def known(
        self,
        *,
        submissions: Several[str],
        settlements: Several[str],
        heads: Several[str],
        peers: Several[str] = (),
    ) -> Known:
        verdicts_found, settlements_found, heads_found, peers_found = await asyncio.gather(
            find_by_id(self._verdicts, list(submissions)),
            find_by_id(self._settlements, list(settlements)),
            find_by_id(self._heads, list(heads)),
            find_by_id(self._peers, list(peers)),
        )
        return Known(
            verdicts={id_: _verdict(document) for id_, document in verdicts_found.items()},
            settlements={id_: _settlement(document) for id_, document in settlements_found.items()},
            heads={id_: _head(document) for id_, document in heads_found.items()},
            peers={id_: _peer_head(document) for id_, document in peers_found.items()},
        )

    async def keep(
        self,
        *,
        verdicts: Iterable[KeptVerdict],
        settlements: Iterable[KeptSettlement],
        moved: Sequence[tuple[Head, Head | None]],
        moved_peers: Sequence[tuple[PeerHead, PeerHead | None]] = (),
        told: Iterable[LevelFigures] = (),
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
        await move(
            self._peers,
            [Move(_peer_document(peers), before.revision if before else None) for peers, before in moved_peers],
        )
        for figures in told:
            await insert_first(self._peer_figures, _figures_document(figures, announced=True))

    async def verdict(self, submission_id: str) -> KeptVerdict | None:
        document = await self._verdicts.find_one({"_id": submission_id})
        return None if document is None else _verdict(document)

    async def judged_reports(self, period: str) -> list[JudgedReport]:
        """What counts, for the reporting rates, of every verdict of a period."""
        found = await self._verdicts.find({"period": period}, _COUNTED).to_list(None)
        return [
            JudgedReport(
                region_code=document["region_code"],
                revision=document["revision"],
                accepted=document["outcome"] != VerdictOutcome.RETURNED,
                arrived_at=document["arrived_at"],
                on_time=document["on_time"],
                nil_return=document["nil_return"],
                sectors=tuple(document["sectors"]),
            )
            for document in found
        ]

    async def outcomes(self, period: str) -> list[tuple[str, VerdictOutcome, int]]:
        """How many verdicts of each outcome a region got in a period."""
        by = {"region": "$region_code", "outcome": "$outcome"}
        counted = await aggregate(
            self._verdicts, [{"$match": {"period": period}}, {"$group": {"_id": by, "verdicts": {"$sum": 1}}}]
        )
        return [(each["_id"]["region"], VerdictOutcome(each["_id"]["outcome"]), each["verdicts"]) for each in counted]

    async def latest_period(self) -> str | None:
        """The latest of which a report was judged."""
        found = await self._verdicts.find({}, {"period": True}).sort("period", DESCENDING).limit(1).to_list(1)
        return found[0]["period"] if found else None

    async def judged_codes(self, periods: Several[str], region_codes: Several[str] | None) -> list[JudgedCodes]:
        """What trends need of every verdict of some periods, of some regions or of all, in the order of the story."""
        wanted: Document = {"period": {"$in": list(periods)}}
        if region_codes is not None:
            wanted["region_code"] = {"$in": list(region_codes)}
        found = await self._verdicts.find(wanted, _TOLD).sort(_STORY).to_list(None)
        return [
            JudgedCodes(
                period=document["period"],
                region_code=document["region_code"],
                revision=document["revision"],
                returned=document["outcome"] == VerdictOutcome.RETURNED,
                arrived_at=document["arrived_at"],
                codes=document["codes"],
                justified=document["justified"],
            )
            for document in found
        ]

    async def latest_periods(self, limit: int) -> list[str]:
        """Of which reports were judged, newest first."""
        by_period: list[Document] = [
            {"$sort": {"period": DESCENDING}},
            {"$group": {"_id": "$period"}},
            {"$sort": {"_id": DESCENDING}},
            {"$limit": limit},
        ]
        return [document["_id"] for document in await aggregate(self._verdicts, by_period)]

    # Peers

    async def settled(self, period: str) -> dict[str, int]:
        """The latest revision at which entry of the period was closed, by region."""
        marks = self._settlements.find({"_id": {"$regex": f"/{period}/[0-9]+$"}}, {"_id": True})
        revisions: dict[str, int] = {}
        async for mark in marks:
            region_code, _, revision = mark["_id"].split("/")
            revisions[region_code] = max(int(revision), revisions.get(region_code, 0))
        return revisions

    async def in_force(self, period: str, region_codes: Iterable[str]) -> dict[str, Mapping[str, Figures]]:
        """The figures of the reports in force, by region."""
        found = await find_by_id(self._heads, [head_id(code, period) for code in region_codes])
        heads = map(_head, found.values())
        return {head.region_code: head.figures for head in heads if head.accepted_id}

    async def keep_peer_figures(self, figures: LevelFigures) -> bool:
        """Whether this call fixed them; what is fixed stays."""
        return await insert_first(self._peer_figures, _figures_document(figures, announced=False))

    async def peer_figures(self, period: str) -> list[LevelFigures]:
        """Those of the latest revision of the period, level by level."""
        found = await self._peer_figures.find({"period": period}).sort("_id", ASCENDING).to_list(None)
        latest = max((each["revision"] for each in found), default=None)
        return [_level_figures(each) for each in found if each["revision"] == latest]

    async def unannounced(self) -> list[LevelFigures]:
        found = await self._peer_figures.find({"announced": False}).sort("_id", ASCENDING).to_list(None)
        return [_level_figures(each) for each in found]

    async def announced(self, figures: LevelFigures) -> None:
        await self._peer_figures.update_one({"_id": level_id(figures)}, {"$set": {"announced": True}})


def _verdict(document: Document) -> KeptVerdict:
    return KeptVerdict(
        submission_id=document["_id"],
        region_code=document["region_code"],
        period=document["period"],
        revision=document["revision"],
        outcome=VerdictOutcome(document["outcome"]),
        codes=tuple(document["codes"]),
        justified=tuple(document["justified"]),
        arrived_at=document["arrived_at"],
        on_time=document["on_time"],
        nil_return=document["nil_return"],
        sectors=tuple(document["sectors"]),
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
        "justified": list(verdict.justified),
        "arrived_at": verdict.arrived_at,
        "on_time": verdict.on_time,
        "nil_return": verdict.nil_return,
        "sectors": list(verdict.sectors),
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
        figures=ReportedFigures(text=document["figures"]),
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
        "figures": head.figures.text,
    }


def _peer_head(document: Document) -> PeerHead:
    return PeerHead(
        region_code=document["region_code"],
        period=document["period"],
        revision=document["revision"],
        figures=KeptPeers(document["figures"]),
    )


def _peer_document(peers: PeerHead) -> Document:
    return {
        "_id": peers.id,
        "region_code": peers.region_code,
        "period": peers.period,
        "revision": peers.revision,
        "figures": text_of(peers.figures),
    }


def _level_figures(document: Document) -> LevelFigures:
    return LevelFigures.model_validate_json(document["figures"])


def _figures_document(figures: LevelFigures, *, announced: bool) -> Document:
    return {
        "_id": level_id(figures),
        "period": figures.period,
        "revision": figures.period_revision,
        "figures": figures.model_dump_json(),
        "announced": announced,
    }
