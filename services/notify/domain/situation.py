"""Where a region stands, as far as the facts that notify reads tell it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from contracts.award import AwardChangedV1, AwardState
from contracts.quarter import Quarter, quarters_of
from contracts.recipient import Role
from contracts.scorecard import ScorecardUpdatedV1
from contracts.verdict import ReportOverdueV1, Severity, SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.notify.domain.facts import Value
from services.notify.domain.wording import JAKARTA


class Verdict(Value):
    """The last verdict on a quarter's report, or the last that accepted one."""

    revision: int
    submission_id: str
    outcome: VerdictOutcome
    at: datetime
    due_at: datetime
    on_time: bool
    errors: int
    open_warnings: int

    @classmethod
    def of(cls, message: SubmissionJudgedV1) -> "Verdict":
        errors = sum(finding.severity is Severity.ERROR for finding in message.findings)
        unjustified = [one for one in message.findings if one.justification is None]
        return cls(
            revision=message.revision,
            submission_id=message.submission_id,
            outcome=message.outcome,
            at=message.recorded_at,
            due_at=message.due_at,
            on_time=message.on_time,
            errors=errors,
            open_warnings=sum(finding.severity is Severity.WARNING for finding in unjustified),
        )


class SectorIndex(Value):
    sector: str
    index_pct: Decimal | None


class Card(Value):
    """A quarter's scorecard, unrounded."""

    revision: int
    index_pct: Decimal
    expected_pct: Decimal
    completeness_pct: Decimal
    band: str
    sectors: tuple[SectorIndex, ...]

    @classmethod
    def of(cls, message: ScorecardUpdatedV1) -> "Card":
        return cls.model_validate(message, from_attributes=True)

    @property
    def weakest_first(self) -> list[SectorIndex]:
        """Without the sectors in which nothing applies to the region."""
        return sorted(
            (one for one in self.sectors if one.index_pct is not None), key=lambda one: (one.index_pct, one.sector)
        )


class Missed(Value):
    """The last time that a region was told of a missing report."""

    closed_at: datetime
    due_at: datetime
    entry_open: bool

    @classmethod
    def of(cls, message: ReportOverdueV1) -> "Missed":
        return cls(closed_at=message.closed_at, due_at=message.due_at, entry_open=message.days_after_due is not None)


class Standing(Value):
    """What is known of one quarter of a region."""

    region_code: str
    period: str
    judged: Verdict | None = None
    accepted: Verdict | None = None
    card: Card | None = None
    missed: Missed | None = None

    @property
    def due_at(self) -> datetime | None:
        """The latest deadline that a fact told of; None where none did."""
        told = [one.due_at for one in (self.judged, self.missed) if one is not None]
        return max(told, default=None)


class Placed(Value):
    region_code: str
    rank: int
    score: Decimal


class AwardStanding(Value):
    """One category of one edition, as it was last announced."""

    edition_year: int
    category: str
    revision: int
    state: AwardState
    ranked: int
    nominees: tuple[Placed, ...]
    winners: tuple[str, ...]

    @classmethod
    def of(cls, message: AwardChangedV1) -> "AwardStanding":
        return cls.model_validate(message, from_attributes=True)

    def place_of(self, region: str) -> Placed | None:
        return next((one for one in self.nominees if one.region_code == region), None)

    def won_place(self, region: str) -> int | None:
        """1 for the best; None while nothing is decided, and for who did not win."""
        return self.winners.index(region) + 1 if region in self.winners else None


class Duty(StrEnum):
    """How a quarter's report stands."""

    NOT_YET_OPEN = "not_yet_open"
    AWAITED = "awaited"
    OVERDUE = "overdue"
    RETURNED = "returned"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class QuarterLine:
    quarter: Quarter
    opens_at: datetime
    due_at: datetime
    duty: Duty
    standing: Standing


DUE_QUARTERS: Final = 2
"""The running quarter and the one before it are always shown; of older ones those that are lacking."""
OFFICES: Final = (Role.TEAM, Role.AGENCY, Role.SECRETARY, Role.HEAD)


def quarter_lines(
    region: str, quarters: Iterable[Quarter], standings: Mapping[str, Standing], law: Law, now: datetime
) -> list[QuarterLine]:
    """Each quarter's report, due by the calendar unless a fact told of another deadline."""
    lines = []
    for quarter in quarters:
        standing = standings.get(quarter.text) or Standing(region_code=region, period=quarter.text)
        window = law.calendar(quarter.text)
        due_at = standing.due_at or window.due_at
        lines.append(
            QuarterLine(quarter, window.opens_at, due_at, _duty(standing, window.opens_at, due_at, now), standing)
        )
    return lines


def quarters_due(standings: Mapping[str, Standing], now: datetime) -> list[Quarter]:
    """The running quarter, the one before it, and older ones that lack something; newest first."""
    today = now.astimezone(JAKARTA)
    running = next(
        quarter for quarter in quarters_of(today.year) if quarter.first_day <= today.date() <= quarter.last_day
    )
    lacking = {
        Quarter.parse(period)
        for period, standing in standings.items()
        if standing.accepted is None and (standing.missed is not None or standing.judged is not None)
    }
    return sorted({running, running.preceding} | lacking, reverse=True)


def latest_scored(standings: Mapping[str, Standing]) -> Standing | None:
    scored = [standing for standing in standings.values() if standing.card is not None]
    return max(scored, key=lambda standing: standing.period, default=None)


def weak_sectors(card: Card) -> Sequence[SectorIndex]:
    """Those below the quarter's path, worst first."""
    return [one for one in card.weakest_first if one.index_pct is not None and one.index_pct < card.expected_pct]


def _duty(standing: Standing, opens_at: datetime, due_at: datetime, now: datetime) -> Duty:
    if standing.accepted is not None:
        return Duty.ACCEPTED
    if standing.judged is not None:
        return Duty.RETURNED
    if standing.missed is not None or now > due_at:
        return Duty.OVERDUE
    return Duty.AWAITED if now >= opens_at else Duty.NOT_YET_OPEN
