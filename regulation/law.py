"""The law as services ask it: what holds, for whom, on which day. Days are named, never assumed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from regulation.award_rows import Edition
from regulation.awards import AwardEdition, assemble_edition
from regulation.dated import all_in_force, in_force
from regulation.errors import RegulationError
from regulation.index_rows import ExpectedPath, IndexChoices, IndexMethod, IndexRollup, IndexWeights
from regulation.reading import Rows
from regulation.rows import (
    Band,
    BothLists,
    CatalogueLevel,
    DefaultCalendar,
    OverdueDay,
    PublishedPeriod,
    Region,
    ReminderDay,
    Rule,
    RuleTerms,
    Sector,
    ServiceType,
    Source,
)
from regulation.rulesets import RuleSet, assemble_ruleset

_PERIOD = re.compile(r"(20[0-9]{2})Q([1-4])")
_MONTHS_A_QUARTER = 3
_MONTHS_A_YEAR = 12
_DAYS_KEPT = 64
_BOTH_LEVELS: Final[frozenset[CatalogueLevel]] = frozenset({"prov", "kab"})


class Regions(Mapping[str, Region]):
    """Every region by its code."""

    def __init__(self, regions: tuple[Region, ...]) -> None:
        self._by_code = {region.code: region for region in regions}
        self._reporting = tuple(
            self._by_code[code] for code in sorted(self._by_code) if self._by_code[code].reports_spm
        )

    def __getitem__(self, code: str) -> Region:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def reporting(self) -> tuple[Region, ...]:
        """The regions that must report, in the order of their codes."""
        return self._reporting


@dataclass(frozen=True, slots=True)
class ReportingWindow:
    """When a period's entry opens and closes, in UTC; a report that arrives at ``due_at`` is on time."""

    period: str
    opens_at: datetime
    due_at: datetime
    row_id: str


