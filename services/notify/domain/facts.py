"""What a letter tells, figures as shown. Frozen when the notice is made, so that each attempt says the same."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.message import Bilingual
from contracts.notice import NoticeKind
from contracts.recipient import Channel, Role


class Value(BaseModel):
    """Kept as JSON text in the store, so texts are read back as figures and instants."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Remark(Value):
    """One finding, for people."""

    rule: str | None = None
    """Its code; None in notices of before it was kept."""
    service: Bilingual | None
    sector: str | None = None
    """Of the service; None where the finding concerns no single one."""
    pointer: str
    found: str
    expected: str
    summary: Bilingual
    remedy: Bilingual


class ReportReturned(Value):
    kind: Literal[NoticeKind.SUBMISSION_RETURNED] = NoticeKind.SUBMISSION_RETURNED
    revision: int
    arrived_at: datetime
    due_at: datetime
    on_time: bool
    remarks: tuple[Remark, ...]
    errors: int
    warnings: int

    @property
    def untold(self) -> int:
        """Errors that the letter leaves to the status page."""
        return self.errors - len(self.remarks)


class WarningsOpen(Value):
    kind: Literal[NoticeKind.WARNINGS_TO_JUSTIFY] = NoticeKind.WARNINGS_TO_JUSTIFY
    revision: int
    arrived_at: datetime
    due_at: datetime
    remarks: tuple[Remark, ...]
    warnings: int

    @property
    def untold(self) -> int:
        return self.warnings - len(self.remarks)


class ReportDue(Value):
    kind: Literal[NoticeKind.REPORT_DUE] = NoticeKind.REPORT_DUE
    due_at: datetime
    days_left: int
    returned_reports: int


class ReportMissing(Value):
    kind: Literal[NoticeKind.REPORT_OVERDUE] = NoticeKind.REPORT_OVERDUE
    due_at: datetime
    closed_at: datetime
    """While entry is open, the moment up to which the report was waited for."""
    returned_reports: int
    entry_open: bool = False

    @property
    def days_late(self) -> int:
        """Whole days since the deadline; 0 where entry closed before the first was over."""
        return max(0, (self.closed_at - self.due_at).days)


class SilentRegion(Value):
    name: str
    returned_reports: int


class RegionsOverdue(Value):
    """Each overdue region is a fact of its own and adds itself, in whatever order they come."""

    kind: Literal[NoticeKind.REGIONS_OVERDUE] = NoticeKind.REGIONS_OVERDUE
    due_at: datetime
    days_late: int
    regions: dict[str, SilentRegion]
    """By code, its dot written as a hyphen."""

    @property
    def listed(self) -> list[tuple[str, SilentRegion]]:
        return [(code.replace("-", "."), self.regions[code]) for code in sorted(self.regions)]


class WeakService(Value):
    name: Bilingual
    reported: bool
    index_pct: Decimal
    recipients_pct: Decimal | None
    quality_pct: Decimal | None


class WeakSector(Value):
    sector: str | None = None
    """Its id; None in notices of before it was kept."""
    name: Bilingual
    index_pct: Decimal
    services: tuple[WeakService, ...]
    untold: int


class Deficiency(Value):
    kind: Literal[NoticeKind.ACHIEVEMENT_DEFICIENCY] = NoticeKind.ACHIEVEMENT_DEFICIENCY
    revision: int
    index_pct: Decimal
    expected_pct: Decimal
    gap_pct: Decimal
    completeness_pct: Decimal
    band: Bilingual | None
    """None while the year runs: figures are cumulative, and in the first quarters every region lies in the lowest."""
    sectors: tuple[WeakSector, ...]


class Criterion(Value):
    name: Bilingual
    score_pct: Decimal
    weight_pct: Decimal


class Placing(Value):
    """A region's place in one category of one edition."""

    edition_year: int
    category: Bilingual
    score: Decimal
    index_pct: Decimal
    criteria: tuple[Criterion, ...]
    ranked: int
    author_role: str


class Nomination(Value):
    kind: Literal[NoticeKind.AWARD_NOMINATED] = NoticeKind.AWARD_NOMINATED
    placing: Placing
    rank: int
    nominees: int


