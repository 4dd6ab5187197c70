"""What validation counts. A report is counted by the replica that kept its verdict."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from contracts.verdict import SubmissionJudgedV1
from services.validation.domain.rates import ReportingRate


class ValidationMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._findings = Counter(
            "spm_report_findings", "Findings listed in verdicts.", ("rule_id", "severity"), registry=registry
        )
        self._judged = Counter("spm_reports_judged", "Reports that got their verdict.", ("outcome",), registry=registry)
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

    def count(self, verdicts: Iterable[SubmissionJudgedV1]) -> None:
        for verdict in verdicts:
            self._judged.labels(verdict.outcome).inc()
            for finding in verdict.findings:
                self._findings.labels(finding.code, finding.severity).inc()
