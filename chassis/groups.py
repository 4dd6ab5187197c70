"""Consumer groups from outside: how far they have read, who is in them, and back to the beginning."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from chassis.clock import monotonic_s
from chassis.errors import Retryable
from chassis.kafka import admin_client, client_security
from chassis.settings import Settings
from contracts.topics import Topic

_LOOK_AGAIN_S: Final = 0.5
_LOOKS_MAX: Final = 20
_SHOWN_WITHIN_S: Final = 5.0


def group_of(service: str, settings: Settings) -> str:
    """The consumer group of a service's stream."""
    return f"{settings.kafka_prefix}spm-{service}"


async def wait_until_read(settings: Settings, group: str, *topics: Topic) -> None:
    """Return when the group has committed everything that stood in the topics at the call."""
    partitions = await partitions_of(settings, *topics)
    async with _on_behalf_of(group, settings) as consumer:
        first = await consumer.beginning_offsets(partitions)
        behind = {at: end for at, end in (await consumer.end_offsets(partitions)).items() if end > first[at]}
        while behind:
            committed = {at: await consumer.committed(at) or 0 for at in behind}
            behind = {at: end for at, end in behind.items() if committed[at] < end}
            if behind:
                await asyncio.sleep(_LOOK_AGAIN_S)


async def members_of(settings: Settings, group: str) -> int:
    """How many readers the group has; one that stopped without a word counts until its session ends."""
    admin = admin_client(settings)
    try:
        await admin.start()
        answers = await _described(admin, group)
    finally:
        await admin.close()
    return sum(len(row["members"]) for answer in answers for row in answer.to_object()["groups"])


async def _described(admin: AIOKafkaAdminClient, group: str) -> list[Any]:
    """The broker's words on a group; one that was just started needs a moment until it has a coordinator for groups."""
    for _ in range(_LOOKS_MAX):
        try:
            described: list[Any] = await admin.describe_consumer_groups([group])
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(_LOOK_AGAIN_S)
        else:
            return described
    raise Retryable(f"Kafka has no coordinator for the group {group}")


async def rewind(settings: Settings, topics: Sequence[Topic], group: str) -> None:
    """Let the group, which must have no members, read these topics from their beginning.

    Raises:
        KafkaError: the group has members, or the broker cannot be reached.
    """
    partitions = [at for topic in topics for at in await partitions_of(settings, topic)]
    async with _on_behalf_of(group, settings) as consumer:
        consumer.assign(partitions)
        await consumer.commit(await consumer.beginning_offsets(partitions))


async def partitions_of(settings: Settings, *topics: Topic) -> list[TopicPartition]:
    """As the broker has them; a client that has not read from a topic may not know them itself.

    Raises:
        Retryable: a topic does not exist yet.
    """
    names = [settings.kafka_prefix + topic.name for topic in topics]
    admin = admin_client(settings)
    try:
        await admin.start()
        described = await admin.describe_topics(names)
    finally:
        await admin.close()
    partitions = [TopicPartition(one["topic"], row["partition"]) for one in described for row in one["partitions"]]
    if missing := set(names) - {at.topic for at in partitions}:
        raise Retryable(f"not there yet: {', '.join(sorted(missing))}")
    return partitions


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a group has not committed of a topic."""

    topic: str
    records: int
    oldest_ms: int | None
    """When the oldest of them was written; None where there is none, or the broker did not show it in time."""


async def waiting_for(settings: Settings, group: str, topics: Sequence[Topic]) -> list[Waiting]:
    """A row for each topic, in their order."""
    partitions = await partitions_of(settings, *topics) if topics else []
    async with _on_behalf_of(group, settings) as consumer:
        first = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        at = {one: max(await consumer.committed(one) or 0, first[one]) for one in partitions}
        oldest = await _first_records(consumer, {one: at[one] for one in partitions if at[one] < ends[one]})
    rows = []
    for topic in topics:
        own = [one for one in partitions if one.topic == settings.kafka_prefix + topic.name]
        since = min((oldest[one] for one in own if one in oldest), default=None)
        rows.append(Waiting(topic.name, sum(ends[one] - at[one] for one in own), since))
    return rows


async def _first_records(consumer: AIOKafkaConsumer, at: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """The timestamp of the record at each offset."""
    found: dict[TopicPartition, int] = {}
    if not at:
        return found
    consumer.assign(list(at))
    for one, offset in at.items():
        consumer.seek(one, offset)
    end_s = monotonic_s() + _SHOWN_WITHIN_S
    while len(found) < len(at) and monotonic_s() < end_s:
        left = [one for one in at if one not in found]
        for one, records in (await consumer.getmany(*left, timeout_ms=500, max_records=len(left))).items():
            found.setdefault(one, records[0].timestamp)
    return found


async def existing(settings: Settings, topics: Iterable[Topic]) -> list[Topic]:
    """Those that are there: a service that never ran has made none of its own."""
    admin = admin_client(settings)
    try:
        await admin.start()
        there = set(await admin.list_topics())
    finally:
        await admin.close()
    return [topic for topic in topics if settings.kafka_prefix + topic.name in there]


async def committed_by(settings: Settings, group: str, topics: Sequence[Topic]) -> dict[TopicPartition, int]:
    """Up to where the group has handled each partition; the beginning where it never read."""
    partitions = await partitions_of(settings, *topics)
    async with _on_behalf_of(group, settings) as consumer:
        first = await consumer.beginning_offsets(partitions)
        return {one: max(await consumer.committed(one) or 0, first[one]) for one in partitions}


@asynccontextmanager
async def _on_behalf_of(group: str, settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A client that may look at the group's offsets and, while it has no members, move them; it never joins."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=group, enable_auto_commit=False, **client_security(settings)
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
