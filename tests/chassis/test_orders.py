"""What operators order: a record has one place for a service, and a service rests until it is told otherwise."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock
from chassis.dead_letters import REPLAY_FOR, Letter, Place, put_aside
from chassis.events import Event
from chassis.groups import group_of, members_of
from chassis.mending import cases, replay
from chassis.operators import Order, pause, pauses
from chassis.orders import Orders
from chassis.settings import Settings
from contracts.message import Message
from contracts.operation import DeadLetterSettledV1, PauseChangedV1, Settlement
from contracts.topics import NOTICE_SETTLED
from tests.chassis.probe import Probe, notice
from tests.running import eventually, running, settings_for

NOW = datetime(2024, 1, 22, 3, 0, tzinfo=UTC)
PLACE = Place(NOTICE_SETTLED.name, 3, 7)
ORDER = Order("operator", "sintetis")


def record(topic: str, key: bytes | None, value: bytes | None, headers: Sequence[Any] = (), **at: int) -> Any:
    return ConsumerRecord(
        topic=topic,
        partition=at.get("partition", 0),
        offset=at.get("offset", 0),
        timestamp=int(NOW.timestamp() * 1_000),
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple(headers),
    )


def bad(value: bytes = b"{}") -> Any:
    return record(PLACE.topic, b"64", value, partition=3, offset=7)


def letter(value: bytes = b"{}", service: str = "probe") -> Any:
    topic, key, headers, value_ = put_aside(
        bad(value), place=PLACE, service=service, stage="decide", reason="mistake", fault=ValueError("x")
    )
    return record(topic, key, value_, headers)


def told(fact: Message) -> Any:
    event = Event.of(fact)
    return record(event.topic, event.key.encode(), event.value, event.wire_headers)


def orders() -> Orders:
    return Orders(
        "probe", settings_for("127.0.0.1:1", "mongodb://x", kafka_prefix=""), (NOTICE_SETTLED,), CollectorRegistry()
    )


def test_a_record_that_was_put_aside_here_is_passed_over_at_its_place_and_nowhere_else() -> None:
    known = orders()
    assert not known.passes_over(PLACE, bad())
    known.learn([letter()])
    assert known.passes_over(PLACE, bad())
    assert not known.passes_over(PLACE._replace(offset=8), bad()), "the same bytes may stand elsewhere"
    assert not known.passes_over(PLACE, bad(b"[]")), "the topic was made again, and another record came to stand there"


def test_what_another_service_put_aside_is_handled_here() -> None:
    known = orders()
    known.learn([letter(service="other")])
    assert not known.passes_over(PLACE, bad())


@pytest.mark.parametrize(("addressee", "passed_over"), [(b"probe", False), (b"other", True), (None, True)])
def test_a_replay_is_for_the_service_that_it_names(addressee: bytes | None, passed_over: bool) -> None:  # noqa: FBT001 - a parameter
    replayed = record(PLACE.topic, b"64", b"{}", [(REPLAY_FOR, addressee)])
    assert orders().passes_over(PLACE._replace(offset=20), replayed) is passed_over


def test_what_an_operator_settled_is_open_no_more() -> None:
    known = orders()
    known.learn([letter()])
    assert known._open.labels(NOTICE_SETTLED.name)._value.get() == 1
    settled = DeadLetterSettledV1(
        service="probe",
        **PLACE._asdict(),
        settlement=Settlement.DISCARDED,
        reason="sintetis",
        settled_by="operator",
        settled_at=NOW,
    )
    known.learn([told(settled)])
    assert known._open.labels(NOTICE_SETTLED.name)._value.get() == 0
    assert known.passes_over(PLACE, bad()), "discarded is not forgotten"


def test_only_an_order_to_this_service_lets_it_rest() -> None:
    known = orders()
    order = PauseChangedV1(service="other", paused=True, reason="sintetis", changed_by="operator", changed_at=NOW)
    known.learn([told(order), record("spm-pause-changed-v1", b"probe", b"poison")])
    assert not known.paused
    known.learn([told(order.model_copy(update={"service": "probe"}))])
    assert known.paused


@pytest.mark.parametrize(
    ("key", "value", "given_back"),
    [(None, b"\xff", None), (b"\0", None, b"\0"), (b"", b"", b""), (None, None, b"")],
    ids=["no key", "no value", "empty", "neither, which the client does not send"],
)
def test_a_letter_gives_back_the_record_to_the_byte(
    key: bytes | None, value: bytes | None, given_back: bytes | None
) -> None:
    headers = [("a", None), ("a", b"\xff"), ("content-type", b"x")]
    source = record(PLACE.topic, key, value, headers, partition=3, offset=7)
    topic, put_key, written, put_value = put_aside(
        source, place=PLACE, service="probe", stage="decode", reason="schema", fault=ValueError("x" * 5_000)
    )
    found = Letter.of(record(topic, put_key, put_value, written))
    assert (found.key, list(found.headers), found.value) == (given_back, headers, value)
    assert (found.place, found.service, found.stage, found.reason) == (PLACE, "probe", "decode", "schema")


@pytest.mark.engines
async def test_a_resting_service_reads_nothing_says_so_and_goes_on_where_it_stopped(settings: Settings) -> None:
    probe, clock = Probe(), FixedClock(NOW)
    async with running("probe", probe.build, settings) as client:
        await probe.send(range(3))
        await eventually(lambda: len(probe.seen) == 3)
        await pause(settings, "probe", ORDER, clock, rest=True)

        async def nobody_reads() -> bool:
            return await members_of(settings, group_of("probe", settings)) == 0

        await eventually(nobody_reads)
        await probe.send(range(3, 6))
        assert (await client.get("/ready")).json() == {"status": "resting"}
        assert (await client.get("/live")).is_success
    assert (await pauses(settings))["probe"].paused
    again = Probe()
    async with running("probe", again.build, settings) as client:
        assert (await client.get("/ready")).json() == {"status": "resting"}, "a restart changes nothing"
        assert again.seen == []
        await pause(settings, "probe", ORDER, clock, rest=False)
        await eventually(lambda: len(again.seen) == 3)
        assert (await client.get("/ready")).json() == {"status": "ready"}
    assert set(probe.seen).isdisjoint(again.seen)


@pytest.mark.engines
async def test_a_mistake_is_put_aside_once_and_its_replay_is_handled_once(settings: Settings) -> None:
    async def trip(_: Sequence[str]) -> None:
        raise ZeroDivisionError

    broken, mended = Probe(trip), Probe()
    async with running("probe", broken.build, settings):
        await broken.send([1])

        async def found() -> int:
            return len(await cases(settings))

        await eventually(found)
    (case,) = (await cases(settings)).values()
    whole = (await cases(settings, whole=[case.letter.id]))[case.letter.id].letter
    async with running("probe", mended.build, settings):
        for _ in range(2):
            (settled,) = await replay(settings, [whole], ORDER, FixedClock(NOW))
            assert (settled.refused, settled.offset) == (None, 1)
        await eventually(lambda: mended.seen)
    assert mended.seen == [notice(1).identity()]
