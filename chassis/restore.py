"""A backup brought back to empty engines: every record at its own offset, so that all that names a place holds.

What the log did not have any more (compacted, or older than its retention) becomes a gap: a record for nobody, which
every reader passes over. The services make their databases again from the log.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from chassis.backup import Say
from chassis.copies import Copied, CopyError, Kept, Manifest, Span, checked, lines, record_of
from chassis.dead_letters import REPLAY_FOR, sendable
from chassis.groups import existing, group_of, members_of
from chassis.kafka import admin_client, ensure_topics, make_producer
from chassis.mongo import Mongo, read_back
from chassis.operators import SERVICES
from chassis.replay import reader
from chassis.settings import Settings
from contracts.topics import EVERY_TOPIC, Topic

T = TypeVar("T")
AT_ONCE: Final = 500
GAP: Final = b"__spm.gap"
_EMPTY: Final = "name empty engines, or delete the topics and databases of this installation first. Nothing was written"
_FOR_NOBODY: Final = [(REPLAY_FOR, b"nobody")]


async def bring_back(settings: Settings, folder: Path, say: Say) -> Manifest:
    """Write the backup into an installation in which nothing stands and nothing runs.

    Raises:
        CopyError: the backup is not as it was written, or the installation is not empty; nothing was written. Or
            somebody else wrote meanwhile.
    """
    manifest = checked(folder)
    say(f"{folder}: {len(manifest.files)} files are as they were written")
    topics = _topics_of(manifest)
    await _require_nothing(settings, topics)
    await ensure_topics(settings, topics)
    async with make_producer(settings, "operators", linger_ms=5) as producer:
        for topic in topics:
            spans = [span for span in manifest.plan.spans if span.topic == topic.name]
            for span in spans:
                await _write(producer, settings.kafka_prefix, span, map(record_of, lines(folder / span.file)))
            await _forget_before(settings, spans)
            if held := sum(span.end - span.first for span in spans):
                say(f"{topic.name}: {held:,} records stand where they stood")
    await _insert(settings, manifest.plan.kept, folder)
    return manifest


def _topics_of(manifest: Manifest) -> list[Topic]:
    """Raises:
    CopyError: this version knows them otherwise.
    """
    known = {topic.name: topic for topic in EVERY_TOPIC}
    strange = {
        span.topic
        for span in manifest.plan.spans
        if span.topic not in known or span.partition >= known[span.topic].partitions
    }
    if strange:
        told = ", ".join(sorted(strange))
        raise CopyError(f"this version does not know {told} as the backup has them: use version {manifest.version}")
    copied = {span.topic for span in manifest.plan.spans}
    return [topic for name, topic in known.items() if name in copied]


async def _require_nothing(settings: Settings, topics: Sequence[Topic]) -> None:
    for service in SERVICES:
        if await members_of(settings, group_of(service, settings)):
            raise CopyError(f"{service} runs; stop every service first. Nothing was written")
    if there := await existing(settings, topics):
        async with reader(settings, *there) as (consumer, _):
            ends = await consumer.end_offsets(list(consumer.assignment()))
        if taken := sorted({at.topic for at, end in ends.items() if end}):
            raise CopyError(f"records stand in {', '.join(taken[:3])}{', …' * (len(taken) > 3)}: {_EMPTY}")  # noqa: PLR2004 - as many as are named
    mongo = Mongo(settings)
    try:
        for service in SERVICES:
            if await mongo.collections(service):
                raise CopyError(f"the database {settings.mongo_prefix}{service} is not empty: {_EMPTY}")
    finally:
        await mongo.close()


async def _write(producer: AIOKafkaProducer, prefix: str, span: Span, records: Iterable[Copied]) -> None:
    at = TopicPartition(prefix + span.topic, span.partition)
    for some in _by_hundreds(_without_holes(span, records)):
        sent = [
            await producer.send(
                at.topic,
                value=one.value,
                key=sendable(one.key, one.value),
                headers=one.headers,
                partition=at.partition,
                timestamp_ms=one.timestamp_ms,
            )
            for one in some
        ]
        for one, told in zip(some, await asyncio.gather(*sent), strict=True):
            if told.offset != one.offset:
                raise CopyError(
                    f"{at.topic}/{at.partition}: offset {told.offset} where {one.offset} was to come: somebody else"
                    " writes. Stop everything, delete topics and databases, and begin again"
                )


def _by_hundreds(all_: Iterable[T]) -> Iterator[list[T]]:
    left = iter(all_)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _without_holes(span: Span, records: Iterable[Copied]) -> Iterator[Copied]:
    next_, timestamp_ms = 0, 0
    for record in records:
        timestamp_ms = record.timestamp_ms
        yield from (_gap(offset, timestamp_ms) for offset in range(next_, record.offset))
        yield record
        next_ = record.offset + 1
    yield from (_gap(offset, timestamp_ms) for offset in range(next_, span.end))


def _gap(offset: int, timestamp_ms: int) -> Copied:
    return Copied(offset, timestamp_ms, GAP, _FOR_NOBODY, None)


async def _forget_before(settings: Settings, spans: Sequence[Span]) -> None:
    """What lies before the first record is gone as it was gone there."""
    gone = {
        TopicPartition(settings.kafka_prefix + span.topic, span.partition): RecordsToDelete(span.first)
        for span in spans
        if span.first > 0
    }
    if not gone:
        return
    admin: Any = admin_client(settings)
    try:
        await admin.start()
        await admin.delete_records(gone)
    finally:
        await admin.close()


async def _insert(settings: Settings, kept: Sequence[Kept], folder: Path) -> None:
    mongo = Mongo(settings)
    try:
        for one in kept:
            for some in _by_hundreds(lines(folder / one.file)):
                await mongo.database(one.service)[one.collection].insert_many([read_back(line) for line in some])
    finally:
        await mongo.close()
