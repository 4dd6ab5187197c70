"""The delivery rule: decode, decide, keep, publish; then the offset is committed.

FastStream's defaults lose messages; each line that looks odd here closes one of its holes (decision record 0001):
the parser cannot fail, the decoder does nothing, a stray cancellation becomes an error, a nack waits, a rebalance
waits for the batch in hand.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zlib import crc32

from aiokafka import ConsumerRebalanceListener, ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from chassis.clock import monotonic_s, unix_s
from chassis.dead_letters import TEXT_BYTES_MAX, Place, put_aside
from chassis.errors import BROKEN_WORLD, Retryable, Unprocessable
from chassis.events import NO_VIEWS, Event, Received, Views, decode
from chassis.groups import group_of
from chassis.kafka import Publisher, RawRecord
from chassis.lag import Behind, Lag
from chassis.logs import logger
from chassis.metrics import StreamMetrics
from chassis.orders import Orders
from chassis.settings import Settings
from chassis.tracing import Handling, Tracing
from contracts.topics import Topic

Handler = Callable[[Sequence[Received]], Awaitable[Iterable[Event]]]
"""Decides and keeps; returns what is to be published, derived from what was kept. Safe to be called again."""

RETRY_DELAY_S: Final = 0.2
REBALANCE_WAIT_MS: Final = 60_000
WATCH_EVERY_S: Final = 2.0
FETCH_BYTES: Final = 4 * 1024 * 1024
"""From one partition at once; with the default of 1 MiB a batch of reports is too small to be worth its round trips."""
GATHERED_BYTES: Final = 1024 * 1024
PATIENCE_MS: Final = 500
"""How long the broker keeps a reader who wants whatever there is while there is nothing."""
LANES: Final = 2
SLICE_RECORDS: Final = 250
TURN_RECORDS: Final = 16

log = logger(__name__)


@dataclass
class Stream:
    """A service's one reader: all its topics, one consumer group, batches."""

    service: str
    handlers: Mapping[Topic, Handler]
    publisher: Publisher
    metrics: StreamMetrics
    settings: Settings
    views: Views = field(default_factory=dict)
    orders: Orders | None = None
    """None: every record is handled where it stands."""
    gather_ms: int = 0
    """How long the broker may gather a mebibyte; nought: what there is comes at once."""
    tracing: Tracing | None = None
    resting: bool = field(default=False, init=False)
    group: str = field(init=False)
    _delay_s: float = field(default=RETRY_DELAY_S, init=False)
    _in_hand: dict[str, int] = field(default_factory=dict, init=False)
    _subscriber: Any = field(default=None, init=False)
    _broker: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.group = group_of(self.service, self.settings)

    def attach(self, broker: KafkaBroker) -> None:
        """Declare the subscriber; it starts with the broker."""
        drain = _Drain(self.metrics)
        replica = self.settings.replica
        subscriber: Any = broker.subscriber(
            *(self.settings.kafka_prefix + topic.name for topic in self.handlers),
            group_id=self.group,
            group_instance_id=f"{self.group}-{replica}" if replica else None,
            batch=True,
            max_records=self.settings.batch_records,
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_min_bytes=GATHERED_BYTES if self.gather_ms else 1,
            fetch_max_wait_ms=self.gather_ms or PATIENCE_MS,
            batch_timeout_ms=self.settings.batch_wait_ms,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            rebalance_timeout_ms=REBALANCE_WAIT_MS,
            max_poll_interval_ms=300_000,
            parser=_total_parser,
            decoder=_raw_decoder,
            listener=drain,
            no_reply=True,
        )
        drain.subscriber = self._subscriber = subscriber
        self._broker = broker

        @subscriber  # type: ignore[untyped-decorator]  # the subscriber's type depends on its arguments
        async def batch(message: KafkaMessage) -> None:
            await self._take(message.raw_message)
            await self._commit(message)

        self.metrics.running.labels(self.group).set_function(lambda: self.alive)

    async def rest(self) -> None:
        """Stop reading once the batch in hand is committed, and leave the group. Safe to repeat."""
        self.resting = True
        if self._subscriber.running:
            await self._broker.stop()
            log.warning("stream.rests")

    async def go_on(self) -> None:
        """Read, from where the group stands. Safe to repeat."""
        if not self._subscriber.running:
            await self._broker.start()
        self.resting = False

    @property
    def alive(self) -> bool:
        """Whether the consume loop still runs, or rests; the broker's ping says nothing about it."""
        subscriber = self._subscriber
        return self.resting or bool(
            subscriber.running and subscriber.tasks and any(not task.done() for task in subscriber.tasks)
        )

    async def _take(self, records: Sequence[ConsumerRecord]) -> None:
        """One batch; only what makes the log give it again leaves here."""
        started = monotonic_s()
        self._in_hand = self._oldest_by_topic(records)
        if self.tracing is not None:
            self.tracing.take(Place(self._plain(each.topic), each.partition, each.offset) for each in records)
        try:
            await self.work(records)
        except asyncio.CancelledError:
            if self._subscriber.running:
                # Left alone, it would end the consume task for good and in silence.
                raise Retryable("a cancellation that was not meant for the consumer") from None
            raise
        except BROKEN_WORLD as error:
            cause = type(error).__name__
            self.metrics.retries.labels(cause).inc()
            log.warning("batch.retry", cause=cause, detail=str(error)[:TEXT_BYTES_MAX], delay_s=self._delay_s)
            await asyncio.sleep(self._delay_s * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
            self._delay_s = min(self._delay_s * 2, self.settings.retry_delay_s_max)
            raise
        self._delay_s = RETRY_DELAY_S
        self._in_hand = {}
        self._count_finished(records, within_s=monotonic_s() - started)

    def _count_finished(self, records: Sequence[ConsumerRecord], *, within_s: float) -> None:
        for topic, finished in Counter(self._plain(record.topic) for record in records).items():
            self.metrics.records.labels(topic).inc(finished)
        self.metrics.batch_records.observe(len(records))
        exemplar = None if self.tracing is None else self.tracing.exemplar_among(records)
        self.metrics.stage_duration.labels(self.service).observe(within_s, exemplar)
        self.metrics.progress.labels(self.service).set(unix_s())

    async def _commit(self, message: KafkaMessage) -> None:
        """The framework tries once more and goes on: the next commit covers this one, a rebalance repeats the batch."""
        try:
            await message.ack()
        except BROKEN_WORLD as error:
            self.metrics.commit_failures.labels(type(error).__name__).inc()
            log.warning("batch.commit_failed", cause=type(error).__name__, detail=str(error)[:TEXT_BYTES_MAX])

    async def work(self, records: Sequence[ConsumerRecord]) -> None:
        """Decode, decide, keep, publish. When it returns, the offsets may be committed.

        A large batch is parted by key into lanes: one computes while another waits for its writes, and a key's records
        stay in order. Every lane has ended before the batch is given back.
        """
        lanes = LANES if len(records) > SLICE_RECORDS else 1
        parted: list[list[ConsumerRecord]] = [[] for _ in range(lanes)]
        for record in records:
            parted[crc32(record.key or b"") % lanes].append(record)
        ended = await asyncio.gather(*map(self.work_lane, parted), return_exceptions=True)
        if failures := [failure for failure in ended if failure is not None]:
            raise failures[0]

    async def work_lane(self, records: Sequence[ConsumerRecord]) -> None:
        """Slice by slice: enough to be worth the round trips, few enough to hold in memory as objects."""
        for start in range(0, len(records), SLICE_RECORDS):
            await self._finish(await self._read(records[start : start + SLICE_RECORDS]))

    async def _read(self, records: Sequence[ConsumerRecord]) -> "_Read":
        """Decode; everybody else gets a turn every few records, since a report takes about half a millisecond."""
        read = _Read()
        for at, record in enumerate(records):
            topic_name = self._plain(record.topic)
            if self.orders and self.orders.passes_over(Place(topic_name, record.partition, record.offset), record):
                continue
            try:
                read.readable.setdefault(topic_name, []).append((record, read_record(topic_name, record, self.views)))
            except Unprocessable as fault:
                read.dead.append(_DeadLetter(record, "decode", fault.reason, fault))
            if at % TURN_RECORDS == 0:
                await asyncio.sleep(0)
        return read

    async def _finish(self, read: "_Read") -> None:
        if self.tracing is None:
            await self._answer(read)
        else:
            batch = [received for pairs in read.readable.values() for _, received in pairs]
            with self.tracing.handling(batch, group=self.group) as handling:
                await self._answer(read, handling)

    async def _answer(self, read: "_Read", handling: Handling | None = None) -> None:
        outgoing: list[Event] = []
        for topic, handler in self.handlers.items():
            if pairs := read.readable.get(topic.name):
                started = monotonic_s()
                outgoing += await self._handle(handler, pairs, read.dead)
                exemplar = None if handling is None else handling.exemplar(received for _, received in pairs)
                self.metrics.handling.labels(topic.name).observe(monotonic_s() - started, exemplar)
        if handling is not None:
            outgoing = handling.following(outgoing)
            for letter in read.dead:
                handling.failed(letter.event_id, letter.reason)
        await self.publisher.publish(outgoing)
        await self._bury(read.dead)

    async def _handle(
        self, handler: Handler, pairs: Sequence[tuple[ConsumerRecord, Received]], dead: "list[_DeadLetter]"
    ) -> list[Event]:
        try:
            return list(await handler([received for _, received in pairs]))
        except BROKEN_WORLD:
            raise
        except Unprocessable:
            pass  # the pass below finds which record it is
        except Exception as mistake:
            log.exception("batch.mistake", records=len(pairs), mistake=type(mistake).__name__)
        # The good neighbours go on: record by record, and only the bad one is put aside.
        events: list[Event] = []
        for record, received in pairs:
            try:
                events += await handler([received])
            except BROKEN_WORLD:
                raise
            except Unprocessable as fault:
                dead.append(_DeadLetter(record, "decide", fault.reason, fault, received.id))
            except Exception as mistake:
                log.exception("record.mistake", topic=record.topic, partition=record.partition, offset=record.offset)
                dead.append(_DeadLetter(record, "decide", "mistake", mistake, received.id))
        return events

    async def _bury(self, dead: "Sequence[_DeadLetter]") -> None:
        if not dead:
            return
        await self.publisher.publish_raw(
            letter.as_record(self._plain(letter.record.topic), self.service) for letter in dead
        )
        for letter in dead:
            record = letter.record
            self.metrics.dead_letters.labels(self._plain(record.topic), letter.reason).inc()
            log.error(
                "record.dead_letter",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                stage=letter.stage,
                reason=letter.reason,
            )

    def _plain(self, topic: str) -> str:
        """The contract's name, without this installation's prefix."""
        return topic.removeprefix(self.settings.kafka_prefix)

    def _oldest_by_topic(self, records: Iterable[ConsumerRecord]) -> dict[str, int]:
        oldest: dict[str, int] = {}
        for record in records:
            topic = self._plain(record.topic)
            oldest[topic] = min(record.timestamp, oldest.get(topic, record.timestamp))
        return oldest

    async def watch_lag(self) -> None:
        """Keep the lag figures fresh until cancelled."""
        lag = Lag()
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            consumer = self._subscriber.consumer
            if consumer is not None:
                self._show_lag(await lag.look(consumer, unix_s()))

    def _show_lag(self, behind: Mapping[str, Behind]) -> None:
        """By topic as the broker names it; of a topic without partitions here nothing is behind."""
        for topic in (each.name for each in self.handlers):
            waiting = behind.get(self.settings.kafka_prefix + topic, Behind())
            in_hand_ms = self._in_hand.get(topic)
            waiting.add(0, None if in_hand_ms is None else in_hand_ms / 1_000)
            since = waiting.waiting_since
            self.metrics.lag_records.labels(topic, self.group).set(waiting.records)
            self.metrics.lag_seconds.labels(topic, self.group).set(0 if since is None else max(0.0, unix_s() - since))


@dataclass(slots=True)
class _Read:
    """Records by topic with what was read from them, and those that cannot be read."""

    readable: dict[str, list[tuple[ConsumerRecord, Received]]] = field(default_factory=dict)
    dead: "list[_DeadLetter]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _DeadLetter:
    record: ConsumerRecord
    stage: str
    reason: str
    fault: Exception
    event_id: str | None = None
    """None for what cannot be read."""

    def as_record(self, topic: str, service: str) -> RawRecord:
        record = self.record
        place = Place(topic, record.partition, record.offset)
        return put_aside(record, place=place, service=service, stage=self.stage, reason=self.reason, fault=self.fault)


class _Drain(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka carries no types
    """Lets go of partitions only when the batch in hand is done and committed."""

    def __init__(self, metrics: StreamMetrics) -> None:
        self.subscriber: Any = None
        self._metrics = metrics

    async def on_partitions_revoked(self, revoked: Any) -> None:
        if revoked:
            self._metrics.rebalances.inc()
        if self.subscriber is not None:
            await self.subscriber.lock.wait_release(REBALANCE_WAIT_MS / 1_000 * 0.8)

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Positions come from the committed offsets; nothing is to be done."""


async def _total_parser(message: Any, original: Any) -> Any:
    """The framework's parser on headers that it can read.

    One header that is null or not UTF-8 makes it fail before it can ack or nack, and the whole batch would be lost
    at the next commit. The records themselves keep their bytes for the dead letter.
    """
    records = message if isinstance(message, tuple | list) else (message,)
    originals = [record.headers for record in records]
    for record in records:
        record.headers = ()
    try:
        parsed = await original(message)
    finally:
        for record, headers in zip(records, originals, strict=True):
            record.headers = headers
    return parsed


async def _raw_decoder(message: KafkaMessage) -> Any:
    """The bytes as they are: reading them is this module's business."""
    return message.body


def read_record(topic: str, record: ConsumerRecord, views: Views = NO_VIEWS) -> Received:
    """Raises:
    Unprocessable: the record holds no event of the topic.
    """
    event_id, message = decode(topic, record.headers, record.value, views)
    return Received(
        message=message,
        id=event_id,
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        logged_at=datetime.fromtimestamp(record.timestamp / 1_000, UTC),
        value=record.value or b"",
        headers=record.headers,
    )
