"""A topic read from its beginning, beside the stream and outside its group."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chassis.access import KeyRing
from chassis.errors import Unprocessable
from chassis.events import decode
from chassis.groups import partitions_of
from chassis.kafka import client_security
from chassis.settings import Settings
from contracts.key import ClientKeyChangedV1
from contracts.message import Message
from contracts.topics import CLIENT_KEY_CHANGED, Topic

WAIT_MS: Final = 500
RECORDS: Final = 500


async def read_all(
    settings: Settings, topic: Topic, *, behind: Mapping[int, int] | None = None
) -> AsyncIterator[list[Message]]:
    """Everything that stands in the topic at the call, each partition in order.

    ``behind`` names by partition the offset from which on it is wanted. What cannot be decoded is left out: the stream
    that reads the topic sends it to the dead letter.
    """
    async with reader(settings, topic) as (consumer, ends):
        begins = {at: (behind or {}).get(at.partition, 0) for at in ends}
        for at, offset in begins.items():
            if 0 < offset < ends[at]:
                consumer.seek(at, offset)
        # An offset past the end is of another log: this one is read whole.
        async for records in _up_to({at: end for at, end in ends.items() if begins[at] != end}, consumer):
            yield list(_messages(topic, records))


async def follow(settings: Settings, topic: Topic) -> AsyncIterator[tuple[list[Message], bool]]:
    """Everything that stands in the topic, then what comes; with each part, whether all from before the call was read.

    Outside any group, so that each replica reads all of it.
    """
    async for records, complete in follow_records(settings, topic):
        yield list(_messages(topic, records)), complete


async def follow_records(settings: Settings, *topics: Topic) -> AsyncIterator[tuple[list[ConsumerRecord], bool]]:
    """The same of several topics, as the records are; between topics there is no order."""
    async with reader(settings, *topics) as (consumer, ends):
        unread = ends
        while True:
            batches = await consumer.getmany(timeout_ms=WAIT_MS, max_records=RECORDS)
            unread = {at: end for at, end in unread.items() if await consumer.position(at) < end}
            yield [record for records in batches.values() for record in records], not unread


async def read_records(settings: Settings, *topics: Topic) -> AsyncIterator[list[ConsumerRecord]]:
    """Every record that stands in the topics at the call, each partition in order."""
    if not topics:
        return
    async with reader(settings, *topics) as (consumer, ends):
        async for records in _up_to(ends, consumer):
            yield records


async def _up_to(
    unread: Mapping[TopicPartition, int], consumer: AIOKafkaConsumer
) -> AsyncIterator[list[ConsumerRecord]]:
    while unread:
        batches = await consumer.getmany(*unread, timeout_ms=WAIT_MS, max_records=RECORDS)
        yield [record for records in batches.values() for record in records]
        unread = {at: end for at, end in unread.items() if await consumer.position(at) < end}


async def learn_keys(ring: KeyRing, settings: Settings) -> None:
    """Keep the ring as the log has it, until cancelled. While Kafka is away it stays as it was."""
    async for messages, complete in follow(settings, CLIENT_KEY_CHANGED):
        ring.learn(message for message in messages if isinstance(message, ClientKeyChangedV1))
        ring.complete = ring.complete or complete


async def count_all(settings: Settings, topic: Topic) -> int:
    """How many records stand in the topic; more than can be read, where the topic is compacted."""
    async with reader(settings, topic) as (consumer, ends):
        first = await consumer.beginning_offsets(list(ends))
        return sum(end - first[at] for at, end in ends.items())


@asynccontextmanager
async def reader(
    settings: Settings, *topics: Topic
) -> AsyncIterator[tuple[AIOKafkaConsumer, dict[TopicPartition, int]]]:
    """A reader without a group, at the beginning, and where each partition that holds anything ends now."""
    partitions = await partitions_of(settings, *topics)
    # Begins at the beginning by itself: a seek would race with the client's own way to its default, the end.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **client_security(settings),
    )
    try:
        await consumer.start()
        consumer.assign(partitions)
        first = await consumer.beginning_offsets(partitions)
        yield consumer, {at: end for at, end in (await consumer.end_offsets(partitions)).items() if end > first[at]}
    finally:
        await consumer.stop()


def _messages(topic: Topic, records: Iterable[ConsumerRecord]) -> Iterator[Message]:
    for record in records:
        with suppress(Unprocessable):
            yield decode(topic.name, record.headers, record.value)[1]
