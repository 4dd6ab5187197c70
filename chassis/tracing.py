"""Spans (OpenTelemetry): one trace a submission, from the door to the letter. While it is off nobody has a ``Tracing``.

What follows from a record goes on in the record's trace: the log carries it in the header ``traceparent`` (W3C Trace
Context), one for each hop. ``tracestate`` is not carried: nobody here writes to it, and a sender's ends at the door.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

from aiokafka import ConsumerRecord
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace import use_span as _use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from chassis.clock import unix_s
from chassis.dead_letters import Place
from chassis.errors import Misconfigured
from chassis.events import Event, Received, traceparent_in
from chassis.settings import Settings

__all__ = [
    "Handling",
    "Span",
    "SpanKind",
    "Tracing",
    "current",
    "fail",
    "spanning",
    "together",
    "trace_id_of",
    "traceparent_of",
]

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

PAST_AFTER_S: Final = 3_600.0
"""A record that has stood in the log for longer is read again, or long after: it goes on in its trace without a span,
so that a replay of years tells nothing of what is over."""
FLUSHED_WITHIN_S: Final = 5.0
"""At the end of a service; what the collector has not taken by then is lost."""

_W3C: Final = TraceContextTextMapPropagator()
_MESSAGING: Final[dict[str, AttributeValue]] = {"messaging.system": "kafka"}
Attributes = Mapping[str, AttributeValue]


class Tracing:
    """The spans of one service."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("spm-awards", version("spm-awards"))
        self._reached: dict[tuple[str, int], int] = {}
        """By topic and partition, the last offset that this process was given."""
        self._before: dict[tuple[str, int], int] = {}
        """The same before the batch in hand."""

    @classmethod
    def of(cls, settings: Settings, service: str) -> Self | None:
        """None where no collector is named. The SDK reads its own ``OTEL_*``: sampling, limits, headers, attributes.

        Raises:
            Misconfigured: a collector is named and the SDK is not installed.
        """
        if settings.otlp_endpoint is None:
            return None
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
        except ImportError:
            text = "SPM_OTLP_ENDPOINT is set, but OpenTelemetry's SDK is missing: pip install 'spm-awards[tracing]'"
            raise Misconfigured(text) from None
        named = {"service.name": f"spm-{service}", "service.version": version("spm-awards")}
        instance = {"service.instance.id": settings.replica} if settings.replica else {}
        provider = TracerProvider(resource=Resource.create(named | instance), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return cls(provider)

    async def end(self) -> None:
        """Hand over what there is."""
        # A thread that the process need not wait for: a collector that does not answer would keep it for half a minute.
        handing_over = Thread(target=self._provider.shutdown, daemon=True)
        handing_over.start()
        await asyncio.to_thread(handing_over.join, FLUSHED_WITHIN_S)

    @property
    def recording(self) -> bool:
        """Whether what is done now is part of a span that is kept."""
        return get_current_span().is_recording()

    def begin(
        self,
        name: str,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        parent: str | None = None,
        beside: Span | None = None,
        apart: bool = False,
        attributes: Attributes | None = None,
    ) -> Span:
        """A span that its caller ends.

        Args:
            name: Of few: no id is part of it.
            kind: As OpenTelemetry means it.
            parent: Its ``traceparent``; without it the current span, if there is one.
            beside: A span that shows what was done for both.
            apart: Whether it begins a trace of its own, linked to the current span.
            attributes: No personal data.
        """
        context = None if parent is None else _context_of(parent)
        links = [] if beside is None else [Link(beside.get_span_context())]
        if apart:
            links.append(Link(get_current_span().get_span_context()))
            context = set_span_in_context(INVALID_SPAN)
        return self._tracer.start_span(name, context, kind, attributes, links)

    def exemplar(self) -> dict[str, str] | None:
        """Labels of an exemplar: the trace of the current span, where it is kept."""
        return _exemplar_of(get_current_span())

    def exemplar_among(self, records: Iterable[ConsumerRecord]) -> dict[str, str] | None:
        """The same of the first record whose trace is kept."""
        newest_past_ms = (unix_s() - PAST_AFTER_S) * 1_000
        told = (traceparent_in(record.headers) for record in records if record.timestamp > newest_past_ms)
        found = (_exemplar_of(get_current_span(_context_of(origin))) for origin in told if origin is not None)
        return next((exemplar for exemplar in found if exemplar is not None), None)

    def take(self, places: Iterable[Place]) -> None:
        """Note what comes, so that what came before is told from it."""
        self._before = dict(self._reached)
        for place in places:
            at = place[:2]
            self._reached[at] = max(place.offset, self._reached.get(at, -1))

    def note(self, name: str, found: AttributeValue) -> None:
        """Of the current span, if there is one."""
        get_current_span().set_attribute(name, found)

    def carried(self) -> dict[str, str]:
        """Headers of a request that is part of the current span."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier

    @contextmanager
    def sending(self, events: Iterable[Event]) -> Iterator[list[Event]]:
        """The events with the headers that lead to the spans of their sending."""
        spans: list[Span] = []
        sent: list[Event] = []
        for event in events:
            attributes: dict[str, AttributeValue] = _MESSAGING | {
                "messaging.operation.type": "send",
                "messaging.destination.name": event.topic,
                "messaging.kafka.message.key": event.key,
                "cloudevents.event_id": event.id,
            }
            name = f"send {event.topic}"
            span = self.begin(name, kind=SpanKind.PRODUCER, parent=event.traceparent, attributes=attributes)
            spans.append(span)
            sent.append(replace(event, traceparent=traceparent_of(span)))
        with _ended(spans):
            yield sent

    @contextmanager
    def handling(self, batch: Sequence[Received], *, group: str) -> Iterator["Handling"]:
        """A span for each record of a trace. What is done for all of them together, the first one shows."""
        found = Handling({}, {})
        lead: Span | None = None
        newest_past = unix_s() - PAST_AFTER_S
        for received in batch:
            origin = received.traceparent
            if origin is None:
                continue
            found.origins[received.id] = origin
            if received.logged_at.timestamp() < newest_past:
                continue
            span = self._process(received, origin, lead, group)
            found.spans.setdefault(received.id, []).append(span)
            lead = lead or (span if span.is_recording() else None)
        spans = [span for several in found.spans.values() for span in several]
        if lead is not None:
            lead.set_attribute("messaging.batch.message_count", len(batch))
        with _ended(spans), _use_span(lead or INVALID_SPAN, record_exception=False, set_status_on_exception=False):
            yield found

    def _process(self, received: Received, origin: str, lead: Span | None, group: str) -> Span:
        again = received.offset <= self._before.get((received.topic, received.partition), -1)
        where: dict[str, AttributeValue] = {
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": group,
            "messaging.destination.name": received.topic,
            "messaging.destination.partition.id": str(received.partition),
            "messaging.kafka.offset": received.offset,
            "messaging.kafka.message.key": received.message.key,
            "cloudevents.event_id": received.id,
            "spm.redelivered": again,
        }
        return self.begin(
            f"process {received.topic}",
            kind=SpanKind.CONSUMER,
            parent=origin,
            beside=lead,
            attributes=_MESSAGING | where,
        )


@dataclass(frozen=True, slots=True)
class Handling:
    """Records in hand, by the event's id, which several of them can share."""

    origins: dict[str, str]
    spans: dict[str, list[Span]]

    def exemplar(self, batch: Iterable[Received]) -> dict[str, str] | None:
        """Labels of the first of these records whose trace is kept."""
        spans = (span for received in batch for span in self.spans.get(received.id, ()))
        return next((found for span in spans if (found := _exemplar_of(span)) is not None), None)

    def following(self, events: Iterable[Event]) -> list[Event]:
        """The events, each in the trace of the record that caused it."""
        return [
            replace(event, traceparent=at) if (at := self._at(event.headers.get("ce_causationid"))) else event
            for event in events
        ]

    def failed(self, event_id: str | None, reason: str) -> None:
        for span in self.spans.get(event_id or "", ()):
            fail(span, reason)

    def _at(self, cause: str | None) -> str | None:
        if cause is None:
            return None
        spans = self.spans.get(cause)
        return traceparent_of(spans[-1]) if spans else self.origins.get(cause)


def spanning(
    tracing: Tracing | None,
    name: str,
    *,
    kind: SpanKind = SpanKind.CLIENT,
    parent: str | None,
    attributes: Attributes,
) -> AbstractContextManager[Span | None]:
    """A span round a block, as the current one; none while tracing is off, or where there is no trace to go on in."""
    if tracing is None or parent is None:
        return nullcontext()
    return current(tracing.begin(name, kind=kind, parent=parent, attributes=attributes))


def together(spans: Sequence[Span | None]) -> AbstractContextManager[object]:
    """What is done for all of these: the first one that is kept shows it, the others are linked to it."""
    there = [span for span in spans if span is not None]
    if not there:
        return nullcontext()
    lead = next((span for span in there if span.is_recording()), there[0])
    for span in there:
        if span is not lead:
            span.add_link(lead.get_span_context())
    return _use_span(lead, record_exception=False, set_status_on_exception=False)


def fail(span: Span, cause: str) -> None:
    """No message and no stack, which can hold what people wrote."""
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", cause)


def traceparent_of(span: Span) -> str:
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, set_span_in_context(span))
    return carrier["traceparent"]


def _exemplar_of(span: Span) -> dict[str, str] | None:
    return {"trace_id": trace_id_of(span)} if span.get_span_context().trace_flags.sampled else None


def trace_id_of(span: Span) -> str:
    return f"{span.get_span_context().trace_id:032x}"


def _context_of(traceparent: str) -> "Context":
    return _W3C.extract({"traceparent": traceparent})


@contextmanager
def current(span: Span) -> Iterator[Span]:
    """The span round a block, with which it ends."""
    with _ended([span]), _use_span(span, record_exception=False, set_status_on_exception=False):
        yield span


@contextmanager
def _ended(spans: Sequence[Span]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        for span in spans:
            fail(span, type(error).__name__)
        raise
    finally:
        for span in spans:
            span.end()
