"""What a rule is shown, and what it says when it is broken."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from contracts.quarter import Quarter
from contracts.submission import Submission
from regulation.rows import Region, ServiceType
from services.validation.domain.figures import Figures, ReportedFigures
from services.validation.domain.outliers import Spread

NOT_REPORTED: Final = "tidak diisi / not reported"
_PERIODS_KEPT: Final = 64
_WORDS_CHARS_MAX: Final = 40
"""Of a report's own words in one finding, so that a verdict with many findings fits its topic."""


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """The report of an earlier quarter that is in force."""

    period: str
    figures: Mapping[str, Figures]
    """By service type."""


class PeerFigures(NamedTuple):
    """How one service type stood in the regions of one level; None where too few said enough."""

    attainment: Spread | None
    """Of served by target."""
    budget_per_target: Spread | None
    """Of allocated rupiah by target."""


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """The regions of the region's own level, as they stood when the figures of a period were fixed."""

    period: str
    figures: Mapping[str, PeerFigures]
    """By service type."""


class Columns(NamedTuple):
    """A report's figures column by column: those of its service types in their order, then those of all its items."""

    names: list[str]
    targets: list[int | None]
    served: list[int | None]
    allocated: list[int | None]
    realised: list[int | None]
    codes: list[str]
    units: list[str]
    required: list[int | Decimal | None]
    fulfilled: list[int | Decimal | None]


class Past(NamedTuple):
    """An earlier report, column by column in the order of the report at hand; None where it does not say."""

    period: str
    targets: list[int | None]
    served: list[int | None]
    allocated: list[int | None]
    realised: list[int | None]


@dataclass(frozen=True, eq=False)
class Case:
    """A report with all that it is judged against."""

    submission: Submission
    region: Region | None
    """None where no region has the report's code."""
    services: Mapping[str, ServiceType]
    """What the region must serve, in the order of the law; empty where the region is unknown."""
    history: tuple[EarlierReport, ...] = ()
    """Of up to ``HISTORY_QUARTERS`` quarters before, newest first, other fiscal years included."""
    peers: PeerGroup | None = None
    """The same quarter of this or an earlier year; None while none was fixed before this report."""
    arrived_at: datetime | None = None
    """None where the report has not arrived anywhere, and no rule about its arrival speaks."""
    rules_in_force: Collection[str] = ()

    @cached_property
    def quarter(self) -> Quarter:
        return _quarter(self.submission.period)

    @cached_property
    def last_day(self) -> date:
        return _last_day(self.quarter)

    @cached_property
    def columns(self) -> Columns:
        services = self.submission.services
        recipients, budgets = [one.recipients for one in services], [one.budget for one in services]
        items = [item for service in services for item in service.quality]
        return Columns(
            names=[service.service_type for service in services],
            targets=[counts.target for counts in recipients],
            served=[counts.served for counts in recipients],
            allocated=[budget.allocated for budget in budgets],
            realised=[budget.realised for budget in budgets],
            codes=[item.code for item in items],
            units=[item.unit for item in items],
            required=[item.required for item in items],
            fulfilled=[item.fulfilled for item in items],
        )

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Where each service type stands; the first place of one that stands twice."""
        return {name: place for place, name in reversed(list(enumerate(self.columns.names)))}

    @property
    def earlier(self) -> EarlierReport | None:
        """The latest earlier quarter of the same fiscal year."""
        newest = self.history[0] if self.history else None
        return newest if newest and newest.period[:4] == self.submission.period[:4] else None

    @cached_property
    def pasts(self) -> tuple[Past, ...]:
        """The whole history, newest first."""
        return tuple(map(self._past, self.history))

    @cached_property
    def before(self) -> Past | None:
        """The latest earlier quarter of the same fiscal year."""
        return self._past(self.earlier) if self.earlier else None

    @cached_property
    def year_before(self) -> Past | None:
        """The same quarter of the year before."""
        if not self.history:
            return None
        period = Quarter(self.quarter.fiscal_year - 1, self.quarter.number).text
        return next((self._past(report) for report in self.history if report.period == period), None)

    def breach(self, position: int, part: str, *, found: object, expected: str) -> "Violation":
        """What is wrong with one part of the service type at a position."""
        name = self.columns.names[position]
        return Violation(f"/services/{position}/{part}", written(found), expected, name)

    def item_breach(self, place: int, part: str, *, found: object, expected: str) -> "Violation":
        """What is wrong with one part of the item at a place among all items of the report."""
        for position, service in enumerate(self.submission.services):
            if place < len(service.quality):
                return self.breach(position, f"quality/{place}/{part}", found=found, expected=expected)
            place -= len(service.quality)
        raise IndexError(f"the report has no item at place {place} behind its last")

    def _past(self, report: EarlierReport) -> Past:
        known = report.figures
        if isinstance(known, ReportedFigures) and known.columns.names == self.columns.names:
            return Past(report.period, *known.columns[1:])
        reported = [known.get(name, _SILENT) for name in self.columns.names]
        return Past(
            report.period,
            targets=[figures.target for figures in reported],
            served=[figures.served for figures in reported],
            allocated=[figures.allocated for figures in reported],
            realised=[figures.realised for figures in reported],
        )


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a rule does not hold. The texts are figures and names, which need no translation."""

    pointer: str
    found: str
    expected: str
    service_type: str | None = None


def written(found: object) -> str:
    """A figure in digits, without an exponent; words as they stand, as many as fit."""
    if found is None:
        return NOT_REPORTED
    return f"{found:f}" if isinstance(found, Decimal) else str(found)[:_WORDS_CHARS_MAX]


def tidy(figure: Decimal) -> str:
    """A threshold in as few digits as it needs."""
    return f"{figure.normalize():f}"


_SILENT: Final = Figures(None, None, None, None)


@lru_cache(maxsize=_PERIODS_KEPT)
def _quarter(period: str) -> Quarter:
    return Quarter.parse(period)


@lru_cache(maxsize=_PERIODS_KEPT)
def _last_day(quarter: Quarter) -> date:
    return quarter.last_day
