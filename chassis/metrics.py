"""What every service counts. Labels are few and bounded: never a region."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class StreamMetrics:
    """A service's reading of its topics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lag_records = Gauge(
            "spm_consumer_lag_records",
            "Records that this replica has not yet taken from the partitions assigned to it.",
            ("topic", "group"),
            registry=registry,
        )
        self.lag_seconds = Gauge(
            "spm_consumer_lag_seconds",
            "Age of the oldest record known to be unfinished in this replica; 0 when there is none.",
            ("topic", "group"),
            registry=registry,
        )
        self.dead_letters = Counter(
            "spm_dead_letters", "Records sent to the dead letter.", ("topic", "reason"), registry=registry
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


class BuildInfo(Collector):
    """Which version runs here."""

    def __init__(self, service: str, version: str) -> None:
        self._labels = (service, version)

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("spm_build_info", "Always 1.", labels=("service", "version"))
        family.add_metric(self._labels, 1)
        return [family]
