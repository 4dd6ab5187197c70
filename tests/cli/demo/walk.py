"""A plan walked through the judging and the scoring in memory: what should come of it, without any engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from cli.demo.plan import Plan, PlannedReport
from contracts.award import Nominee
from contracts.quarter import Quarter
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import SubmissionJudgedV1
from regulation.law import Law
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.nomination import nominated
from services.scoring.domain.scorecard import score
from services.validation.domain.case import EarlierReport
from services.validation.domain.head import Head
from services.validation.domain.judge import judge


@dataclass
class Walk:
    law: Law
    plan: Plan
    verdicts: dict[str, SubmissionJudgedV1] = field(default_factory=dict)
    """By the planned report's key."""
    figures: dict[tuple[str, Quarter], QuarterFigures] = field(default_factory=dict)
    _heads: dict[tuple[str, Quarter], Head] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for report in self.plan.reports:
            verdict = self._judge(report)
            self.verdicts[report.key] = verdict
            if verdict.submission is not None:
                self.figures[report.slot] = score(verdict, self.law).figures

    def nominees(self) -> Mapping[str, tuple[Nominee, ...]]:
        edition = self.law.award_edition(self.plan.edition_year)
        awards = nominated(self.law, edition, list(self.figures.values()))
        return {award.category: award.nominees for award in awards}

    def _judge(self, report: PlannedReport) -> SubmissionJudgedV1:
        submission = report.submission()
        code, quarter = report.slot
        head = self._heads.get(report.slot) or Head(code, quarter.text)
        received = SubmissionReceivedV1(
            submission_id=str(uuid4()),
            client_id="importer",
            content_digest=submission.content_digest,
            arrived_at=report.arrived_at,
            due_at=self.law.calendar(quarter.text).due_at,
            recorded_at=report.arrived_at,
            imported=True,
            submission=submission,
        )
        verdict = judge(self.law, received, head=head, history=self._history(code, quarter))
        self._heads[report.slot] = head.after(received.submission_id, verdict.outcome, submission)
        return verdict

    def _history(self, code: str, quarter: Quarter) -> tuple[EarlierReport, ...]:
        heads = (self._heads.get((code, earlier)) for earlier in quarter.earlier_this_year)
        return tuple(report for head in heads if head and (report := head.as_earlier))
