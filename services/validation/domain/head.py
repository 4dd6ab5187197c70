"""Where a region stands for one period: what the next report and the close of entry are judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from contracts.quarter import Quarter
from contracts.submission import Submission
from contracts.verdict import VerdictOutcome
from services.validation.domain.case import EarlierReport, Reached


def head_id(region_code: str, period: str) -> str:
    return f"{region_code}/{period}"


def earlier_ids(region_code: str, period: str) -> list[str]:
    """The heads of the year's earlier quarters, latest first."""
    return [head_id(region_code, quarter.text) for quarter in Quarter.parse(period).earlier_this_year]


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
    reached: Mapping[str, Reached] = field(default_factory=dict)
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
            reached=self.reached if is_returned else _reached(submission),
        )

    @property
    def as_earlier(self) -> EarlierReport | None:
        """What a later quarter of the year is held against; None while no report is accepted."""
        return EarlierReport(self.period, self.reached) if self.accepted_id else None


def _reached(submission: Submission) -> dict[str, Reached]:
    return {
        service.service_type: Reached(service.recipients.served, service.budget.realised)
        for service in submission.services
    }
