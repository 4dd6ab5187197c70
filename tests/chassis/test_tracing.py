"""Spans as they are made; how they go through four services stands in tests/pipeline."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from chassis import tracing as module
from chassis.audit import trace_of
from chassis.clock import SystemClock
from chassis.dead_letters import Place
from chassis.errors import Misconfigured, Retryable
from chassis.events import Event, Received
from chassis.http import Traced
from chassis.mongo import Mongo
from chassis.settings import Settings
from chassis.tracing import PAST_AFTER_S, Tracing, current, spanning, together, traceparent_of
from contracts.topics import NOTICE_SETTLED
from deploy.local.ports import free_port
from tests.chassis.probe import notice
from tests.notify.serving import serving
from tests.running import settings_for

TOPIC = NOTICE_SETTLED.name
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
KEPT, NOT_KEPT = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"
LATE = timedelta(seconds=PAST_AFTER_S + 60)


class Watched(Tracing):
    """Its spans are at hand."""

    def __init__(self, sampler: Sampler | None = None) -> None:
        provider = TracerProvider(sampler=sampler or ParentBased(ALWAYS_ON), shutdown_on_exit=False)
        self._exporter = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        super().__init__(provider)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """In the order of their ends."""
        return self._exporter.get_finished_spans()


def ids(spans: Sequence[ReadableSpan]) -> list[str]:
    return [f"{span.context.trace_id:032x}" for span in spans if span.context]


def record(number: int, traceparent: str | None = KEPT, *, offset: int = 0, age: timedelta = timedelta()) -> Received:
    headers = [] if traceparent is None else [("traceparent", traceparent.encode())]
    message = notice(number)
    at = SystemClock().now() - age
    return Received(message, message.event_id, TOPIC, 3, offset, at, headers=headers)


def caused_by(received: Received) -> Event:
    return Event.of(notice(99), caused_by=received.id)


# What follows from a record


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        "00",
        KEPT.upper(),
        f"{KEPT}-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        "x" * 1_000_000,
    ],
)
def test_a_record_that_names_no_trace_gets_no_span(told: str | None) -> None:
    tracing = Watched()
    with tracing.handling([record(1, told)], group="g") as handling:
        [event] = handling.following([caused_by(record(1))])
    assert event.traceparent is None
    assert tracing.spans == ()


def test_each_record_of_a_batch_stays_in_its_own_trace_and_names_the_span_that_shows_the_work() -> None:
    tracing = Watched()
    other = f"00-{'a' * 32}-{SPAN}-01"
    batch = [record(1), record(2, other, offset=1), record(3, None, offset=2)]
    with tracing.handling(batch, group="g") as handling:
        events = handling.following(map(caused_by, batch))
        with current(tracing.begin("work")):
            pass
    work, first, second = tracing.spans
    assert ids([first, second, work]) == [TRACE, "a" * 32, TRACE]
    assert work.parent
    assert first.context
    assert work.parent.span_id == first.context.span_id
    assert [link.context for link in second.links] == [first.context]
    assert first.attributes
    assert first.attributes["messaging.batch.message_count"] == 3
    assert [event.traceparent and event.traceparent[3:35] for event in events] == [TRACE, "a" * 32, None]


def test_what_stood_in_the_log_for_long_goes_on_in_its_trace_without_a_span() -> None:
    tracing = Watched()
    old = record(1, age=LATE)
    with tracing.handling([old], group="g") as handling:
        [event] = handling.following([caused_by(old)])
    assert event.traceparent == KEPT
    assert tracing.spans == ()


def test_a_record_that_is_given_again_is_told_as_such() -> None:
    tracing = Watched()

    def take(*offsets: int) -> list[bool]:
        tracing.take(Place(TOPIC, 3, offset) for offset in offsets)
        before = len(tracing.spans)
        with tracing.handling([record(offset, offset=offset) for offset in offsets], group="g"):
            pass
        return [bool((span.attributes or {})["spm.redelivered"]) for span in tracing.spans[before:]]

    assert take(5, 6) == [False, False]
    assert take(6, 7) == [True, False]


def test_a_batch_that_breaks_fails_every_span_of_it_without_the_words_of_the_fault() -> None:
    tracing = Watched()
    with (
        pytest.raises(Retryable),
        tracing.handling([record(1), record(2, offset=1)], group="g"),
    ):
        raise Retryable("sekda@kota.example does not answer")
    assert [span.status.is_ok for span in tracing.spans] == [False, False]
    assert [(span.attributes or {})["error.type"] for span in tracing.spans] == ["Retryable"] * 2
    assert "sekda" not in "".join(span.to_json() for span in tracing.spans)


def test_a_record_that_is_put_aside_fails_alone() -> None:
    tracing = Watched()
    bad, good = record(1), record(2, offset=1)
    with tracing.handling([bad, good], group="g") as handling:
        handling.failed(bad.id, "unscorable")
        handling.failed(None, "bad-json")
    assert [(span.attributes or {}).get("error.type") for span in tracing.spans] == ["unscorable", None]


def test_an_event_carries_the_span_of_its_sending_and_is_kept_without_it() -> None:
    tracing = Watched()
    event = Event.of(notice(1), traceparent=KEPT)
    with tracing.sending([event]) as [sent]:
        assert sent == event
        assert dict(sent.wire_headers)["traceparent"].decode() == sent.traceparent
    [span] = tracing.spans
    assert span.parent
    assert f"{span.parent.span_id:016x}" == SPAN
    assert span.context
    assert sent.traceparent == f"00-{TRACE}-{span.context.span_id:016x}-01"
    assert "traceparent" not in str(event.kept())
    assert "traceparent" not in dict(Event.of(notice(1)).wire_headers)


def test_what_the_sender_does_not_keep_is_kept_nowhere_and_named_in_no_figure() -> None:
    tracing = Watched()
    received = record(1, NOT_KEPT)
    with tracing.handling([received], group="g") as handling:
        [event] = handling.following([caused_by(received)])
        assert (tracing.exemplar(), handling.exemplar([received])) == (None, None)
    assert event.traceparent
    assert event.traceparent.startswith(f"00-{TRACE}-")
    assert event.traceparent.endswith("-00")
    assert tracing.spans == ()


def test_an_installation_that_keeps_no_trace_shows_nothing_at_all() -> None:
    tracing = Watched(ALWAYS_OFF)
    with tracing.handling([record(1)], group="g"), current(tracing.begin("work")):
        assert not tracing.recording
        assert tracing.exemplar() is None
    assert tracing.spans == ()


# Many at once


def test_of_many_in_one_request_each_begins_a_trace_that_leads_back_to_it() -> None:
    tracing = Watched()
    with current(tracing.begin("request")) as request:
        several = [tracing.begin("admit", apart=True) for _ in range(3)]
    for span in several:
        span.end()
    first, *rest = tracing.spans
    assert len({*ids(rest), *ids([first])}) == 4
    assert all(span.parent is None for span in rest)
    assert all([link.context for link in span.links] == [request.get_span_context()] for span in rest)


def test_what_is_done_for_several_hangs_on_the_first_and_the_others_lead_to_it() -> None:
    tracing = Watched()
    first, second = tracing.begin("a"), tracing.begin("b")
    with together([first, second]):
        assert tracing.carried() == {"traceparent": traceparent_of(first)}
    for span in (first, second):
        span.end()
    assert [[link.context for link in span.links] for span in tracing.spans] == [[], [first.get_span_context()]]


@pytest.mark.parametrize("traced", [False, True])
def test_without_a_trace_to_go_on_in_nothing_is_begun(*, traced: bool) -> None:
    tracing = Watched()
    with spanning(tracing if traced else None, "send", parent=None if traced else KEPT, attributes={}) as span:
        assert span is None
    with together([None, None]):
        assert tracing.carried() == {}


# Doors


@asynccontextmanager
async def door(answer: Callable[[Scope, Send], Any], tracing: Tracing) -> AsyncIterator[httpx.AsyncClient]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, send)

    transport = httpx.ASGITransport(Traced(app, tracing=tracing), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def says_its_trace(scope: Scope, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": trace_of(scope).encode()})


@pytest.mark.parametrize(("told", "expected"), [(KEPT, True), ("not-a-trace", False), (f"{KEPT}\u00e9", False)])
async def test_a_request_goes_on_in_the_sender_s_trace_where_it_names_one(told: str, *, expected: bool) -> None:
    tracing = Watched()
    async with door(says_its_trace, tracing) as client:
        answer = await client.get("/inbox/sekda?link=secret", headers={b"traceparent": told.encode("latin-1")})
    assert ids(tracing.spans) == [answer.text]
    assert (answer.text == TRACE) is expected
    [span] = tracing.spans
    assert "secret" not in span.to_json()
    assert "sekda" not in span.to_json()


@pytest.mark.parametrize("path", ["/live", "/ready", "/metrics"])
async def test_what_probes_and_prometheus_ask_is_not_told(path: str) -> None:
    tracing = Watched()
    async with door(says_its_trace, tracing) as client:
        await client.get(path)
    assert tracing.spans == ()


async def test_a_door_that_trips_is_told_by_the_kind_of_its_mistake_alone() -> None:
    async def trip(_: Scope, __: Send) -> None:
        raise ZeroDivisionError("sekda@kota.example")

    tracing = Watched()
    async with door(trip, tracing) as client:
        await client.get("/")
    [span] = tracing.spans
    assert (span.attributes or {})["error.type"] == "ZeroDivisionError"
    assert "sekda" not in span.to_json()


# The database


@pytest.mark.engines
@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_command_is_told_within_a_span_alone_and_never_what_it_asks(mongo: str, driver: str) -> None:
    tracing = Watched()
    deployment = Mongo(settings_for("127.0.0.1:1", mongo, mongo_driver=driver), tracing)
    contoh = deployment.database("traced")["contoh"]
    try:
        await contoh.find_one({"name": "apart"})
        with current(tracing.begin("asking")) as asking:
            await contoh.insert_many([{"name": "sekda"} for _ in range(200)])
            await contoh.find({"name": "sekda"}).to_list(None)
            with pytest.raises(Exception, match="unknown top level operator"):
                await contoh.find_one({"$nonsense": 1})
    finally:
        await deployment.drop("traced")
        await deployment.close()
    told = [(span.name, (span.attributes or {}).get("error.type")) for span in tracing.spans]
    assert told == [
        ("insert contoh", None),
        ("find contoh", None),
        ("getMore contoh", None),
        ("find contoh", "BadValue"),
        ("asking", None),
    ]
    assert {span.parent.span_id for span in tracing.spans if span.parent} == {asking.get_span_context().span_id}
    assert "sekda" not in "".join(span.to_json() for span in tracing.spans)


# The setting


def test_by_default_there_is_none_and_the_sdk_is_not_even_loaded() -> None:
    assert Tracing.of(Settings(), "intake") is None
    program = "import sys, services.intake.app; print([name for name in sys.modules if 'opentelemetry.sdk' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://collector", "http://", "https://me:word@collector"])
def test_a_collector_is_an_http_address_without_a_password(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"otlp_endpoint": endpoint})


def test_where_the_sdk_is_missing_the_service_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(Misconfigured, match=r"spm-awards\[tracing\]"):
        Tracing.of(Settings.model_validate({"otlp_endpoint": "http://127.0.0.1:1"}), "intake")


async def test_a_collector_that_does_not_answer_holds_no_service_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.sleep(60)

    monkeypatch.setattr(module, "FLUSHED_WITHIN_S", 0.2)
    port = free_port()
    async with serving(never, port):
        tracing = Tracing.of(Settings.model_validate({"otlp_endpoint": f"http://127.0.0.1:{port}"}), "intake")
        assert tracing is not None
        tracing.begin("something").end()
        begun = monotonic()
        await tracing.end()
        assert monotonic() - begun < 5
