"""What every service counts. Labels are few and bounded: never a region."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from chassis.clock import unix_s

_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RECORD_BUCKETS = (1, 5, 25, 100, 250, 500, 1_000, 2_000)
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class StreamMetrics:
    """A service's reading of its topics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lag_records, self.lag_seconds = _lag(registry)
        self.dead_letters = Counter(
            "spm_dead_letters", "Records sent to the dead letter.", ("topic", "reason"), registry=registry
        )
        self.records = Counter(
            "spm_records", "Records taken and finished; dead letters are among them.", ("topic",), registry=registry
        )
        self.batch_records = Histogram(
            "spm_batch_records", "Records of a finished batch.", buckets=_RECORD_BUCKETS, registry=registry
        )
        self.handling = Histogram(
            "spm_handler_duration_seconds",
            "Time for deciding and keeping up to 250 records of one topic.",
            ("topic",),
            buckets=_STAGE_BUCKETS,
            registry=registry,
        )
        self.commit_failures = Counter(
            "spm_commit_failures",
            "Commits of offsets that failed; the records may come again.",
            ("cause",),
            registry=registry,
        )
        self.running = Gauge(
            "spm_consumer_running",
            "1 while the consume loop runs, or rests by an operator's order.",
            ("group",),
            registry=registry,
        )
        self.retries = Counter(
            "spm_batch_retries",
            "Batches given back because the world was broken.",
            ("cause",),
            registry=registry,
        )
        self.stage_duration = Histogram(
            "spm_stage_duration_seconds",
            "Time for one batch, from decoding until Kafka acknowledged what follows from it.",
            ("stage",),
            buckets=_STAGE_BUCKETS,
            registry=registry,
        )
        self.rebalances = Counter("spm_rebalances", "Times that partitions were taken away.", registry=registry)
        self.progress = Gauge(
            "spm_heartbeat_last_seen_timestamp_seconds",
            "When it last finished a batch.",
            ("stage",),
            registry=registry,
        )


def _lag(registry: CollectorRegistry) -> tuple[Gauge, Gauge]:
    labels = ("topic", "group")
    records = "Records that this replica has not taken from the partitions assigned to it."
    seconds = "Age of the oldest record that this replica has not finished, taken or not; 0 when there is none."
    return (
        Gauge("spm_consumer_lag_records", records, labels, registry=registry),
        Gauge("spm_consumer_lag_seconds", seconds, labels, registry=registry),
    )


class HttpMetrics:
    """What a service's doors answered. ``route`` is the path's template, never the path itself."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "spm_http_requests",
            "Requests answered, by the class of the status: 2xx, 4xx, 5xx.",
            ("method", "route", "status_class"),
            registry=registry,
        )
        self.duration = Histogram(
            "spm_http_request_duration_seconds",
            "Time from a request's first byte to its answer's last.",
            ("route",),
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self.problems = Counter(
            "spm_http_problems", "Requests refused or failed, by the problem's name.", ("slug",), registry=registry
        )
        self.problems.labels("mistake")  # an alert can see the first one only where it stood at zero before


class TaskMetrics:
    """What runs beside the stream."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.failures = Counter(
            "spm_task_failures",
            "Times that a task beside the stream ended in a failure and was begun again.",
            ("task", "cause"),
            registry=registry,
        )

    def failed(self, task: object, error: Exception) -> None:
        """A task is known by the name of its function."""
        named = task.func if isinstance(task, partial) else task
        name = getattr(named, "__qualname__", type(named).__name__).rpartition("<locals>.")[2]
        self.failures.labels(name, type(error).__name__).inc()


class EngineMetrics:
    """Of a process that asks them: where nobody asks, a 0 would tell of an engine that is away."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answers = Gauge(
            "spm_engine_answers",
            "1 when the engine answered the last time it was asked.",
            ("engine",),
            registry=registry,
        )
        for engine in ("kafka", "mongodb"):
            self.answers.labels(engine)
        self.answer_time = Gauge(
            "spm_engine_answer_seconds", "How long the last answer took.", ("engine",), registry=registry
        )


class Sampled:
    """When figures were last read from the database; every replica reads the same ones."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._at = Gauge(
            "spm_figures_sampled_timestamp_seconds",
            "When the figures that are read from the database were last read; 0 for never.",
            registry=registry,
        )

    def now(self) -> None:
        self._at.set(unix_s())


class BuildInfo(Collector):
    """Which version runs here."""

    def __init__(self, service: str, version: str) -> None:
        self._labels = (service, version)

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("spm_build_info", "Always 1.", labels=("service", "version"))
        family.add_metric(self._labels, 1)
        return [family]
