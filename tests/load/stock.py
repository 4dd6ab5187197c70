"""Many reports within minutes: what the services left of the first year, again as that of further years.

The services are ended meanwhile. Every record of the log and every document of the databases is written once more with
the ids, quarters and offsets of its year (``tests.load.years``); then each service's group has read all of it. What is
of no year (keys, the calendar) stays as it is: entry into the copied years is not open.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import bson
from aiokafka import AIOKafkaConsumer, TopicPartition
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient

from chassis.groups import group_of, partitions_of
from chassis.kafka import make_producer
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.period import PeriodChangedV1
from contracts.topics import MAX_DEAD_LETTER_BYTES, NOTICE_SETTLED, SUBMISSION_RECEIVED, TOPICS
from services.notify.store.notices import NoticeStore
from tests.faults.harness import SERVICES, reads_of
from tests.load.years import Mould, Year

COPIED: Final = [topic for topic in TOPICS if not topic.compacted]
OF_NO_YEAR: Final = frozenset({"ends_read", "key_uses", "keys", "past", "periods", "refusals"})
OF_THE_SANDBOX: Final = "sandbox_"
OF_THE_YEAR: Final = {"type": {"$ne": PeriodChangedV1.TYPE}}
AT_ONCE: Final = 250
BATCH_BYTES: Final = 512 * 1024
_BETWEEN_HEADERS: Final = b"\0"
_TOPIC_OF: Final = {message.TYPE: topic for topic in TOPICS for message in topic.messages}

Collected = tuple[str, str]
"""Service and collection."""
RawDatabases = AsyncMongoClient[RawBSONDocument]


class UnlikeError(Exception):
    """A copy is not what the services would have left."""


@dataclass
class Base:
    """The first year as moulds, in files, and how many there are of each."""

    folder: Path
    records: dict[TopicPartition, int] = field(default_factory=dict)
    documents: dict[Collected, int] = field(default_factory=dict)
    lanes: dict[tuple[str, str], TopicPartition] = field(default_factory=dict)
    """Where a topic's records of a key are."""

    def place_of(self, document: Mapping[str, Any]) -> TopicPartition | None:
        """Where the record stands whose offset the document names; None where it names none."""
        if "offset" not in document:
            return None
        topic = _TOPIC_OF[document["type"]] if "type" in document else SUBMISSION_RECEIVED
        return self.lanes[topic.name, document.get("key") or document["region_code"]]

    def file(self, name: str) -> Path:
        return self.folder / name


def _name(place: TopicPartition | Collected) -> str:
    return f"{'-'.join(map(str, place))}.moulds"


async def base_of(settings: Settings, folder: Path) -> Base:
    """What stands in the log and in the databases now; nobody writes meanwhile. Files go into the folder."""
    base = Base(folder)
    async with _reader(settings) as consumer:
        for topic in COPIED:
            records: dict[TopicPartition, int] = await consumer.end_offsets(await partitions_of(settings, topic))
            base.records |= records
            for place in [each for each, there in records.items() if there]:
                await _take_records(base, consumer, topic.name, place)
    async with _databases(settings) as client:
        for service in SERVICES:
            database = client[settings.mongo_prefix + service]
            for name in sorted(set(await database.list_collection_names()) - OF_NO_YEAR):
                if not name.startswith(OF_THE_SANDBOX):
                    await _take_documents(base, database[name].find(OF_THE_YEAR), (service, name))
    return base


async def _take_records(base: Base, consumer: AIOKafkaConsumer, topic: str, place: TopicPartition) -> None:
    consumer.assign([place])
    consumer.seek(place, 0)
    with base.file(_name(place)).open("wb") as file:
        while await consumer.position(place) < base.records[place]:
            for record in (await consumer.getmany(place, timeout_ms=200)).get(place, ()):
                names, raw = zip(*record.headers, strict=True)
                moulds = (Mould.of(_BETWEEN_HEADERS.join(raw)), Mould.of(record.value))
                pickle.dump((record.key, record.timestamp, names, *moulds), file)
                base.lanes[topic, record.key.decode()] = place


