"""What intake counts besides its requests and refusals, which the chassis counts."""

from collections.abc import Collection, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from chassis.clock import unix_s
from chassis.metrics import Sampled
from contracts.period import PeriodChangedV1
from services.intake.domain.ledger import Ledger
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


class FlowMetrics:
    """What comes in, as the store was last sampled; every replica shows the same."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._unjudged = Gauge(
            "spm_unjudged_oldest_seconds",
            "How long the oldest report without a verdict has waited; 0 when none waits.",
            registry=registry,
        )
        self._due = Gauge(
            "spm_period_due_timestamp_seconds", "The deadline of an open period.", ("period",), registry=registry
        )
        self._reported = Gauge(
            "spm_period_regions_reported",
            "Regions that handed in a report of an open period.",
            ("period",),
            registry=registry,
        )
        self._owing = Gauge("spm_period_regions_owing", "Regions that owe a report each period.", registry=registry)
        self._sampled = Sampled(registry)

    def show_unjudged(self, waited_s: float) -> None:
        self._unjudged.set(waited_s)

    def show_periods(self, reported: Iterable[tuple[PeriodChangedV1, int]], *, owing: int) -> None:
        self._due.clear()
        self._reported.clear()
        for period, regions in reported:
            self._due.labels(period.period).set(period.due_at.timestamp())
            self._reported.labels(period.period).set(regions)
        self._owing.set(owing)
        self._sampled.now()


class AuditMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.unkept = Counter(
            "spm_refusals_unkept",
            "Refusals that stand in the log alone, because more came than the database took.",
            registry=registry,
        )


class LedgerMetrics:
    """The ledgers of all periods, as they were last sampled."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._imbalance = Gauge(
            "spm_ledger_imbalance", "Reports without a place and places without a report.", registry=registry
        )
        self._reports = Gauge(
            "spm_ledger_reports",
            "Reports sent, and where they are: accepted, returned, superseded, pending or discarded.",
            ("place",),
            registry=registry,
        )
        self._unlogged = Gauge(
            "spm_ledger_unlogged",
            "Reports with a receipt older than a minute that the log has not shown.",
            registry=registry,
        )
        self._sampled = Gauge(
            "spm_ledger_sampled_timestamp_seconds", "When the ledger was last sampled; 0 for never.", registry=registry
        )

    def show(self, ledgers: Collection[Ledger]) -> None:
        self._imbalance.set(sum(ledger.difference for ledger in ledgers))
        self._unlogged.set(sum(ledger.total.unlogged for ledger in ledgers))
        for place in ("sent", "accepted", "returned", "superseded", "pending", "discarded"):
            self._reports.labels(place).set(sum(getattr(ledger.total, place) for ledger in ledgers))
        self._sampled.set(unix_s())
