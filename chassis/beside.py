"""A service's database made again beside the one that serves, from the log; compared; put in its place (decision 0012).

The rebuilt collections stand in the same database under a prefix. They are filled by the service's own handlers, which
publish nothing and whose senders do not run, up to where the live service has committed; so the two can be compared.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry

from chassis.clock import SystemClock
from chassis.events import Event
from chassis.groups import committed_by, group_of
from chassis.kafka import Publisher, RawRecord
from chassis.metrics import StreamMetrics
from chassis.mongo import Area, Collection, Document, Mongo, insert_first, written
from chassis.orders import Orders
from chassis.replay import WAIT_MS, read_records, reader
from chassis.service import Build, Service, World
from chassis.settings import Settings
from chassis.stream import Stream
from contracts.topics import DEAD_LETTER_SETTLED, PAUSE_CHANGED, Topic, dead_letter_of

PREFIX: Final = "rebuilt_"
DIFFERENCES_SHOWN: Final = 5

Say = Callable[[str], None]


class Silent(Publisher):
    """What follows from the log stands in it already."""

    def __init__(self, settings: Settings, service: str) -> None:
        super().__init__(settings, service, linger_ms=0)
        self.put_aside = 0

    async def publish(self, events: Iterable[Event]) -> None:
        """Nothing."""

    async def publish_raw(self, records: Iterable[RawRecord]) -> None:
        """Dead letters are counted: the live service has put aside none of these."""
        self.put_aside += sum(1 for _ in records)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One collection in both forms."""

    collection: str
    live: str
    rebuilt: str
    """Fingerprints: SHA-256 over every document in the order of their ids."""
    documents: int
    differing: int
    examples: tuple[str, ...]
    """Some of the ids that differ, or stand on one side alone."""


@dataclass
class Shadow:
    """The rebuilt collections while they are filled."""

    settings: Settings
    service: Service
    mongo: Mongo
    stream: Stream
    consumer: AIOKafkaConsumer
    topics: Sequence[Topic]
    silent: Silent
    orders: Orders
    handled: int = 0
    _at: dict[TopicPartition, int] = field(default_factory=dict)

    async def catch_up(self, say: Say) -> int:
        """Read what the live service has committed at the call; how many records that were.

        What it put aside of them is known first: a dead letter is in its topic before its offset is committed.
        """
        name = self.service.name
        bounds = await committed_by(self.settings, group_of(name, self.settings), self.topics)
        twins = [dead_letter_of(topic) for topic in self.topics]
        async for records in read_records(self.settings, DEAD_LETTER_SETTLED, PAUSE_CHANGED, *twins):
            self.orders.learn(records)
        before, told = self.handled, 0
        while unread := {at: end for at, end in bounds.items() if await self._position(at) < end}:
            batches = await self.consumer.getmany(*unread, timeout_ms=WAIT_MS, max_records=self.settings.batch_records)
            for at, records in batches.items():
                await self._take([record for record in records if record.offset < bounds[at]])
                if records[-1].offset >= bounds[at]:
                    self.consumer.seek(at, bounds[at])
                self._at[at] = await self.consumer.position(at)
            if self.handled - told >= 1_000:  # noqa: PLR2004 - a line a thousand records
                told = self.handled
                say(f"{name}: {self.handled:,} records read again")
        return self.handled - before

    async def _position(self, at: TopicPartition) -> int:
        if at not in self._at:
            self._at[at] = await self.consumer.position(at)
        return self._at[at]

    async def _take(self, records: Sequence[ConsumerRecord]) -> None:
        await self.stream.work(records)
        self.handled += len(records)

    async def take_over(self) -> None:
        """What the live database keeps and the log does not have yet."""
        unlogged, database = self.service.unlogged, self.mongo.database(self.service.name)
        for name, waiting in unlogged.waiting.items():
            async for document in database[name].find(waiting):
                rebuilt = database[PREFIX + name]
                if (fields := unlogged.fields.get(name)) is None:
                    await insert_first(rebuilt, document)
                else:
                    await rebuilt.update_one({**waiting, "_id": document["_id"]}, _taken(document, fields))

    async def names(self) -> list[str]:
        """Every collection that follows from the log, live or rebuilt."""
        there = await self.mongo.collections(self.service.name)
        return sorted({name.removeprefix(PREFIX) for name in there} - self.service.unlogged.collections)

    async def compare(self) -> list[Comparison]:
        database = self.mongo.database(self.service.name)
        return [await compared(name, database[name], database[PREFIX + name]) for name in await self.names()]

    async def switch(self) -> None:
        """Put the rebuilt collections in the place of the live ones, one by one; once."""
        there = set(await self.mongo.collections(self.service.name))
        for name in await self.names():
            if PREFIX + name in there:
                await self.mongo.put_in_place(self.service.name, PREFIX + name, of=name)
            else:
                await self.mongo.drop_collection(self.service.name, name)


