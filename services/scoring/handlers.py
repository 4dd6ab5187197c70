"""What scoring does with what it reads: decide, keep, and return what was kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.errors import Unprocessable
from chassis.events import Event, Passage, Received
from contracts.award import AwardStepTakenV1
from contracts.period import PeriodChangedV1
from contracts.verdict import EntrySettledV1, SubmissionJudgedV1
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.scorecard import score
from services.scoring.domain.steps import changes_of
from services.scoring.metrics import ScoringMetrics
from services.scoring.store import KeptScorecard, Store


@dataclass(frozen=True, slots=True)
class Handlers:
    law: Law
    store: Store
    metrics: ScoringMetrics

    async def submission_judged(self, records: Sequence[Received]) -> list[Event]:
        """Scorecards first, then the heads, then the marks: where a mark is seen, the figures before it are in place.

        A scorecard follows from its report and the law alone; of a region's reports the newest counts, in whatever
        order they come. So every write may be repeated, and a redelivery mends a crash between any two of them.
        """
        judged = [(record, record.message) for record in records if isinstance(record.message, SubmissionJudgedV1)]
        accepted = {message.submission_id: (record, message) for record, message in judged if message.submission}
        known = await self.store.scorecards(list(accepted))
        new = {key: kept_scorecard(self.law, *pair) for key, pair in accepted.items() if key not in known}
        await self.store.keep_scorecards(new.values())
        kept = known | new
        await self.store.raise_heads(scorecard.figures for scorecard in kept.values())
        await self.store.keep_marks(r.message for r in records if isinstance(r.message, EntrySettledV1))
        for scorecard in new.values():
            self.metrics.scorecards.labels(scorecard.figures.band).inc()
        self.metrics.returned.inc(sum(message.submission is None for _, message in judged))
        return [kept[submission_id].event for submission_id in accepted]

    async def period_changed(self, records: Sequence[Received]) -> list[Event]:
        await self.store.keep_periods(r.message for r in records if isinstance(r.message, PeriodChangedV1))
        return []

    async def award_changed(self, records: Sequence[Received]) -> list[Event]:
        """Our own steps come back: they are in the log, and a lost database is filled from it.

        What a step tells others is published from here, so that it follows the step whatever fails between them.
        """
        taken = [(r.id, r.message) for r in records if isinstance(r.message, AwardStepTakenV1)]
        await self.store.keep_published(step for _, step in taken)
        return [Event.of(change, caused_by=cause) for cause, step in taken for change in changes_of(step)]


def kept_scorecard(law: Law, record: Received, judged: SubmissionJudgedV1) -> KeptScorecard:
    """Raises:
    Unprocessable: the report cannot be scored, or the law is silent on its period.
    """
    try:
        scored = score(judged, law)
    except RegulationError as silent:
        raise Unprocessable("law-silent", f"{judged.region_code}, {judged.period}: {silent}") from silent
    except Unscorable as fault:
        raise Unprocessable("unscorable", f"{judged.region_code}, {judged.period}: {fault}") from fault
    event = Event.of(scored.scorecard, caused_by=record.id)
    return KeptScorecard(scored.figures, event, _report(record, judged))


def _report(record: Received, judged: SubmissionJudgedV1) -> bytes:
    """The report's JSON as it came, where it is written as this system writes it."""
    passage = Passage.from_end_of(record, "submission")
    if passage is not None:
        return passage.written
    return judged.submission.model_dump_json().encode() if judged.submission else b""
