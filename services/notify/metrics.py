"""What notify counts beside its stream."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DELIVERY_BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 259_200)


class NoticeMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.notices = Counter(
            "spm_notices",
            "Notices that came into a state; a temporary failure is counted at each attempt.",
            ("channel", "kind", "status"),
            registry=registry,
        )
        self.delivery = Histogram(
            "spm_notice_delivery_seconds",
            "Time from the fact until the receiver accepted the notice of it.",
            ("channel",),
            buckets=_DELIVERY_BUCKETS,
            registry=registry,
        )
        self.unsettled = Gauge(
            "spm_notices_unsettled", "Notices that have not reached an end and will be tried.", registry=registry
        )
        self.webhook_attempts = Counter(
            "spm_webhook_attempts", "Deliveries to webhooks that were tried.", ("outcome",), registry=registry
        )