@asynccontextmanager
async def shadow_of(name: str, build: Build, settings: Settings, mongo: Mongo) -> AsyncIterator[Shadow]:
    """An empty shadow of the service; what an earlier one left is dropped first, and what is left of this one at last.

    Indexes are the service's own, so a rebuilt collection lacks none.
    """
    await drop_rebuilt(mongo, name)
    registry, silent = CollectorRegistry(), Silent(settings, name)
    world = World(settings, SystemClock(), Area(mongo.database(name), PREFIX), silent, registry)
    service = build(world)
    topics = tuple(service.handlers)
    orders = Orders(name, settings, topics, registry)
    stream = Stream(name, service.handlers, silent, StreamMetrics(registry), settings, service.views, orders)
    try:
        if service.prepare is not None:
            await service.prepare()
        async with reader(settings, *topics) as (consumer, _):
            yield Shadow(settings, service, mongo, stream, consumer, topics, silent, orders)
    finally:
        await drop_rebuilt(mongo, name)


async def drop_rebuilt(mongo: Mongo, service: str) -> None:
    for name in await mongo.collections(service):
        if name.startswith(PREFIX):
            await mongo.drop_collection(service, name)


async def compared(name: str, live: Collection, rebuilt: Collection) -> Comparison:
    """Document by document in the order of ids, so that neither side has to fit into memory."""
    hashes = sha256(), sha256()
    documents = differing = 0
    examples: list[str] = []
    async for left, right in _side_by_side(live, rebuilt):
        texts = ["" if document is None else written(document) for document in (left, right)]
        for hashed, text in zip(hashes, texts, strict=True):
            hashed.update(text.encode())
        documents += 1
        if texts[0] != texts[1]:
            differing += 1
            if len(examples) < DIFFERENCES_SHOWN:
                examples.append(str((left or right or {}).get("_id")))
    return Comparison(name, hashes[0].hexdigest(), hashes[1].hexdigest(), documents, differing, tuple(examples))


async def _side_by_side(
    live: Collection, rebuilt: Collection
) -> AsyncIterator[tuple[Document | None, Document | None]]:
    """The documents of both with the same id; None where one side has none."""
    sides = [_sorted(live), _sorted(rebuilt)]
    left, right = [await anext(side, None) for side in sides]
    while left is not None or right is not None:
        ids = [str(document["_id"]) for document in (left, right) if document is not None]
        least = min(ids)
        here = left is not None and str(left["_id"]) == least
        there = right is not None and str(right["_id"]) == least
        yield left if here else None, right if there else None
        left = await anext(sides[0], None) if here else left
        right = await anext(sides[1], None) if there else right


async def _sorted(collection: Collection) -> AsyncIterator[Document]:
    async for document in collection.find({}).sort("_id", 1):
        yield document


def _taken(document: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    present = {name: document[name] for name in fields if name in document}
    absent = {name: "" for name in fields if name not in document}
    return ({"$set": present} if present else {}) | ({"$unset": absent} if absent else {})