@dataclass(frozen=True, eq=False)
class Law:
    """Every question about a dated row asks for the day, and raises ``RegulationError`` where the law is silent."""

    rows: Rows

    @cached_property
    def regions(self) -> Regions:
        return Regions(self.rows.of(Region))

    @cached_property
    def sectors(self) -> Mapping[str, Sector]:
        return MappingProxyType({sector.id: sector for sector in self.rows.of(Sector)})

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        return MappingProxyType({source.id: source for source in self.rows.of(Source)})

    def service_types(self, region: Region, on: date) -> tuple[ServiceType, ...]:
        """What a region must serve, in the order of the law."""
        return self.catalogue(self.levels_served(region, on), on)

    def levels_served(self, region: Region, on: date) -> frozenset[CatalogueLevel]:
        """The lists of service types that a region must serve."""
        return _BOTH_LEVELS if region.code in _both_lists(self, on) else frozenset({region.catalogue_level})

    def catalogue(self, levels: frozenset[CatalogueLevel], on: date) -> tuple[ServiceType, ...]:
        """The service types of these lists, in the order of the law."""
        return tuple(row for row in _service_types_in_force(self, on) if row.level in levels)

    def index_weights(self, on: date) -> IndexWeights:
        return in_force(self.rows.of(IndexWeights), on)

    def index_choices(self, on: date) -> IndexChoices:
        return in_force(self.rows.of(IndexChoices), on)

    def index_method(self, sector: str, on: date) -> IndexMethod:
        return in_force((row for row in self.rows.of(IndexMethod) if row.sector == sector), on)

    def index_rollup(self, area: Literal["province", "nation"], on: date) -> IndexRollup:
        return in_force((row for row in self.rows.of(IndexRollup) if row.area == area), on)

    def expected_path(self, quarter: int, on: date) -> ExpectedPath:
        return in_force((row for row in self.rows.of(ExpectedPath) if row.quarter == quarter), on)

    def bands(self, on: date) -> tuple[Band, ...]:
        """Highest first."""
        return tuple(sorted(all_in_force(self.rows.of(Band), on), key=lambda band: band.lower_pct, reverse=True))

    def band_of(self, value_pct: Decimal, on: date) -> Band:
        """The band of a value as it is given; whether to round first is said by ``index_choices.category_on``."""
        for band in self.bands(on):
            if band.holds(value_pct):
                return band
        raise RegulationError(f"No band holds {value_pct}; an index lies between 0 and 100.")

    def calendar(self, period: str) -> ReportingWindow:
        """The window of a period like ``2023Q4``: as published, else by the default rule of the quarter's last day."""
        for row in self.rows.of(PublishedPeriod):
            if row.period == period:
                return ReportingWindow(period, row.opens_at.astimezone(UTC), row.due_at.astimezone(UTC), row.row_id)
        following = _day_after_quarter(period)
        rule = in_force(self.rows.of(DefaultCalendar), following - timedelta(days=1))
        zone = ZoneInfo(rule.zone)
        opens_at = datetime.combine(following.replace(day=rule.opens_day), datetime.min.time(), zone)
        due_at = datetime.combine(following.replace(day=rule.due_day), rule.due_time, zone)
        return ReportingWindow(period, opens_at.astimezone(UTC), due_at.astimezone(UTC), rule.row_id)

    def overdue_days(self, period: str) -> tuple[int, ...]:
        """How many days after the deadline a missing report is told of while entry is open; fewest first."""
        return tuple(sorted({row.days for row in self._overdue_days(period)}))

    def province_days(self, period: str) -> tuple[int, ...]:
        """Those of ``overdue_days`` on which a province is told which of its regions are overdue."""
        return tuple(sorted({row.days for row in self._overdue_days(period) if row.province_is_told}))

    def told_days(self, period: str) -> tuple[int, ...]:
        """Days from the deadline on which a region without an accepted report is told: -14 for H-14, 1 for H+1."""
        last_day = _day_after_quarter(period) - timedelta(days=1)
        before = {-row.days for row in all_in_force(self.rows.of(ReminderDay), last_day)}
        return (*sorted(before), *self.overdue_days(period))

    def _overdue_days(self, period: str) -> Iterable[OverdueDay]:
        last_day = _day_after_quarter(period) - timedelta(days=1)
        return all_in_force(self.rows.of(OverdueDay), last_day)

    def award_edition(self, edition_year: int) -> AwardEdition:
        for edition in self.rows.of(Edition):
            if edition.edition_year == edition_year:
                return assemble_edition(self.rows, edition)
        raise RegulationError(f"No edition {edition_year} is written; add its rows to award_editions.toml.")

    def award_edition_for_fiscal_year(self, fiscal_year: int) -> AwardEdition:
        for edition in self.rows.of(Edition):
            if edition.fiscal_year == fiscal_year:
                return assemble_edition(self.rows, edition)
        raise RegulationError(f"No edition judges fiscal year {fiscal_year}; add its rows to award_editions.toml.")

    def ruleset(self, on: date) -> RuleSet:
        return assemble_ruleset(all_in_force(self.rows.of(RuleTerms), on), all_in_force(self.rows.of(Rule), on))


@lru_cache(maxsize=_DAYS_KEPT)
def _both_lists(law: Law, on: date) -> frozenset[str]:
    """The regions that serve both lists."""
    return frozenset(row.region for row in all_in_force(law.rows.of(BothLists), on) if row.serves_both)


@lru_cache(maxsize=_DAYS_KEPT)
def _service_types_in_force(law: Law, on: date) -> tuple[ServiceType, ...]:
    """Of every level; kept, because it is asked for each report of a quarter."""
    return all_in_force(law.rows.of(ServiceType), on)


def _day_after_quarter(period: str) -> date:
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise RegulationError(f"{period!r} is no period; write it like 2023Q4.")
    years, months = divmod(int(match[2]) * _MONTHS_A_QUARTER, _MONTHS_A_YEAR)
    return date(int(match[1]) + years, months + 1, 1)
