"""What a panel of a dashboard is, and those that stand on several boards."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["none", "short", "s", "bytes", "ops", "reqps", "percentunit"]


@dataclass(frozen=True, slots=True)
class Query:
    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    unit: Unit
    queries: tuple[Query, ...]
    tells: str
    """What to read from it."""
    silent: str | None = None
    """Why it may be empty while all is well."""


def asking(
    title: str, unit: Unit, tells: str, *queries: str | tuple[str, str], legend: str = "", silent: str | None = None
) -> Panel:
    asked = tuple(Query(one, legend) if isinstance(one, str) else Query(*one) for one in queries)
    return Panel(title, unit, asked, tells, silent)


DOOR = 'route!~"/ready|/live|/metrics"'
LAG = asking(
    "Age of the oldest unfinished record",
    "s",
    "Which reader is behind, in which topic.",
    "max by (job, topic) (spm_consumer_lag_seconds)",
    legend="{{job}} {{topic}}",
)
UNJUDGED = asking(
    "Oldest report without a verdict", "s", "Above 60 s an objective is missed.", "max(spm_unjudged_oldest_seconds)"
)
DUE = asking(
    "Time until the deadline",
    "s",
    "Of each period whose entry is open.",
    "max by (period) (spm_period_due_timestamp_seconds) - time()",
    legend="{{period}}",
    silent="No period is open.",
)
REPORTED = asking(
    "Regions that have reported",
    "percentunit",
    "Of those that owe a report, for each open period.",
    "max by (period) (spm_period_regions_reported) / on () group_left () max(spm_period_regions_owing)",
    legend="{{period}}",
    silent="No period is open.",
)
REFUSALS = asking(
    "Refusals by reason",
    "reqps",
    "Each name has its heading in docs/operations.md.",
    "sum by (job, slug) (rate(spm_http_problems_total[5m]))",
    legend="{{job}} {{slug}}",
)
LEDGER = asking(
    "Where the reports are",
    "none",
    "Sent is the sum of the others, always.",
    "max by (place) (spm_ledger_reports)",
    legend="{{place}}",
)
BEHIND_RECORDS = asking(
    "Records that wait",
    "short",
    "How much there is to do; with the throughput, how long it takes.",
    "sum by (job, topic) (spm_consumer_lag_records)",
    legend="{{job}} {{topic}}",
)
THROUGHPUT = asking(
    "Records finished",
    "ops",
    "By service and topic.",
    "sum by (job, topic) (rate(spm_records_total[5m]))",
    legend="{{job}} {{topic}}",
)
SLOWEST_DOORS = asking(
    "Slowest doors, 95 of 100 answers within",
    "s",
    "By route's template.",
    "topk(8, histogram_quantile(0.95, sum by (job, route, le) "
    f"(rate(spm_http_request_duration_seconds_bucket{{{DOOR}}}[5m]))))",
    legend="{{job}} {{route}}",
)
