"""What validation counts. A report is counted by the replica that kept its verdict."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from chassis.clock import unix_s
from chassis.metrics import Sampled
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from services.validation.domain.rates import ReportingRate

_WAIT_BUCKETS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400)
REPLAYED_AFTER_S: Final = 86_400
"""A report that stood in the log for longer is read again after a rebuild; how long it waited says nothing."""


class ValidationMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._findings = Counter(
            "spm_report_findings", "Findings listed in verdicts.", ("rule_id", "severity"), registry=registry
        )
        self._judged = Counter("spm_reports_judged", "Reports that got their verdict.", ("outcome",), registry=registry)
        self._waited = Histogram(
            "spm_report_judged_seconds",
            "Time from a report's place in the log until its verdict was kept; rebuilds are left out.",
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self._verdicts = Gauge(
            "spm_verdicts",
            "Verdicts on reports of the latest period reported, those on superseded ones too.",
            ("level", "outcome"),
            registry=registry,
        )
        self.sampled = Sampled(registry)
        self._rates = Gauge(
            "spm_reporting_rate_ratio",
            "Share of the regions that owe a report of a sector and have reported, in the latest period reported.",
            ("period", "sector"),
            registry=registry,
        )
        self._rates_on_time = Gauge(
            "spm_reporting_rate_on_time_ratio",
            "The same, of those that have reported on time.",
            ("period", "sector"),
            registry=registry,
        )

    def show_rates(self, period: str, by_sector: Iterable[ReportingRate]) -> None:
        """Of one period alone, so that the labels do not grow from year to year."""
        self._rates.clear()
        self._rates_on_time.clear()
        for rate in by_sector:
            self._rates.labels(period, rate.group).set(rate.reported / rate.expected)
            self._rates_on_time.labels(period, rate.group).set(rate.on_time / rate.expected)

    def show_verdicts(self, verdicts: Iterable[tuple[str, VerdictOutcome, int]]) -> None:
        """By level and outcome, of the same period."""
        self._verdicts.clear()
        for level, outcome, reports in verdicts:
            self._verdicts.labels(level, outcome).inc(reports)

    def count(self, verdicts: Iterable[SubmissionJudgedV1], logged_at: Mapping[str, datetime]) -> None:
        """Those that were kept a moment ago, with when the log had each report."""
        for verdict in verdicts:
            waited_s = max(0.0, unix_s() - logged_at[verdict.submission_id].timestamp())
            if waited_s < REPLAYED_AFTER_S:
                self._waited.observe(waited_s)
            self._judged.labels(verdict.outcome).inc()
            for finding in verdict.findings:
                self._findings.labels(finding.code, finding.severity).inc()
