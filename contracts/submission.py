"""What a region reports for one quarter, and the event that intake makes of it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import (
    Digest,
    Frozen,
    Identifier,
    Instant,
    Message,
    PeriodText,
    RegionCode,
    ServiceTypeId,
    ShortWords,
    Words,
    leaf,
)

People = Annotated[
    int,
    Field(ge=0, le=1_000_000_000, description="Persons, households or houses, as the service type counts."),
]
Rupiah = Annotated[int, Field(ge=0, le=1_000_000_000_000_000, description="Whole rupiah.")]
Amount = Annotated[
    Annotated[int, Field(ge=0, le=10**15)] | Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)],
    Field(union_mode="left_to_right", description="In the item's own unit; whole or with at most four decimals."),
]


def _says_nothing(later: object) -> bool:
    return later is None


@leaf
class Recipients:
    """People entitled this year, and people served since January."""

    target: Annotated[People | None, Field(description="The annual target; null means not reported.")] = None
    served: Annotated[People | None, Field(description="Served since 1 January; null means not reported.")] = None
    unit: ShortWords = "orang"


@leaf
class QualityItem:
    """One good, service, person or procedure that the standard demands."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$", examples=["KID33"])]
    name: ShortWords
    unit: ShortWords
    required: Amount | None = None
    fulfilled: Amount | None = None


@leaf
class Budget:
    """Rupiah for one service type in this fiscal year."""

    allocated: Rupiah | None = None
    realised: Rupiah | None = None


@leaf
class ServiceReport:
    """Cumulative figures of the year to date, against the annual target."""

    service_type: ServiceTypeId
    recipients: Recipients = Recipients()
    quality: Annotated[tuple[QualityItem, ...], Field(max_length=100)] = ()
    budget: Budget = Budget()
    no_target_reason: Annotated[
        Words | None,
        Field(description="Why nobody was entitled this year; only for services that an event triggers."),
    ] = None


class Stage(StrEnum):
    """The four stages of application."""

    DATA_COLLECTION = "data_collection"
    NEEDS_CALCULATION = "needs_calculation"
    PLANNING = "planning"
    DELIVERY = "delivery"


class StageStatus(StrEnum):
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class StageReport(Frozen):
    stage: Stage
    status: StageStatus
    evidence: Words | None = None


class Problem(Frozen):
    """What hindered, and what is done about it."""

    service_type: ServiceTypeId | None = None
    problem: Words
    solution: Words | None = None


class ImplementationTeam(Frozen):
    """The Tim Penerapan SPM; formed by a decree."""

    decree_number: ShortWords
    decree_date: date
    members: Annotated[int, Field(ge=1, le=1_000)]


class ActionPlan(Frozen):
    """The rencana aksi, by its document's number."""

    document_number: ShortWords
    adopted_on: date


class Official(Frozen):
    """Who acts, by office; names of persons are not asked for."""

    role: ShortWords
    unit: ShortWords


class Justification(Frozen):
    """Why a warning does not mean a mistake."""

    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
    service_type: ServiceTypeId | None = None
    author_role: ShortWords
    reason: Annotated[Words, Field(min_length=20)]


class NilReturn(Frozen):
    """The statement that nothing was delivered since January: neither silence nor a target of zero."""

    author_role: ShortWords
    reason: Annotated[Words, Field(min_length=20)]


class Submission(Frozen):
    """One region's report for one quarter."""

    region_code: RegionCode
    period: PeriodText
    services: Annotated[tuple[ServiceReport, ...], Field(max_length=64)]
    stages: Annotated[tuple[StageReport, ...], Field(max_length=8)] = ()
    team: ImplementationTeam | None = None
    action_plan: ActionPlan | None = None
    problems: Annotated[tuple[Problem, ...], Field(max_length=200)] = ()
    justifications: Annotated[tuple[Justification, ...], Field(max_length=200)] = ()
    submitted_by: Official
    accountable_official: Official
    source_system: ShortWords | None = None
    nil_return: Annotated[
        NilReturn | None,
        Field(
            description="Says that nothing was delivered this year so far; stands in place of all figures.",
            exclude_if=_says_nothing,
        ),
    ] = None
    supersedes: Annotated[
        Identifier | None,
        Field(
            description="The report that the author means to replace, by its submission_id; refused where another is"
            " current. Left out, the report replaces whatever is.",
            exclude_if=_says_nothing,
        ),
    ] = None

    @property
    def written(self) -> bytes:
        """The report in its one written form: JSON, fields in order, no blanks, defaults included.

        A field that came later is left out where it says nothing, so that a digest outlives it.
        """
        return self.model_dump_json().encode()

    @property
    def content_digest(self) -> str:
        """SHA-256 of the report as it is written."""
        return sha256(self.written).hexdigest()


class SubmissionReceivedV1(Message):
    """A region's report has arrived and is kept."""

    TYPE: ClassVar[str] = "id.go.spm.submission-received.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:intake"

    submission_id: Identifier
    client_id: Identifier
    content_digest: Digest
    arrived_at: Annotated[Instant, Field(description="The arrival that counts against the deadline.")]
    due_at: Annotated[Instant, Field(description="The deadline in force when the report arrived.")]
    recorded_at: Annotated[Instant, Field(description="When intake kept it; later than arrived_at only for imports.")]
    imported: Annotated[bool, Field(description="Brought in from a past year with its original arrival.")] = False
    receipt: Annotated[
        str | None,
        Field(
            max_length=4_096,
            description="The signed proof that was handed out, a compact JWS.",
            exclude_if=_says_nothing,
        ),
    ] = None
    submission: Submission

    def identity(self) -> str:
        return self.submission_id

    @property
    def key(self) -> str:
        return self.submission.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.recorded_at

    @property
    def correlation_id(self) -> str:
        return self.submission_id

    @property
    def ordered_by(self) -> str:
        return self.submission.period

    @property
    def on_time(self) -> bool:
        return self.arrived_at <= self.due_at
