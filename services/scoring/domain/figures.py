"""What the awards use of the report that counts for one quarter."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from contracts.message import Frozen, Identifier, Instant, PeriodText, RegionCode
from contracts.scorecard import Percent
from contracts.submission import ServiceReport, Stage, StageStatus, Submission
from contracts.verdict import Severity, SubmissionJudgedV1
from services.scoring.domain.rounding import mean_of, share_pct, shares_pct


class QuarterFigures(Frozen):
    """Of the latest accepted report: a correction counts with its own arrival, on time or late."""

    region_code: RegionCode
    period: PeriodText
    revision: Annotated[int, Field(ge=1, description="The report's revision.")]
    submission_id: Identifier
    index_pct: Percent
    band: str
    completeness_pct: Percent
    budget_pct: Percent
    stages_pct: Percent
    team: bool
    action_plan: bool
    arrived_at: Instant
    due_at: Instant
    on_time: bool
    open_warnings: Annotated[tuple[str, ...], Field(description="Codes of the warnings that nobody justified.")]


def stages_pct(submission: Submission) -> Decimal:
    """The share of the stages that is done."""
    done = {stage.stage for stage in submission.stages if stage.status is StageStatus.DONE}
    return share_pct(len(done), len(Stage))


def budget_pct(applying: Sequence[ServiceReport]) -> Decimal:
    """The mean over the services that apply of the share of allocated budget that was realised, each at most 100.

    A service without allocation, or left out of the report, counts 0.
    """
    budgets = [report.budget for report in applying]
    known = [(one.realised, one.allocated) for one in budgets if one.allocated and one.realised is not None]
    return mean_of(len(budgets), shares_pct(known))


def open_warnings(judged: SubmissionJudgedV1) -> tuple[str, ...]:
    unjustified = {
        finding.code
        for finding in judged.findings
        if finding.severity is Severity.WARNING and finding.justification is None
    }
    return tuple(sorted(unjustified))
