"""What validation counts. A report is counted by the replica that kept its verdict."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from contracts.verdict import SubmissionJudgedV1


class ValidationMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._findings = Counter(
            "spm_report_findings", "Findings listed in verdicts.", ("rule_id", "severity"), registry=registry
        )
        self._judged = Counter("spm_reports_judged", "Reports that got their verdict.", ("outcome",), registry=registry)

    def count(self, verdicts: Iterable[SubmissionJudgedV1]) -> None:
        for verdict in verdicts:
            self._judged.labels(verdict.outcome).inc()
            for finding in verdict.findings:
                self._findings.labels(finding.code, finding.severity).inc()
