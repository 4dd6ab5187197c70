"""The kinds of row that the law is written in.

Each kind names its file and table: ``calendar/periods`` is the table ``[[periods]]`` of ``calendar.toml``. A kind
with one word has a file and a table of that name, or a folder of files with that table. A row's id is that name
followed by the row's key.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

WHOLE = Decimal(1)


def _exact(given: Any) -> Any:
    """TOML writes 100 as an integer and 0.80 as a decimal; both are figures, text is none."""
    return Decimal(given) if type(given) is int else given


def _array(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


def _named_once(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if not kinds or len(set(kinds)) < len(kinds):
        raise ValueError(f"{kinds} should name each kind of region once")
    return kinds


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except ZoneInfoNotFoundError as error:
        raise ValueError("no such time zone; write it like Asia/Jakarta") from error


Zone = Annotated[str, AfterValidator(_known_zone)]
Figure = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0)]
Words = Annotated[str, StringConstraints(pattern=r"^[^{}<>]*\w[^{}<>]*$", max_length=600)]
"""Text for people. Placeholders are refused: figures are put in by the code that knows them."""
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]*$")]
Keys = Annotated[tuple[Key, ...], BeforeValidator(_array)]
RegionCode = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9](\.[0-9]{2})?$")]
RegionKind = Literal["provinsi", "kabupaten", "kota"]
RegionKinds = Annotated[tuple[RegionKind, ...], BeforeValidator(_array), AfterValidator(_named_once)]
RegionCodes = Annotated[tuple[RegionCode, ...], BeforeValidator(_array)]
IslandGroup = Literal["sumatra", "jawa", "bali_nusa_tenggara", "kalimantan", "sulawesi", "maluku_papua"]
RuleCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
RuleCodes = Annotated[tuple[str, ...], BeforeValidator(_array)]
RuleKind = Literal[
    "pre_check", "value", "service_type", "across", "submission", "historical", "outlier", "completeness"
]
CatalogueLevel = Literal["prov", "kab"]
PeriodText = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}Q[1-4]$")]
Confidence = Literal["V2+", "V2s", "V1", "INF", "MEM", "REC"]
"""V2+ two independent sources; V2s two that share one voice; V1 one; INF inferred; MEM unverified; REC our choice."""


class Checked(BaseModel, ABC):
    """What any row of any file states."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    table: ClassVar[str]
    in_folder: ClassVar[bool] = False
    """Whether the table is spread over the files of a folder of its name."""

    checked_on: date
    note: Words | None = None

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells this row from the others of its table."""

    @property
    def row_id(self) -> str:
        return f"{self.table}/{self.key}"


class Source(Checked):
    """A text that rows rest on. A is law or government, B press or a party, C local press, D copy or code."""

    table: ClassVar[str] = "sources"

    id: Annotated[str, StringConstraints(pattern=r"^(S[0-9]{2}|ours)$")]
    title: Words
    address: Words
    reliability: Literal["A", "B", "C", "D", "own"]

    @property
    def key(self) -> str:
        return self.id


class Row(Checked):
    source: str
    article: Words
    confidence: Confidence


class DatedRow(Row):
    valid_from: date = Field(alias="from")
    valid_until: date | None = Field(default=None, alias="until", description="The last day; None while it holds.")

    @property
    def series(self) -> str:
        return ""

    @property
    def key(self) -> str:
        return f"{self.series}/{self.valid_from}".removeprefix("/")

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError(f"'until' {self.valid_until} lies before 'from' {self.valid_from}")
        return self


class Region(Row):
    table: ClassVar[str] = "regions"

    code: RegionCode
    kind: RegionKind
    name: Words
    parent: RegionCode | None = Field(default=None, description="The provinsi; None for a provinsi.")
    reports_spm: bool
    island_group: IslandGroup

    @property
    def key(self) -> str:
        return self.code

    @property
    def catalogue_level(self) -> CatalogueLevel:
        return "prov" if self.kind == "provinsi" else "kab"

    @model_validator(mode="after")
    def _parent_follows_from_the_code(self) -> Self:
        expected = None if self.kind == "provinsi" else self.code[:2]
        if self.parent != expected or (self.kind == "provinsi") != (len(self.code) == len("11")):
            raise ValueError(f"a {self.kind} with code {self.code} and parent {self.parent} cannot be")
        return self


class Sector(Row):
    table: ClassVar[str] = "sectors"

    id: Key
    name_id: Words
    name_en: Words

    @property
    def key(self) -> str:
        return self.id


class ServiceType(DatedRow):
    """A jenis pelayanan dasar. Level ``kab`` serves kabupaten and kota alike."""

    table: ClassVar[str] = "service_types"

    id: Key
    sector: Key
    level: CatalogueLevel
    name_id: Words
    name_en: Words
    recipients_id: Words
    unit: Words
    agency: Words
    technical_law: Words
    conditional: bool = Field(description="Triggered by an event, so that a year may lawfully have no target.")

    @property
    def series(self) -> str:
        return self.id

    @model_validator(mode="after")
    def _id_names_sector_and_level(self) -> Self:
        if not self.id.startswith(f"{self.sector}.{self.level}."):
            raise ValueError(f"id {self.id} should begin with {self.sector}.{self.level}.")
        return self


class BothLists(DatedRow):
    """Whether a provinsi also serves the kabupaten/kota list, having no autonomous kabupaten or kota."""

    table: ClassVar[str] = "service_types/both_lists"

    region: RegionCode
    serves_both: bool

    @property
    def series(self) -> str:
        return self.region


class Band(DatedRow):
    """A category of attainment: ``lower_pct`` belongs to it, ``upper_pct`` to the next."""

    table: ClassVar[str] = "bands"

    id: Key
    name_id: Words
    name_en: Words
    lower_pct: Figure
    upper_pct: Figure | None = Field(default=None, description="None for the highest band.")
    unit: Literal["percent"]

    @property
    def series(self) -> str:
        return self.id

    def holds(self, value_pct: Decimal) -> bool:
        return self.lower_pct <= value_pct and (self.upper_pct is None or value_pct < self.upper_pct)


class DefaultCalendar(DatedRow):
    """When entry opens and closes while nothing else is published: days of the month after the quarter."""

    table: ClassVar[str] = "calendar/default_rules"

    opens_day: int = Field(ge=1, le=28)
    due_day: int = Field(ge=1, le=28)
    unit: Literal["day of the month after the quarter"]
    due_time: time
    zone: Zone


class OverdueDay(DatedRow):
    """How long after the deadline a missing report is told of while entry is open."""

    table: ClassVar[str] = "calendar/overdue_days"

    id: Key
    days: int = Field(ge=1, le=366)
    unit: Literal["days after the deadline"]
    province_is_told: bool
    """Whether a province learns on this day which of its kabupaten and kota are overdue."""

    @property
    def series(self) -> str:
        return self.id


class ReminderDay(DatedRow):
    """How long before the deadline a region without an accepted report is reminded while entry is open."""

    table: ClassVar[str] = "calendar/reminder_days"

    id: Key
    days: int = Field(ge=1, le=366)
    unit: Literal["days before the deadline"]

    @property
    def series(self) -> str:
        return self.id


class PublishedPeriod(Row):
    table: ClassVar[str] = "calendar/periods"

    period: PeriodText
    opens_at: AwareDatetime
    due_at: AwareDatetime

    @property
    def key(self) -> str:
        return self.period

    @model_validator(mode="after")
    def _opens_before_due(self) -> Self:
        if self.opens_at >= self.due_at:
            raise ValueError(f"opens_at {self.opens_at} should lie before due_at {self.due_at}")
        return self


class Example(BaseModel):
    """A few figures set on a faultless report, each by a pointer that names service types by their id."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    id: Words
    en: Words
    set: Mapping[str, Any] = Field(default_factory=dict)
    without: Annotated[tuple[str, ...], BeforeValidator(_array)] = Field(default=(), description="What is left out.")
    earlier: Mapping[str, Any] | None = Field(
        default=None, description="Set on the accepted report of the quarter before."
    )
    last_year: Mapping[str, Any] | None = Field(default=None, description="Set on that of the same quarter last year.")
    history: Mapping[str, Any] | None = Field(
        default=None, description="One figure for each of the accepted reports of the quarters before, newest first."
    )
    peers: Mapping[str, Any] | None = Field(
        default=None, description="One figure for each report from which the figures of peers were fixed."
    )
    at: str = Field(default="", description="Where the rule speaks; empty in an example that passes.")


class Rule(DatedRow):
    """What validation demands of a report, and how officials are told; by itself it demands nothing of anybody."""

    table: ClassVar[str] = "rules"
    in_folder: ClassVar[bool] = True

    code: RuleCode
    kind: RuleKind
    name_id: Words
    name_en: Words
    what_id: Words
    what_en: Words
    why_id: Words
    why_en: Words
    remedy_id: Words
    remedy_en: Words
    passes: Example
    fails: Example

    @property
    def series(self) -> str:
        return self.code


class Threshold(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$")]
    value: Figure
    unit: Words


class RuleTerms(DatedRow):
    """That a rule holds, how severely, and by which figures."""

    table: ClassVar[str] = "rulesets/rules"

    code: RuleCode
    severity: Literal["error", "warning"]
    thresholds: Annotated[tuple[Threshold, ...], BeforeValidator(_array)] = ()

    @property
    def series(self) -> str:
        return self.code
