"""What scoring does with what it reads: decide, keep, and return what was kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.errors import Unprocessable
from chassis.events import Event, Received
from contracts.award import AwardChangedV1
from contracts.period import PeriodChangedV1
from contracts.verdict import EntrySettledV1, SubmissionJudgedV1
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.scorecard import score
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
        judged = {record.id: record.message for record in records if isinstance(record.message, SubmissionJudgedV1)}
        accepted = {cause: message for cause, message in judged.items() if message.submission is not None}
        known = await self.store.scorecards([message.submission_id for message in accepted.values()])
        new = self._decide(accepted, known)
        await self.store.keep_scorecards(new.values())
        kept = known | new
        await self.store.raise_heads(scorecard.figures for scorecard in kept.values())
        await self.store.keep_marks(r.message for r in records if isinstance(r.message, EntrySettledV1))
        for scorecard in new.values():
            self.metrics.scorecards.labels(scorecard.figures.band).inc()
        self.metrics.returned.inc(len(judged) - len(accepted))
        return [kept[message.submission_id].event for message in accepted.values()]

    def _decide(
        self, accepted: Mapping[str, SubmissionJudgedV1], known: Mapping[str, KeptScorecard]
    ) -> dict[str, KeptScorecard]:
        return {
            message.submission_id: self._scored(message, cause)
            for cause, message in accepted.items()
            if message.submission_id not in known
        }

    def _scored(self, judged: SubmissionJudgedV1, cause: str) -> KeptScorecard:
        try:
            scored = score(judged, self.law)
        except RegulationError as silent:
            raise Unprocessable("law-silent", f"{judged.region_code}, {judged.period}: {silent}") from silent
        except Unscorable as fault:
            raise Unprocessable("unscorable", f"{judged.region_code}, {judged.period}: {fault}") from fault
        return KeptScorecard(scored.figures, Event.of(scored.scorecard, caused_by=cause))

    async def period_changed(self, records: Sequence[Received]) -> list[Event]:
        await self.store.keep_periods(r.message for r in records if isinstance(r.message, PeriodChangedV1))
        return []

    async def award_changed(self, records: Sequence[Received]) -> list[Event]:
        """Our own decisions come back: they are in the log, and a lost database is filled from it."""
        await self.store.keep_published(r.message for r in records if isinstance(r.message, AwardChangedV1))
        return []
