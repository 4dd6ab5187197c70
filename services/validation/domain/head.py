"""Where a region stands for one period: what the next report and the close of entry are judged by."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

from contracts.quarter import Quarter
from contracts.submission import Submission
from contracts.verdict import VerdictOutcome
from services.validation.domain.case import EarlierReport
from services.validation.domain.figures import ReportedFigures

HISTORY_QUARTERS: Final = 8
"""What a report is held against at most; two years show a season twice."""
_PERIODS_KEPT: Final = 64
IDS_KEPT: Final = 2_048
"""More than the reports of a batch: each asks for its ids when the batch is read and again when it is judged."""


def head_id(region_code: str, period: str) -> str:
    return f"{region_code}/{period}"


@lru_cache(maxsize=IDS_KEPT)
def history_ids(region_code: str, period: str) -> tuple[str, ...]:
    """The heads of the quarters before, newest first."""
    return tuple(head_id(region_code, before) for before in _quarters_before(period))


@lru_cache(maxsize=_PERIODS_KEPT)
def _quarters_before(period: str) -> tuple[str, ...]:
    quarters = [Quarter.parse(period)]
    for _ in range(HISTORY_QUARTERS):
        quarters.append(quarters[-1].preceding)
    return tuple(quarter.text for quarter in quarters[1:])


@dataclass(frozen=True, slots=True)
class Head:
    """The state after ``revision`` reports; revision 0 is the state before the first."""

    region_code: str
    period: str
    revision: int = 0
    submission_id: str | None = None
    accepted_id: str | None = None
    """The latest report that was not returned; it stays in force when a later one is returned."""
    returned: int = 0
    figures: ReportedFigures = field(default_factory=ReportedFigures)
    """By service type, as the accepted report says."""

    @property
    def id(self) -> str:
        return head_id(self.region_code, self.period)

    @property
    def following(self) -> tuple[str, str, int]:
        """Region, period and revision of the report that comes after this state."""
        return self.region_code, self.period, self.revision + 1

    def after(self, submission_id: str, outcome: VerdictOutcome, submission: Submission) -> Self:
        """The state after one more report."""
        is_returned = outcome is VerdictOutcome.RETURNED
        return type(self)(
            region_code=self.region_code,
            period=self.period,
            revision=self.revision + 1,
            submission_id=submission_id,
            accepted_id=self.accepted_id if is_returned else submission_id,
            returned=self.returned + is_returned,
            figures=self.figures if is_returned else ReportedFigures.of(submission),
        )

    @property
    def as_earlier(self) -> EarlierReport | None:
        """What a later quarter is held against; None while no report is accepted."""
        return EarlierReport(self.period, self.figures) if self.accepted_id else None
