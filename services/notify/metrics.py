"""What notify counts beside its stream."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from chassis.metrics import Sampled
from contracts.notice import NoticeKind, NoticeState
from contracts.recipient import Channel

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
        self._untried = Gauge(
            "spm_notices_untried_oldest_seconds",
            "How long the oldest notice that was never tried has waited; 0 when none waits.",
            ("channel",),
            registry=registry,
        )
        self._kept = Gauge(
            "spm_notices_kept",
            "Notices on the latest fiscal year that has any, by the state that they are in.",
            ("kind", "state"),
            registry=registry,
        )
        self._sampled = Sampled(registry)
        self.webhook_attempts = Counter(
            "spm_webhook_attempts", "Deliveries to webhooks that were tried.", ("outcome",), registry=registry
        )

    def show(self, kept: Iterable[tuple[NoticeKind, NoticeState, int]], untried_s: Mapping[Channel, float]) -> None:
        """What the store holds; every replica shows the same."""
        self._kept.clear()
        for kind, state, notices in kept:
            self._kept.labels(kind, state).set(notices)
        for channel, waited_s in untried_s.items():
            self._untried.labels(channel).set(waited_s)
        self._sampled.now()
