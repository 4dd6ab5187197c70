"""A notify of its own on the shared engines, with a mail server, and facts that it tells of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from chassis.clock import Clock
from chassis.events import Event
from chassis.groups import group_of, rewind
from chassis.kafka import Publisher, RawRecord, ensure_topics
from chassis.mongo import Document, Mongo
from chassis.replay import read_all
from chassis.settings import Settings
from contracts.message import Message
from contracts.topics import NOTICE_SETTLED, TOPICS, Topic
from services.notify.app import NAME, build
from tests.notify.catcher import Catcher
from tests.running import running

WHAT_NOTIFY_READS = tuple(topic for topic in TOPICS if NAME in topic.read_by)


async def forget(settings: Settings, *topics: Topic) -> None:
    """Drop the database and set the group back to the beginning of these topics, or of all, as for a rebuild."""
    mongo = Mongo(settings)
    await mongo.drop(NAME)
    await mongo.close()
    await rewind(settings, topics or WHAT_NOTIFY_READS, group_of(NAME, settings))


@dataclass
class Installation:
    settings: Settings
    catcher: Catcher
    everyone: dict[str, str]
    own: dict[str, str]
    narrow: dict[str, str]

    @asynccontextmanager
    async def notify(self, clock: Clock | None = None) -> AsyncIterator[httpx.AsyncClient]:
        async with running(NAME, build, self.settings, clock) as client:
            yield client

    async def publish(self, messages: Sequence[Message]) -> None:
        events = [Event.of(message) for message in messages]
        await self.publish_raw([(event.topic, event.key.encode(), event.wire_headers, event.value) for event in events])

    async def publish_raw(self, records: Sequence[RawRecord]) -> None:
        publisher = Publisher(self.settings, "test", linger_ms=5)
        await ensure_topics(self.settings)
        await publisher.start()
        try:
            await publisher.publish_raw(records)
        finally:
            await publisher.stop()

    async def documents(self) -> list[Document]:
        mongo = Mongo(self.settings)
        try:
            found = await mongo.database(NAME)["notices"].find({}).to_list(None)
        finally:
            await mongo.close()
        return sorted(found, key=lambda document: document["_id"])

    async def all_settled(self, count: int) -> bool:
        kept = await self.documents()
        return len(kept) == count and all(document.get("published") for document in kept)

    async def ends_noted(self) -> bool:
        """Whether it stands in the database how far ends are read."""
        return bool((await self.dumped()).get("ends_read"))

    async def dumped(self) -> dict[str, list[Document]]:
        mongo = Mongo(self.settings)
        try:
            database = mongo.database(NAME)
            return {name: await database[name].find({}).to_list(None) for name in await mongo.collections(NAME)}
        finally:
            await mongo.close()

    async def restore(self, dumped: dict[str, list[Document]]) -> None:
        mongo = Mongo(self.settings)
        try:
            for name, documents in dumped.items():
                await mongo.database(NAME)[name].delete_many({})
                if documents:
                    await mongo.database(NAME)[name].insert_many(documents)
        finally:
            await mongo.close()

    async def ends(self) -> set[Message]:
        """What the log says of how notices ended, each once however often it was said."""
        return {end async for part in read_all(self.settings, NOTICE_SETTLED) for end in part}

    async def forget(self, *topics: Topic) -> None:
        await forget(self.settings, *topics)
