"""Feeds a service, lets it die, starts it again and compares what is left with what would be without the death."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from bson import json_util

from chassis.clock import SystemClock
from chassis.kafka import ensure_topics
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.topics import EVERY_TOPIC, TOPICS, Topic
from services.intake.domain.ledger import Ledger
from services.intake.store.ledger import LedgerStore
from tests.faults.victim import KillPoint, serve
from tests.running import eventually

SERVICES = ("validation", "scoring", "intake", "notify")
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(
    ["tests.faults.sending", "tests.faults.victim", *(f"services.{name}.app" for name in SERVICES)]
)

READY_WITHIN_S = 150.0
PARTITIONS = 2
"""Of each topic where hundreds of installations are made: most of the time goes into making partitions ready."""


@dataclass(frozen=True)
class Subject:
    """A service under test: what it reads, what it writes, and which of its fields are no outcome."""

    name: str
    build: str
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    volatile: frozenset[str] = frozenset()
    """Fields of its documents that tell of the running process."""
    aside: frozenset[str] = frozenset()
    """Collections that do."""
    ordered: bool = True
    """Whether the order of a key's events is an outcome; between facts of several topics there is none."""


def reads_of(service: str) -> tuple[Topic, ...]:
    return tuple(topic for topic in TOPICS if service in topic.read_by)


def writes_of(service: str) -> tuple[Topic, ...]:
    return tuple(topic for topic in TOPICS if service in topic.written_by)


def narrow(topics: Iterable[Topic]) -> tuple[Topic, ...]:
    """The topics with few partitions each."""
    return tuple(replace(topic, partitions=min(PARTITIONS, topic.partitions)) for topic in topics)


@dataclass(frozen=True)
class Fed:
    """A record to be fed, as it was recorded."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int


@dataclass
class Outcome:
    """What a run leaves behind: every document, and every event by id in the order of its key."""

    documents: dict[str, list[str]]
    events: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    order: dict[bytes, list[str]] = field(default_factory=dict)

    def unlike(self, expected: "Outcome") -> list[str]:
        """What is there and should not be (+), what should be and is not (-); empty when both are the same."""
        found, wanted = set(self._lines()), set(expected._lines())
        return [f"+ {line}" for line in sorted(found - wanted)] + [f"- {line}" for line in sorted(wanted - found)]

    def _lines(self) -> Iterator[str]:
        for name, documents in self.documents.items():
            yield from (f"{name}: {document}" for document in documents)
        for event_id, content in self.events.items():
            yield f"event {event_id}: {content!r}"
        for key, ids in self.order.items():
            yield f"order of {key!r}: {ids}"


@asynccontextmanager
async def victim(
    subject: Subject, settings: Settings, kill_at: KillPoint | None = None
) -> AsyncIterator[multiprocessing.process.BaseProcess]:
    """The service in its own process; ended by SIGTERM where it did not end itself."""
    process = processes.Process(
        target=serve, args=(subject.build, subject.name, settings.model_dump(mode="json"), kill_at), daemon=True
    )
    process.start()
    try:
        yield process
    finally:
        if process.is_alive() and process.pid is not None:
            process.terminate()
        await asyncio.to_thread(process.join, 30)
        if process.is_alive():
            process.kill()
            await asyncio.to_thread(process.join)


async def feed(settings: Settings, records: Sequence[Fed], topics: Sequence[Topic] = EVERY_TOPIC) -> None:
    await ensure_topics(settings, topics)
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", max_request_size=4 * 1024 * 1024)
    await producer.start()
    try:
        waiting = [
            await producer.send(
                settings.kafka_prefix + record.topic,
                value=record.value,
                key=record.key,
                headers=list(record.headers),
                timestamp_ms=record.timestamp,
            )
            for record in records
        ]
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()


async def dies_or_drains(process: Any, subject: Subject, settings: Settings) -> bool:
    """Whether it killed itself; False once everything that it reads is committed.

    Raises:
        AssertionError: neither happened in time, or it ended in another way.
    """
    async with reading(subject, settings) as left:

        async def ended() -> bool:
            return not process.is_alive() or await left() == 0

        await eventually(ended, within_s=READY_WITHIN_S)
    if process.is_alive():
        return False
    await asyncio.to_thread(process.join)
    assert process.exitcode == -signal.SIGKILL, f"{subject.name} ended with {process.exitcode}"
    return True


async def drains(subject: Subject, settings: Settings, *, within_s: float = READY_WITHIN_S) -> None:
    """Wait until the service has committed everything that it reads."""
    async with reading(subject, settings) as left:

        async def drained() -> bool:
            return await left() == 0

        await eventually(drained, within_s=within_s)


async def left_to_read(subject: Subject, settings: Settings) -> int:
    """How many records the service has not yet committed."""
    async with reading(subject, settings) as left:
        return await left()


@asynccontextmanager
async def reading(subject: Subject, settings: Settings) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Tells how many records the service has not yet committed, in two requests however many partitions there are."""
    group = f"{settings.kafka_prefix}spm-{subject.name}"
    partitions = [
        TopicPartition(settings.kafka_prefix + topic.name, number)
        for topic in subject.reads
        for number in range(topic.partitions)
    ]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=None)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)

    async def left() -> int:
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
        try:
            committed = await admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:
            committed = {}  # nobody has committed anything on this broker yet
        return sum(ends[each] - max(0, committed[each].offset if each in committed else 0) for each in partitions)

    await consumer.start()
    try:
        await admin.start()
        yield left
    finally:
        await admin.close()
        await consumer.stop()


