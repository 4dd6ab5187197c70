"""What the demo is going to send, and what each report should come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cli.demo.faults import Fault, spoilt
from cli.demo.figures import RegionYear
from cli.demo.podium import Podium
from contracts.quarter import Quarter
from contracts.submission import Submission
from contracts.verdict import VerdictOutcome
from regulation.rows import Region

Slot = tuple[str, Quarter]
"""A region's code and a quarter: where one report is owed."""


@dataclass(frozen=True, slots=True)
class PlannedReport:
    key: str
    """The idempotency key."""
    year: RegionYear
    quarter: Quarter
    arrived_at: datetime
    late: bool
    outcome: VerdictOutcome
    codes: frozenset[str]
    """The rules that should speak."""
    fault: Fault | None = None
    place: int = 0
    """The service that the fault befalls."""
    justified: bool = False
    revises: bool = False
    """Whether it is the second report of its region and quarter."""

    @property
    def region(self) -> Region:
        return self.year.region

    @property
    def slot(self) -> Slot:
        return self.region.code, self.quarter

    def submission(self) -> Submission:
        if self.fault is None:
            return self.year.submission(self.quarter)
        return spoilt(self.fault, self.year, self.quarter, place=self.place, justified=self.justified)


@dataclass(frozen=True)
class Plan:
    seed: int
    fiscal_year: int
    edition_year: int
    nation: tuple[Region, ...]
    """The regions that take part, in the order of their codes."""
    reports: tuple[PlannedReport, ...]
    """In the order of arrival."""
    podium: Podium

    @property
    def outcomes(self) -> Mapping[VerdictOutcome, int]:
        found = [report.outcome for report in self.reports]
        return {outcome: found.count(outcome) for outcome in VerdictOutcome}

    @property
    def late(self) -> int:
        return sum(report.late for report in self.reports)

    @property
    def reported(self) -> frozenset[Slot]:
        """Where a report should be accepted; everywhere else it is overdue when entry closes."""
        return frozenset(report.slot for report in self.reports if report.outcome is not VerdictOutcome.RETURNED)

    @property
    def missing(self) -> int:
        """Regions and quarters for which nothing is sent."""
        return len(self.nation) * 4 - len({report.slot for report in self.reports})

    @property
    def revised(self) -> int:
        return sum(report.revises for report in self.reports)
