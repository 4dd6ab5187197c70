"""A topic read from its beginning, beside the stream and outside its group."""

from collections.abc import AsyncIterator, Iterable, Iterator
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

_WAIT_MS: Final = 500
_RECORDS: Final = 500


async def read_all(settings: Settings, topic: Topic) -> AsyncIterator[list[Message]]:
    """Everything that stands in the topic at the call, each partition in order.

    What cannot be decoded is left out: the stream that reads the topic sends it to the dead letter.
    """
    async with _reader(settings, topic) as (consumer, ends):
        unread = ends
        while unread:
            batches = await consumer.getmany(*unread, timeout_ms=_WAIT_MS, max_records=_RECORDS)
            yield [message for records in batches.values() for message in _messages(topic, records)]
            unread = {at: end for at, end in unread.items() if await consumer.position(at) < end}


async def follow(settings: Settings, topic: Topic) -> AsyncIterator[tuple[list[Message], bool]]:
    """Everything that stands in the topic, then what comes; with each part, whether all from before the call was read.

    Outside any group, so that each replica reads all of it.
    """
    async with _reader(settings, topic) as (consumer, ends):
        unread = ends
        while True:
            batches = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_RECORDS)
            unread = {at: end for at, end in unread.items() if await consumer.position(at) < end}
            yield [message for records in batches.values() for message in _messages(topic, records)], not unread


async def learn_keys(ring: KeyRing, settings: Settings) -> None:
    """Keep the ring as the log has it, until cancelled. While Kafka is away it stays as it was."""
    async for messages, complete in follow(settings, CLIENT_KEY_CHANGED):
        ring.learn(message for message in messages if isinstance(message, ClientKeyChangedV1))
        ring.complete = ring.complete or complete


async def count_all(settings: Settings, topic: Topic) -> int:
    """How many records stand in the topic; more than can be read, where the topic is compacted."""
    async with _reader(settings, topic) as (consumer, ends):
        first = await consumer.beginning_offsets(list(ends))
        return sum(end - first[at] for at, end in ends.items())


@asynccontextmanager
async def _reader(
    settings: Settings, topic: Topic
) -> AsyncIterator[tuple[AIOKafkaConsumer, dict[TopicPartition, int]]]:
    """A reader without a group, and where each partition that holds anything ends now."""
    partitions = await partitions_of(settings, topic)
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
