"""What intake counts besides its requests and refusals, which the chassis counts."""

from prometheus_client import CollectorRegistry, Counter

from services.intake.domain.status import Receipt


class IntakeMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.reports = Counter(
            "spm_reports_received",
            "Reports answered with a receipt, each once: on_time, late or imported.",
            ("outcome",),
            registry=registry,
        )
        self.replays = Counter(
            "spm_idempotent_replays", "Requests that repeated one and got its receipt again.", registry=registry
        )
        for outcome in ("on_time", "late", "imported"):
            self.reports.labels(outcome)

    def count(self, receipt: Receipt) -> None:
        self.reports.labels("imported" if receipt.imported else "on_time" if receipt.on_time else "late").inc()
