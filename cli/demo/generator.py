"""A nation's invented year of reports, the same for the same seed: who sends what when, and what should come of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from cli.demo.chance import chance
from cli.demo.figures import RegionYear
from cli.demo.nation import choose_regions, draw_years
from cli.demo.plan import Plan, PlannedReport, Slot
from cli.demo.podium import published_podium
from cli.demo.stories import RETURNED, SENT_TWICE, Ending, Story, deal
from contracts.quarter import Quarter, quarters_of
from contracts.verdict import VerdictOutcome
from regulation.law import Law

FISCAL_YEAR: Final = 2023
_LATE_SHARE: Final = 0.08
_LATE_BY_MOST: Final = timedelta(days=10)
_APART: Final = timedelta(hours=1)
_TO_THE_DEADLINE: Final = 0.35
"""Below 1, so that most reports come in the last days."""


def plan_year(law: Law, *, seed: int, regions: int | None = None, fiscal_year: int = FISCAL_YEAR) -> Plan:
    """The year of every reporting region, or of a nation of so many regions.

    Four reports a region are sent in sum: as many are missing as are sent a second time.

    Raises:
        ValueError: so many or so few regions cannot be chosen.
        RegulationError: no edition of the awards judges the year.
    """
    random = chance(seed, "nation", str(regions))
    edition = law.award_edition_for_fiscal_year(fiscal_year)
    quarters = quarters_of(fiscal_year)
    podium = published_podium(law, edition, chance(seed, "podium"))
    nation = choose_regions(law, podium, regions, random)
    years = draw_years(law, nation, podium, quarters[-1].last_day, seed=seed, random=random)
    slots = [(region.code, quarter) for region in nation if region.code not in podium.regions for quarter in quarters]
    stories = deal(slots, years, seed=seed, random=random)
    alone = [slot for slot in slots if slot not in stories or stories[slot].ending not in {Ending.MISSING, *SENT_TWICE}]
    late = frozenset(random.sample(alone, k=max(1, round(_LATE_SHARE * len(slots)))))
    author = _Author(law, f"demo-{seed}-{len(nation)}", quarters, stories, late)
    reports = [
        report for code, year in years.items() for report in author.reports_of(year, chance(seed, "times", code))
    ]
    reports.sort(key=lambda report: (report.arrived_at, report.region.code))
    return Plan(seed, fiscal_year, edition.edition_year, nation, tuple(reports), podium)


@dataclass(frozen=True, slots=True)
class _Author:
    law: Law
    name: str
    quarters: Sequence[Quarter]
    stories: Mapping[Slot, Story]
    late: frozenset[Slot]

    def reports_of(self, year: RegionYear, random: Random) -> Iterator[PlannedReport]:
        """A region's reports, each behind the one before."""
        last: datetime | None = None
        for quarter in self.quarters:
            for report in self._reports(year, quarter, last, random):
                yield report
                last = report.arrived_at

    def _reports(
        self, year: RegionYear, quarter: Quarter, last: datetime | None, random: Random
    ) -> tuple[PlannedReport, ...]:
        slot = (year.region.code, quarter)
        story = self.stories.get(slot)
        window = self.law.calendar(quarter.text)
        begin = max(window.opens_at, last + _APART) if last else window.opens_at
        good = self._good(year, quarter, begin, window.due_at, random)
        if story is None:
            return (good,)
        if story.fault is None:
            return ()
        spoilt = _spoilt(good, story)
        if story.ending not in SENT_TWICE:
            return (spoilt,)
        first = replace(spoilt, arrived_at=_between(begin, window.due_at, random.uniform(0.0, 0.4)))
        second = replace(
            good,
            key=f"{good.key}-2",
            arrived_at=_between(first.arrived_at, window.due_at, random.uniform(0.1, 0.8)),
            revises=True,
        )
        return first, second

    def _good(
        self, year: RegionYear, quarter: Quarter, begin: datetime, due_at: datetime, random: Random
    ) -> PlannedReport:
        code = year.region.code
        late = (code, quarter) in self.late
        arrived_at = (
            _between(due_at + _APART, due_at + _LATE_BY_MOST, random.random())
            if late
            else _between(begin, due_at, random.random() ** _TO_THE_DEADLINE)
        )
        lacking = {"team-formed": not year.has_team(quarter), "action-plan-made": year.lacks_action_plan(quarter)}
        codes = frozenset(code for code, lacks in lacking.items() if lacks)
        return PlannedReport(
            key=f"{self.name}-{code}-{quarter.text}",
            year=year,
            quarter=quarter,
            arrived_at=arrived_at,
            late=late,
            outcome=VerdictOutcome.ACCEPTED_WITH_WARNINGS if codes else VerdictOutcome.ACCEPTED,
            codes=codes,
        )


def _spoilt(good: PlannedReport, story: Story) -> PlannedReport:
    fault = story.fault
    codes = good.codes | {fault.rule} if fault and fault.rule else good.codes
    justified = story.ending is Ending.WARNED_AND_JUSTIFIED
    if story.ending in RETURNED:
        outcome = VerdictOutcome.RETURNED
    elif codes and not (justified and not good.codes):
        outcome = VerdictOutcome.ACCEPTED_WITH_WARNINGS
    else:
        outcome = VerdictOutcome.ACCEPTED
    return replace(good, outcome=outcome, codes=codes, fault=fault, place=story.place, justified=justified)


def _between(begin: datetime, end: datetime, share: float) -> datetime:
    return (begin + (end - begin) * share).replace(microsecond=0)