async def _take_documents(base: Base, found: Any, place: Collected) -> None:
    taken = 0
    with base.file(_name(place)).open("wb") as file:
        async for document in found:
            raw = bytes(document.raw)
            pickle.dump((Mould.of(raw), base.place_of(bson.decode(raw))), file)
            taken += 1
    base.documents[place] = taken


async def add_year(settings: Settings, base: Base, year: Year) -> None:
    """Write the year into the log and the databases.

    Raises:
        UnlikeError: other records came between, so that offsets name wrong ones.
    """
    begins = await _ends(settings, base)
    async with _databases(settings) as client, asyncio.TaskGroup() as writing:
        writing.create_task(_add_records(settings, base, year))
        for service in SERVICES:
            writing.create_task(_add_documents(settings, client, base, begins, service, year))
    if await _ends(settings, base) != {place: begins[place] + records for place, records in base.records.items()}:
        raise UnlikeError(f"the log of copy {year.number} has not the records that its documents name by offset")


async def _ends(settings: Settings, base: Base) -> dict[TopicPartition, int]:
    async with _reader(settings) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(base.records))
        return ends


async def _add_records(settings: Settings, base: Base, year: Year) -> None:
    """The broker compresses: it does so beside this process."""
    producer = make_producer(settings, "load", linger_ms=20, max_batch_size=BATCH_BYTES)
    await producer.start()
    try:
        for place, records in base.records.items():
            for key, timestamp_ms, names, headers, value in _moulds(base, place) if records else ():
                await producer.send(
                    place.topic,
                    value=value.cast(year),
                    key=key,
                    partition=place.partition,
                    timestamp_ms=timestamp_ms,
                    headers=list(zip(names, headers.cast(year).split(_BETWEEN_HEADERS), strict=True)),
                )
        await producer.flush()
    finally:
        await producer.stop()


async def _add_documents(
    settings: Settings, client: RawDatabases, base: Base, begins: Mapping[TopicPartition, int], service: str, year: Year
) -> None:
    for place in [each for each, documents in base.documents.items() if each[0] == service and documents]:
        collection = client[settings.mongo_prefix + service][place[1]]
        batch: list[RawBSONDocument] = []
        for mould, named in _moulds(base, place):
            batch.append(RawBSONDocument(mould.cast(year, begins_at=begins[named] if named else 0)))
            if len(batch) == AT_ONCE:
                await collection.insert_many(batch, ordered=False)
                batch = []
        if batch:
            await collection.insert_many(batch, ordered=False)


def _moulds(base: Base, place: TopicPartition | Collected) -> Iterator[Any]:
    with base.file(_name(place)).open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301 - this run wrote it


async def have_read_all(settings: Settings) -> None:
    """As if the services, which must not run, had committed everything that they read."""
    for service in SERVICES:
        places = await partitions_of(settings, *reads_of(service))
        async with _reader(settings, group_of(service, settings)) as consumer:
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            await consumer.commit(ends)
        if service == "notify":
            await _have_kept_ends(settings, ends)


async def _have_kept_ends(settings: Settings, read: Mapping[TopicPartition, int]) -> None:
    settled = settings.kafka_prefix + NOTICE_SETTLED.name
    mongo = Mongo(settings)
    try:
        store = NoticeStore(mongo.database("notify"))
        await store.keep_read({at.partition: end for at, end in read.items() if at.topic == settled})
    finally:
        await mongo.close()


@asynccontextmanager
async def _reader(settings: Settings, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=group,
        enable_auto_commit=False,
        max_partition_fetch_bytes=MAX_DEAD_LETTER_BYTES,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def _databases(settings: Settings) -> AsyncIterator[RawDatabases]:
    """Documents as bytes; no write waits for the disk, because what is lost in a crash is made again."""
    async with AsyncMongoClient(settings.mongo, document_class=RawBSONDocument, w=1, journal=False) as client:
        yield client
