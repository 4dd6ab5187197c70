"""What was open for a region as a week began."""

from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import Field

from contracts.message import COUNT_MAX, Frozen, Identifier, Instant, Message, PeriodText, RegionCode, ShortWords
from contracts.notice import NoticeKind
from contracts.scorecard import Percent

OPEN_MAX: Final = 20
"""Of a week's open matters, oldest first; the others are counted."""
REPORTS_MAX: Final = 8


class OpenMatter(Frozen):
    """Asks somebody to act, and nobody has answered it."""

    kind: NoticeKind
    period: PeriodText | None = None
    told_at: Instant
    notice_id: Annotated[Identifier, Field(description="One of the notices of the matter.")]


class UnreadByOffice(Frozen):
    office: Annotated[ShortWords, Field(description="The role that the office is registered in.")]
    notices: Annotated[int, Field(ge=1, le=COUNT_MAX, description="Told within four weeks, never opened by it.")]


class ReportToCome(Frozen):
    """A report whose deadline comes within two weeks, and of which none is accepted."""

    period: PeriodText
    due_at: Instant
    returned: bool


class SectorIndex(Frozen):
    sector: str
    index_pct: Percent


class Attainment(Frozen):
    """The latest scorecard; sectors of which no service applies are left out."""

    period: PeriodText
    index_pct: Percent
    expected_pct: Percent
    sectors: Annotated[tuple[SectorIndex, ...], Field(description="Lowest first.")]


class WeekSummedUpV1(Message):
    """What was open for a region as a week began; written where somebody asked to be mailed it, also when nothing was.

    The first that was written of a region and week holds.
    """

    TYPE: ClassVar[str] = "id.go.spm.week-summed-up.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:notify"

    region_code: RegionCode
    week: Annotated[str, Field(pattern=r"^2[0-9]{3}-W[0-9]{2}$", description="ISO 8601.", examples=["2024-W03"])]
    began_at: Annotated[Instant, Field(description="Who asked by then is mailed it.")]
    stated_at: Annotated[Instant, Field(description="What holds then; later than began_at where it was written late.")]
    open: Annotated[tuple[OpenMatter, ...], Field(max_length=OPEN_MAX)] = ()
    open_in_all: Annotated[int, Field(ge=0, le=COUNT_MAX)]
    unread: tuple[UnreadByOffice, ...] = ()
    due: Annotated[tuple[ReportToCome, ...], Field(max_length=REPORTS_MAX)] = ()
    attainment: Attainment | None = None

    def identity(self) -> str:
        return f"{self.region_code}/{self.week}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.began_at