async def outcome_of(subject: Subject, settings: Settings) -> Outcome:
    """Everything that the service left behind in its database and topics.

    Raises:
        AssertionError: two publications of one event differ.
    """
    outcome = Outcome(await documents_of(subject, settings))
    for topic in subject.writes:
        for record in await whole_topic(settings, topic.name):
            event_id = dict(record.headers)["ce_id"].decode()
            content = (record.key, record.value, *(raw for _, raw in sorted(record.headers)))
            known = outcome.events.setdefault(event_id, content)
            assert known == content, f"{topic.name}: {event_id} was published twice with different content"
            ids = outcome.order.setdefault(record.key, [])
            if subject.ordered and event_id not in ids:
                ids.append(event_id)
    return outcome


async def ledger_of(settings: Settings) -> Ledger:
    """Intake's ledger as it will read tomorrow, when nothing counts as being on its way any more."""
    deployment = Mongo(settings)
    try:
        return await LedgerStore(deployment.database("intake")).ledger(SystemClock().now() + timedelta(days=1))
    finally:
        await deployment.close()


async def documents_of(subject: Subject, settings: Settings) -> dict[str, list[str]]:
    """Each collection's documents as sorted canonical JSON."""
    deployment = Mongo(settings)
    try:
        database: Any = deployment.database(subject.name)
        collections: dict[str, list[str]] = {}
        for name in sorted(set(await database.list_collection_names()) - subject.aside):
            found = await database[name].find({}).to_list(None)
            collections[name] = sorted(
                json_util.dumps({k: v for k, v in document.items() if k not in subject.volatile}, sort_keys=True)
                for document in found
            )
        return collections
    finally:
        await deployment.close()


async def whole_topic(settings: Settings, topic: str) -> list[ConsumerRecord]:
    """Every record of a topic, partition by partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest", max_partition_fetch_bytes=2**22
    )
    await consumer.start()
    try:
        name = settings.kafka_prefix + topic
        numbers = await _partitions_of(consumer, name)
        partitions = [TopicPartition(name, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        records: dict[TopicPartition, list[ConsumerRecord]] = {partition: [] for partition in partitions}
        await consumer.seek_to_beginning(*partitions)
        while [partition for partition in partitions if await consumer.position(partition) < ends[partition]]:
            for partition, batch in (await consumer.getmany(timeout_ms=200)).items():
                records[partition].extend(batch)
        return [record for partition in partitions for record in records[partition]]
    finally:
        await consumer.stop()


async def _partitions_of(consumer: Any, topic: str) -> set[int]:
    """A busy broker tells of a topic that it has made only after a while."""

    async def seen() -> bool:
        await consumer._client.force_metadata_update()
        await consumer.topics()
        return bool(consumer.partitions_for_topic(topic))

    await eventually(seen)
    partitions: set[int] = consumer.partitions_for_topic(topic)
    return partitions


async def recorded(settings: Settings, topics: Sequence[Topic]) -> list[Fed]:
    """What stands in the topics, each event once, ready to be fed to another installation."""
    fed: list[Fed] = []
    seen: set[bytes] = set()
    for topic in topics:
        for record in await whole_topic(settings, topic.name):
            event_id = dict(record.headers)["ce_id"]
            if event_id not in seen:
                seen.add(event_id)
                fed.append(Fed(topic.name, record.key, record.value, record.headers, record.timestamp))
    return fed


async def books_of(settings: Settings) -> Ledger:
    """The ledger of an intake that has read what the others left."""
    intake = Subject("intake", "services.intake.app:build", reads_of("intake"), writes_of("intake"))
    async with victim(intake, settings):
        await drains(intake, settings)
    return await ledger_of(settings)
