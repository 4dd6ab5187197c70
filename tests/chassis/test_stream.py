"""The delivery rule of the chassis on the real broker: each test names a hole of the framework and shows it closed."""

import asyncio
from collections.abc import Sequence
from zlib import crc32

from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream import AckPolicy
from prometheus_client import CollectorRegistry

from chassis.errors import Retryable, Unprocessable
from chassis.kafka import Publisher, make_broker
from chassis.metrics import StreamMetrics
from chassis.service import make_app
from chassis.settings import Settings
from chassis.stream import LANES, SLICE_RECORDS, Stream
from contracts.topics import NOTICE_SETTLED
from tests.chassis.probe import Gate, Probe, notice
from tests.running import eventually, read_topic, running

TOPIC = NOTICE_SETTLED.name
DEAD = NOTICE_SETTLED.dead_letter_name


def ids(numbers: Sequence[int]) -> set[str]:
    return {notice(number).identity() for number in numbers}


async def committed(settings: Settings) -> int:
    """How many records of the probe's topic are committed, over all partitions."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=f"{settings.kafka_prefix}spm-probe", enable_auto_commit=False
    )
    await consumer.start()
    try:
        offsets = [
            await consumer.committed(TopicPartition(settings.kafka_prefix + TOPIC, partition))
            for partition in range(NOTICE_SETTLED.partitions)
        ]
        return sum(offset or 0 for offset in offsets)
    finally:
        await consumer.stop()


async def committed_all(settings: Settings, records: int) -> bool:
    return await committed(settings) == records


def test_the_subscriber_never_acknowledges_what_was_not_done(settings: Settings) -> None:
    registry = CollectorRegistry()
    broker = make_broker(settings, "probe", registry)
    publisher = Publisher(settings, "probe", linger_ms=0)
    stream = Stream("probe", {NOTICE_SETTLED: Probe().handle}, publisher, StreamMetrics(registry), settings)
    stream.attach(broker)
    subscriber = stream._subscriber
    assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
    assert subscriber._connection_args["auto_offset_reset"] == "earliest"
    assert subscriber._connection_args["isolation_level"] == "read_committed"
    assert subscriber._connection_args["enable_auto_commit"] is False
    assert subscriber._no_reply is True
    assert hasattr(subscriber, "tasks"), "liveness looks at the framework's own list of tasks"


async def test_what_was_published_before_the_first_start_is_read(settings: Settings) -> None:
    first, later = Probe(), Probe()
    async with running("other", first.build, settings):
        await first.send(range(20))
    async with running("probe", later.build, settings):
        await eventually(lambda: set(later.seen) == ids(range(20)))
        await eventually(lambda: committed(settings))


async def test_a_broken_world_is_tried_again_and_buries_nothing(settings: Settings) -> None:
    failures = iter([Retryable("the database is away"), OSError("no route"), TimeoutError()])

    async def fail_thrice(_: Sequence[str]) -> None:
        if (failure := next(failures, None)) is not None:
            raise failure

    probe = Probe(fail_thrice)
    async with running("probe", probe.build, settings) as client:
        await probe.send(range(30))
        await eventually(lambda: set(probe.seen) >= ids(range(30)))
        metrics = (await client.get("/metrics")).text
        assert 'spm_batch_retries_total{cause="Retryable"} 1.0' in metrics
        assert await read_topic(settings, DEAD, 0, settle_s=0.5) == []


async def test_one_record_that_trips_our_code_is_put_aside_and_its_neighbours_go_on(settings: Settings) -> None:
    async def trip(batch: Sequence[str]) -> None:
        if "notice-7" in batch:
            raise ZeroDivisionError
        if "notice-8" in batch:
            raise Unprocessable("unheard-of", "no such notice")

    probe = Probe(trip)
    async with running("probe", probe.build, settings) as client:
        await probe.send(range(20))
        dead = await read_topic(settings, DEAD, 2, settle_s=0.5)
        await eventually(lambda: set(probe.seen) == ids(range(20)) - {"notice-7", "notice-8"})
        assert (await client.get("/live")).status_code == 200
    reasons = {bytes(dict(letter.headers)["__spm.errors.reason"]).decode() for letter in dead}
    assert reasons == {"mistake", "unheard-of"}
    original = {header for header in dead[0].headers if not header[0].startswith("__spm.")}
    assert ("ce_specversion", b"1.0") in original


async def test_a_record_that_cannot_be_read_reaches_the_dead_letter_to_the_byte(settings: Settings) -> None:
    probe = Probe()
    key, value = b"\xff\x00", b"{not json"
    headers = [("ce_id", b"\xfe"), ("ce_id", b"twice"), ("nothing", None), ("content-type", b"text/plain")]
    async with running("probe", probe.build, settings):
        assert probe.world is not None
        assert isinstance(probe.world.publisher, Publisher)
        await probe.send(range(5))
        await probe.world.publisher.publish_raw([(TOPIC, key, headers, value)])
        await probe.send(range(5, 10))
        (letter,) = await read_topic(settings, DEAD, 1, settle_s=0.5)
        await eventually(lambda: set(probe.seen) == ids(range(10)))
    assert (letter.key, letter.value) == (key, value)
    assert list(letter.headers[:4]) == headers
    told = {name.removeprefix("__spm.errors."): raw.decode() for name, raw in letter.headers[4:]}
    assert told["topic"] == TOPIC
    assert told["reason"] == "content-type"
    assert told["stage"] == "decode"
    assert told["exception.class.name"] == "Unprocessable"
    assert {"partition", "offset", "service", "exception.message"} <= told.keys()


async def test_a_batch_is_finished_in_slices_and_given_again_as_a_whole(settings: Settings) -> None:
    records = SLICE_RECORDS + SLICE_RECORDS // 2
    of_one_region = range(0, 80 * records, 80)
    late = notice(of_one_region[SLICE_RECORDS + 50]).identity()
    failures = iter([Retryable("the database is away")])

    async def fail_in_the_second_slice(batch: Sequence[str]) -> None:
        if late in batch and (failure := next(failures, None)) is not None:
            raise failure

    sender, probe = Probe(), Probe(fail_in_the_second_slice)
    async with running("other", sender.build, settings):
        await sender.send(of_one_region)
    async with running("probe", probe.build, settings):
        await eventually(lambda: committed_all(settings, records))
    sent = [notice(number).identity() for number in of_one_region]
    assert probe.seen[-records:] == sent
    assert probe.seen[:-records] == sent[:SLICE_RECORDS]
    assert max(probe.batches) == SLICE_RECORDS


async def test_a_batch_is_given_again_only_when_every_lane_has_ended(settings: Settings) -> None:
    one_of_lane = {crc32(notice(number).key.encode()) % LANES: number for number in range(80)}
    numbers = [number + 80 * round_ for round_ in range(SLICE_RECORDS) for number in one_of_lane.values()]
    fails, waits = (notice(one_of_lane[lane]).identity() for lane in (0, 1))
    story: list[str] = []

    async def fail_beside_a_slow_neighbour(batch: Sequence[str]) -> None:
        if fails in batch:
            story.append("failing lane")
            if story.count("failing lane") == 1:
                raise Retryable("the database is away")
        elif waits in batch:
            await asyncio.sleep(0.3)
            story.append("slow lane")

    sender, probe = Probe(), Probe(fail_beside_a_slow_neighbour)
    async with running("other", sender.build, settings):
        await sender.send(numbers)
    async with running("probe", probe.build, settings):
        await eventually(lambda: committed_all(settings, len(numbers)))
    assert story == ["failing lane", "slow lane", "failing lane", "slow lane"]


async def test_a_stray_cancellation_does_not_end_the_consumer(settings: Settings) -> None:
    strays = iter([asyncio.CancelledError()])

    async def stray(_: Sequence[str]) -> None:
        if (cancellation := next(strays, None)) is not None:
            raise cancellation

    probe = Probe(stray)
    async with running("probe", probe.build, settings) as client:
        await probe.send(range(10))
        await eventually(lambda: set(probe.seen) >= ids(range(10)))
        assert (await client.get("/live")).status_code == 200


async def test_live_sees_a_consumer_that_died(settings: Settings) -> None:
    app = make_app("probe", Probe().build, settings)
    async with running("probe", Probe().build, settings, app=app) as client:
        assert (await client.get("/live")).status_code == 200
        stream: Stream = app.state.stream
        for task in stream._subscriber.tasks:
            task.cancel()
        await eventually(lambda: not stream.alive)
        assert (await client.get("/live")).status_code == 500
        assert (await client.get("/ready")).status_code == 503


async def test_stopping_waits_for_the_batch_in_hand_and_commits_it(settings: Settings) -> None:
    gate = Gate()
    probe, again = Probe(gate), Probe()
    async with running("probe", probe.build, settings):
        await probe.send(range(10))
        await gate.reached.wait()
        asyncio.get_running_loop().call_later(0.5, gate.open.set)
    assert probe.seen
    async with running("probe", again.build, settings):
        await eventually(lambda: set(probe.seen) | set(again.seen) == ids(range(10)))
    assert not set(probe.seen) & set(again.seen), "what was committed came again"


async def test_a_rebalance_waits_for_the_batch_in_hand(settings: Settings) -> None:
    gate = Gate()
    first, second = Probe(gate), Probe()
    async with running("probe", first.build, settings):
        await first.send(range(40))
        await gate.reached.wait()
        asyncio.get_running_loop().call_later(3, gate.open.set)
        async with running("probe", second.build, settings):
            await eventually(lambda: set(first.seen) | set(second.seen) == ids(range(40)), within_s=30)
            await first.send(range(40, 200))
            await eventually(lambda: set(first.seen) | set(second.seen) == ids(range(200)), within_s=30)
    together = first.seen + second.seen
    assert len(together) == len(set(together)), "a record was in two hands"
    assert second.seen, "the second member got nothing to do"


async def test_lag_and_age_of_unfinished_records_are_shown(settings: Settings) -> None:
    gate = Gate()
    probe = Probe(gate)
    async with running("probe", probe.build, settings) as client:
        await probe.send(range(50))
        await gate.reached.wait()
        label = f'{{group="{settings.kafka_prefix}spm-probe",topic="{TOPIC}"}}'

        async def aged() -> bool:
            lines = dict(line.rsplit(" ", 1) for line in (await client.get("/metrics")).text.splitlines())
            return float(lines.get(f"spm_consumer_lag_seconds{label}", 0)) > 1

        await eventually(aged)
        gate.open.set()

        async def calm() -> bool:
            lines = dict(line.rsplit(" ", 1) for line in (await client.get("/metrics")).text.splitlines())
            return float(lines[f"spm_consumer_lag_seconds{label}"]) == 0

        await eventually(calm)
