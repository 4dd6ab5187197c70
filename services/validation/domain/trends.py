"""How findings come and go: per rule and region, when they were opened, when resolved, and how long it took.

For one region and period, a rule is *open* from the first report that breaks it without a reason until the first report
that is not returned and no longer does. What only a returned report has mended stays open: the report in force, or the
lack of one, is as it was.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median_low
from typing import NamedTuple

from contracts.verdict import Finding


class JudgedCodes(NamedTuple):
    """What trends need of a verdict."""

    period: str
    region_code: str
    revision: int
    returned: bool
    arrived_at: datetime
    codes: Sequence[str]
    """Of the rules that it breaks."""
    justified: Sequence[str] = ()
    """Of those, the ones for which a reason is given at every place."""

    @property
    def unexplained(self) -> list[str]:
        return [code for code in self.codes if code not in self.justified]


class Episode(NamedTuple):
    """One rule, open in one region and period."""

    code: str
    region_code: str
    period: str
    opened_at: datetime
    resolved_at: datetime | None
    """None while it is open."""

    @property
    def time_to_mend(self) -> timedelta | None:
        return self.resolved_at - self.opened_at if self.resolved_at is not None else None


@dataclass(slots=True)
class Trend:
    """The episodes of one rule, of all or of one group of them."""

    opened: int = 0
    resolved: int = 0
    times: list[timedelta] = field(default_factory=list)

    def add(self, episode: Episode) -> None:
        self.opened += 1
        if (time := episode.time_to_mend) is not None:
            self.resolved += 1
            self.times.append(time)

    @property
    def median_time(self) -> timedelta | None:
        """Of two in the middle the shorter, which is one that happened."""
        return median_low(self.times) if self.times else None


class Fired(NamedTuple):
    """Rules by how often they fired among the reports that were looked at."""

    never: tuple[str, ...]
    always: tuple[str, ...]


def justified(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The rules for which a reason is given wherever they are broken, each once."""
    bare = {finding.code for finding in findings if finding.justification is None}
    return tuple(dict.fromkeys(finding.code for finding in findings if finding.code not in bare))


def episodes(verdicts: Iterable[JudgedCodes]) -> Iterator[Episode]:
    """From verdicts in the order of period, region and revision; a rule that is broken again opens a new episode."""
    for (period, region_code), reports in groupby(verdicts, lambda verdict: (verdict.period, verdict.region_code)):
        opened: dict[str, datetime] = {}
        for report in reports:
            broken = report.unexplained
            for code in [] if report.returned else [code for code in opened if code not in broken]:
                yield Episode(code, region_code, period, opened.pop(code), report.arrived_at)
            for code in broken:
                opened.setdefault(code, report.arrived_at)
        for code, opened_at in opened.items():
            yield Episode(code, region_code, period, opened_at, None)


def trends_by(found: Iterable[Episode], *parts: str) -> Mapping[tuple[str, ...], Trend]:
    """Grouped by fields of an episode, in their order."""
    trends: dict[tuple[str, ...], Trend] = defaultdict(Trend)
    for episode in found:
        trends[tuple(getattr(episode, part) for part in parts)].add(episode)
    return {key: trends[key] for key in sorted(trends)}


def fired(verdicts: Iterable[JudgedCodes], in_force: Collection[str]) -> Fired:
    """Of the rules in force: those that no report broke, and those that every report broke; both empty of no report."""
    counts = dict.fromkeys(in_force, 0)
    reports = 0
    for verdict in verdicts:
        reports += 1
        for code in verdict.codes:
            if code in counts:
                counts[code] += 1
    if not reports:
        return Fired((), ())
    never = tuple(code for code, count in counts.items() if count == 0)
    return Fired(never, tuple(code for code, count in counts.items() if count == reports))
