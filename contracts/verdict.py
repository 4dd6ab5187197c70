"""What validation says of a report."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import (
    COUNT_MAX,
    Bilingual,
    Digest,
    Frozen,
    Identifier,
    Instant,
    Message,
    PeriodText,
    RegionCode,
    ServiceTypeId,
)
from contracts.period import DaysAfterDue, DaysBeforeDue
from contracts.submission import Justification, Submission


class Severity(StrEnum):
    """An error returns the report; a warning asks for a reason."""

    ERROR = "error"
    WARNING = "warning"


class VerdictOutcome(StrEnum):
    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    RETURNED = "returned"


class Finding(Frozen):
    """One broken rule at one place of the report."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$", examples=["served-within-target"])]
    severity: Severity
    pointer: Annotated[
        str,
        Field(description="JSON pointer into the submission.", examples=["/services/3/recipients/served"]),
    ]
    service_type: ServiceTypeId | None = None
    found: Annotated[str, Field(max_length=500)]
    expected: Annotated[str, Field(max_length=500)]
    summary: Bilingual
    remedy: Bilingual
    justification: Justification | None = None


class SubmissionJudgedV1(Message):
    """A report has its verdict. A report that was not returned travels along, so that nobody need ask back."""

    TYPE: ClassVar[str] = "id.go.spm.submission-judged.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:validation"

    submission_id: Identifier
    client_id: Identifier
    region_code: RegionCode
    period: PeriodText
    revision: Annotated[
        int, Field(ge=1, le=COUNT_MAX, description="Counts the reports of this region and period, without gaps.")
    ]
    supersedes: Annotated[Identifier | None, Field(description="The report before this one; null for the first.")] = (
        None
    )
    outcome: VerdictOutcome
    findings: tuple[Finding, ...] = ()
    arrived_at: Instant
    due_at: Instant
    recorded_at: Instant
    on_time: bool
    imported: bool = False
    content_digest: Digest
    ruleset_id: str
    ruleset_digest: Digest
    submission: Annotated[Submission | None, Field(description="Null when returned.")] = None

    def identity(self) -> str:
        return self.submission_id

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.recorded_at

    @property
    def correlation_id(self) -> str:
        return self.submission_id


class EntrySettledV1(Message):
    """Every report of a region that was admitted before entry closed has been judged; ``EntryClosedV1`` passed on."""

    TYPE: ClassVar[str] = "id.go.spm.entry-settled.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:validation"

    region_code: RegionCode
    period: PeriodText
    period_revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    reports: Annotated[int, Field(ge=0, le=COUNT_MAX, description="Reports judged for this region and period so far.")]
    reported: Annotated[bool, Field(description="Whether one of them was accepted.")]
    closed_at: Instant

    def identity(self) -> str:
        return f"{self.region_code}/{self.period}/{self.period_revision}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.closed_at


class ReportOverdueV1(Message):
    """A region has no accepted report: some days after the deadline while entry is open, or when entry closed."""

    TYPE: ClassVar[str] = "id.go.spm.report-overdue.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:validation"

    region_code: RegionCode
    period: PeriodText
    period_revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    due_at: Instant
    closed_at: Annotated[Instant, Field(description="When entry closed; at H+1 and H+7, the end of that day.")]
    returned_reports: Annotated[int, Field(ge=0, le=COUNT_MAX, description="Reports that came but were returned.")]
    days_after_due: Annotated[
        DaysAfterDue | None, Field(description="1 at H+1, 7 at H+7, while entry is open; null when entry closed.")
    ] = None

    def identity(self) -> str:
        at_close = f"{self.region_code}/{self.period}/{self.period_revision}"
        return at_close if self.days_after_due is None else f"{at_close}/{self.days_after_due}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.closed_at


class ReportAwaitedV1(Message):
    """A region has no accepted report, and so many days are left until the deadline."""

    TYPE: ClassVar[str] = "id.go.spm.report-awaited.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:validation"

    region_code: RegionCode
    period: PeriodText
    period_revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    due_at: Instant
    days_before_due: DaysBeforeDue
    returned_reports: Annotated[int, Field(ge=0, le=COUNT_MAX, description="Reports that came but were returned.")]

    def identity(self) -> str:
        return f"{self.region_code}/{self.period}/{self.period_revision}/-{self.days_before_due}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.due_at - timedelta(days=self.days_before_due)
