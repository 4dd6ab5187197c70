"""The door to the stream: reports and marks in the order of the log, verdicts and settlements out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chassis.errors import Unprocessable
from chassis.events import Event, Passage, Received
from contracts.peers import LevelFigures, PeersFixedV1
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, EntryClosedV1
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import SubmissionJudgedV1
from regulation.errors import RegulationError
from regulation.law import Law
from services.validation.domain.case import EarlierReport, PeerGroup
from services.validation.domain.head import Head, head_id, history_ids
from services.validation.domain.judge import judge
from services.validation.domain.peers import PeerHead, level_id, peer_ids
from services.validation.domain.rates import sectors_stated
from services.validation.domain.settle import Mark, settle
from services.validation.domain.trends import justified
from services.validation.metrics import ValidationMetrics
from services.validation.store import KeptSettlement, KeptVerdict, Known, Store


@dataclass(frozen=True, slots=True)
class Reception:
    """Handles a batch of ``spm-submission-received-v1``."""

    store: Store
    law: Law
    metrics: ValidationMetrics

    async def __call__(self, batch: Sequence[Received]) -> list[Event]:
        """The events of every record, new or known, each from what is kept of it."""
        decisions = Decisions(self.law, await self._known(batch))
        events = [event for received in batch for event in decisions.events_of(received)]
        await self.store.keep(
            verdicts=decisions.new_verdicts,
            settlements=decisions.new_settlements,
            moved=decisions.moved,
            moved_peers=decisions.moved_peers,
            told=decisions.told.values(),
        )
        self.metrics.count(decisions.judged, _logged_at(batch))
        return events

    async def foresee(self, report: SubmissionReceivedV1) -> SubmissionJudgedV1:
        """The verdict that the report would get if it came next; nothing is kept, counted or published.

        Raises:
            Unprocessable: the report would get none.
        """
        arriving = Received(report, report.event_id, SUBMISSION_RECEIVED.name, 0, 0, report.arrived_at)
        return foreseen(self.law, await self._known([arriving]), arriving)

    async def _known(self, batch: Sequence[Received]) -> Known:
        submissions, settlements, heads = set(), set(), set()
        peers: set[str] = set()
        for received in batch:
            match received.message:
                case SubmissionReceivedV1(submission_id=id_, submission=report):
                    submissions.add(id_)
                    heads |= {
                        head_id(report.region_code, report.period),
                        *history_ids(report.region_code, report.period),
                    }
                    peers.update(peer_ids(report.region_code, report.period))
                case EntryClosedV1() | DeadlineNearsV1() | DeadlinePassedV1() as mark:
                    settlements.add(mark.identity())
                    heads.add(head_id(mark.region_code, mark.period))
                case PeersFixedV1(region_code=code, figures=figures):
                    peers.add(head_id(code, figures.period))
        return await self.store.known(submissions=submissions, settlements=settlements, heads=heads, peers=peers)


def _logged_at(batch: Sequence[Received]) -> dict[str, datetime]:
    """When the log had each report, by submission id."""
    return {
        each.message.submission_id: each.logged_at for each in batch if isinstance(each.message, SubmissionReceivedV1)
    }


def foreseen(law: Law, known: Known, arriving: Received) -> SubmissionJudgedV1:
    """What ``Decisions`` would say of one more report."""
    decisions = Decisions(law, known)
    decisions.events_of(arriving)
    (verdict,) = decisions.judged
    return verdict


@dataclass
class Decisions:
    """One batch, decided in order and in memory.

    A head only moves past a verdict when the batch comes to that verdict's report. So a head that a crash left behind
    is repaired in passing, and an entry that closes between two reports finds the head as it stood between them.
    """

    law: Law
    known: Known
    new_verdicts: list[KeptVerdict] = field(default_factory=list)
    new_settlements: list[KeptSettlement] = field(default_factory=list)
    judged: list[SubmissionJudgedV1] = field(default_factory=list)
    told: dict[str, LevelFigures] = field(default_factory=dict)
    """What the batch says of peers, each level's figures once."""

    def __post_init__(self) -> None:
        self._verdicts = dict(self.known.verdicts)
        self._settlements = dict(self.known.settlements)
        self._heads = dict(self.known.heads)
        self._peers = dict(self.known.peers)

    @property
    def moved(self) -> list[tuple[Head, Head | None]]:
        """Each head that moved, with where it stood before the batch."""
        before = self.known.heads
        return [(head, before.get(id_)) for id_, head in self._heads.items() if head is not before.get(id_)]

    @property
    def moved_peers(self) -> list[tuple[PeerHead, PeerHead | None]]:
        before = self.known.peers
        return [(peers, before.get(id_)) for id_, peers in self._peers.items() if peers is not before.get(id_)]

    def events_of(self, received: Received) -> tuple[Event, ...]:
        match received.message:
            case SubmissionReceivedV1() as report:
                return (self._verdict_on(report, received).event,)
            case EntryClosedV1() | DeadlineNearsV1() | DeadlinePassedV1() as mark:
                return self._settlement_of(mark, received.id).events
            case PeersFixedV1() as fixed:
                self._take_peers(fixed)
                return ()
            case unexpected:
                raise TypeError(
                    f"{type(unexpected).__name__} came on the topic, expected what contracts/topics.py lists"
                )

    def _verdict_on(self, report: SubmissionReceivedV1, received: Received) -> KeptVerdict:
        head = self._head(report.submission.region_code, report.submission.period)
        verdict = self._verdicts.get(report.submission_id)
        if verdict is None:
            verdict = self._verdicts[report.submission_id] = self._judge(report, head, received)
        if (verdict.region_code, verdict.period, verdict.revision) == head.following:
            self._heads[head.id] = head.after(report.submission_id, verdict.outcome, report.submission)
        return verdict

    def _judge(self, report: SubmissionReceivedV1, head: Head, received: Received) -> KeptVerdict:
        try:
            judged = judge(self.law, report, head=head, history=self._history(head), peers=self._group(head))
        except RegulationError as silence:
            raise Unprocessable("law-silent", f"{report.submission.period} cannot be judged: {silence}") from silence
        passage = Passage.from_end_of(received, "submission") if judged.submission else None
        verdict = KeptVerdict(
            submission_id=judged.submission_id,
            region_code=judged.region_code,
            period=judged.period,
            revision=judged.revision,
            outcome=judged.outcome,
            codes=tuple(dict.fromkeys(finding.code for finding in judged.findings)),
            justified=justified(judged.findings),
            arrived_at=judged.arrived_at,
            on_time=judged.on_time,
            nil_return=judged.submission is not None and judged.submission.nil_return is not None,
            sectors=sectors_stated(judged.submission) if judged.submission else (),
            event=Event.of(judged, caused_by=received.id, passing_on=passage),
        )
        self.judged.append(judged)
        self.new_verdicts.append(verdict)
        return verdict

    def _settlement_of(self, mark: Mark, cause: str) -> KeptSettlement:
        id_ = mark.identity()
        settlement = self._settlements.get(id_)
        if settlement is None:
            facts = settle(mark, self._head(mark.region_code, mark.period))
            settlement = KeptSettlement(id_, tuple(Event.of(fact, caused_by=cause) for fact in facts))
            self._settlements[id_] = settlement
            self.new_settlements.append(settlement)
        return settlement

    def _take_peers(self, fixed: PeersFixedV1) -> None:
        """A mark that came before moves nothing; so repeating it, or an older one, changes nothing either."""
        figures = fixed.figures
        self.told.setdefault(level_id(figures), figures)
        known = self._peers.get(head_id(fixed.region_code, figures.period))
        if known is None or known.revision < figures.period_revision:
            peers = PeerHead.of(fixed)
            self._peers[peers.id] = peers

    def _head(self, region_code: str, period: str) -> Head:
        return self._heads.get(head_id(region_code, period)) or Head(region_code, period)

    def _history(self, head: Head) -> tuple[EarlierReport, ...]:
        heads = (self._heads.get(id_) for id_ in history_ids(head.region_code, head.period))
        return tuple(report for before in heads if before and (report := before.as_earlier))

    def _group(self, head: Head) -> PeerGroup | None:
        known = (self._peers.get(id_) for id_ in peer_ids(head.region_code, head.period))
        return next((peers.as_group for peers in known if peers), None)
