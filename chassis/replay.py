"""A topic read from its beginning, beside the stream and outside its group."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from chassis.errors import Unprocessable
from chassis.events import decode
from chassis.groups import partitions_of
from chassis.kafka import client_security
from chassis.settings import Settings
from contracts.message import Message
from contracts.topics import Topic

_WAIT_MS: Final = 500
_RECORDS: Final = 500


async def read_all(settings: Settings, topic: Topic) -> AsyncIterator[list[Message]]:
    """Everything that stands in the topic at the call, each partition in order.

    What cannot be decoded is left out: the stream that reads the topic sends it to the dead letter.
    """
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
        unread = {at: end for at, end in (await consumer.end_offsets(partitions)).items() if end > first[at]}
        while unread:
            batches = await consumer.getmany(*unread, timeout_ms=_WAIT_MS, max_records=_RECORDS)
            yield [message for records in batches.values() for message in _messages(topic, records)]
            unread = {at: end for at, end in unread.items() if await consumer.position(at) < end}
    finally:
        await consumer.stop()


def _messages(topic: Topic, records: Iterable[ConsumerRecord]) -> Iterator[Message]:
    for record in records:
        with suppress(Unprocessable):
            yield decode(topic.name, record.headers, record.value)[1]