class NotNominated(Value):
    kind: Literal[NoticeKind.AWARD_NOT_NOMINATED] = NoticeKind.AWARD_NOT_NOMINATED
    edition_year: int
    category: Bilingual
    ranked: int
    nominees: int
    last_score: Decimal | None
    rank: int | None
    """None for who was not ranked; ``reasons`` say why."""
    score: Decimal | None
    lacking: Decimal | None
    """Points to the last nominee, rounded up; 0 where a tie break decided."""
    reasons: tuple[Bilingual, ...]


class Award(Value):
    kind: Literal[NoticeKind.AWARD_WON] = NoticeKind.AWARD_WON
    placing: Placing
    place: int
    winners: int


class PathReached(Value):
    """A later report of the quarter lies on the path; what was told of an earlier one said below it."""

    told_revision: int
    told_index_pct: Decimal
    told_gap_pct: Decimal
    told_sectors: tuple[str, ...]
    revision: int
    index_pct: Decimal
    expected_pct: Decimal


class RecoveredSector(Value):
    sector: str
    name: Bilingual
    told_index_pct: Decimal
    index_pct: Decimal


class SectorsRecovered(Value):
    """Sectors that a letter named lie on the path by a later report; the region itself still lies below it."""

    told_revision: int
    revision: int
    expected_pct: Decimal
    sectors: tuple[RecoveredSector, ...]


class Withdrawn(Value):
    """A nomination or an award was undone by a recorded correction."""

    edition_year: int
    category: Bilingual
    place: int
    among: int
    author_role: str
    reason: str


class Correction(Value):
    """Of one of its three kinds."""

    kind: Literal[NoticeKind.CORRECTION] = NoticeKind.CORRECTION
    replaces: NoticeKind
    replaced_fact: str
    told_at: datetime
    path_reached: PathReached | None = None
    sectors_recovered: SectorsRecovered | None = None
    withdrawn: Withdrawn | None = None


class Unreachable(Value):
    """The address itself is left out: a letter about one recipient goes to another."""

    kind: Literal[NoticeKind.RECIPIENT_UNREACHABLE] = NoticeKind.RECIPIENT_UNREACHABLE
    role: Role
    channel: Channel
    since: datetime
    registered_at: datetime


class Unacknowledged(Value):
    kind: Literal[NoticeKind.NOTICE_UNREAD] = NoticeKind.NOTICE_UNREAD
    about: NoticeKind
    office: Role
    """Who is told now."""
    told_at: datetime
    unread_at: datetime
    notice_id: str
    """A notice of what was not acknowledged."""

    @property
    def days(self) -> int:
        return (self.unread_at - self.told_at).days


class OpenLine(Value):
    about: NoticeKind
    period: str | None
    told_at: datetime
    notice_id: str


class UnreadLine(Value):
    office: Role
    notices: int


class ReportComing(Value):
    period: str
    due_at: datetime
    returned: bool


class SectorLine(Value):
    name: Bilingual
    index_pct: Decimal


class StandingLine(Value):
    period: str
    index_pct: Decimal
    expected_pct: Decimal
    sectors: tuple[SectorLine, ...]
    """Lowest first."""


class WeeklyDigest(Value):
    kind: Literal[NoticeKind.WEEKLY_DIGEST] = NoticeKind.WEEKLY_DIGEST
    began_at: datetime
    stated_at: datetime
    open: tuple[OpenLine, ...]
    """Oldest first; ``open_in_all`` counts those that are left out, too."""
    open_in_all: int
    unread: tuple[UnreadLine, ...]
    due: tuple[ReportComing, ...]
    standing: StandingLine | None
    """None where nothing was scored."""

    @property
    def untold(self) -> int:
        return self.open_in_all - len(self.open)

    def unread_by(self, office: Role) -> int:
        return sum(line.notices for line in self.unread if line.office is office)

    def tells(self, office: Role) -> bool:
        """Whether anything is open for the office; where a region stands alone is no news."""
        return bool(self.open_in_all or self.due or self.unread_by(office))


Facts = Annotated[
    ReportReturned
    | WarningsOpen
    | ReportDue
    | ReportMissing
    | RegionsOverdue
    | Deficiency
    | Correction
    | Nomination
    | NotNominated
    | Award
    | Unreachable
    | Unacknowledged
    | WeeklyDigest,
    Field(discriminator="kind"),
]
