"""The operators' own facts: written by commands, followed by every service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaProducer

from chassis.clock import Clock
from chassis.dead_letters import Headers, Place
from chassis.events import Event
from chassis.groups import existing
from chassis.kafka import ensure_topics, make_producer
from chassis.orders import read
from chassis.replay import read_records
from chassis.settings import Settings
from contracts.message import Message
from contracts.operation import PauseChangedV1
from contracts.topics import PAUSE_CHANGED, Topic

SERVICES: Final = ("intake", "validation", "scoring", "notify")


@dataclass(frozen=True, slots=True)
class Order:
    """Who orders, by office, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Where operators write from; what is told is in the log when a call returns."""

    producer: AIOKafkaProducer
    prefix: str

    async def tell(self, fact: Message) -> None:
        event = Event.of(fact)
        await self.producer.send_and_wait(
            self.prefix + event.topic, value=event.value, key=event.key.encode(), headers=event.wire_headers
        )

    async def write_at(self, place: Place, key: bytes | None, headers: Headers, value: bytes | None) -> int:
        """The offset, in the partition of ``place``."""
        told = await self.producer.send_and_wait(
            self.prefix + place.topic, value=value, key=key, headers=headers, partition=place.partition
        )
        return int(told.offset)


@asynccontextmanager
async def desk(settings: Settings, told: Topic) -> AsyncIterator[Desk]:
    """Where facts of one topic are told; the operators' desk has no right to any other."""
    await ensure_topics(settings, (told,))
    producer = make_producer(settings, "operators")
    try:
        await producer.start()
        yield Desk(producer, settings.kafka_prefix)
    finally:
        await producer.stop()


async def pause(settings: Settings, service: str, order: Order, clock: Clock, *, rest: bool) -> None:
    """Let every replica of the service rest, or go on; those that start later obey too."""
    async with desk(settings, PAUSE_CHANGED) as at:
        await at.tell(
            PauseChangedV1(
                service=service, paused=rest, reason=order.reason, changed_by=order.by, changed_at=clock.now()
            )
        )


async def pauses(settings: Settings) -> dict[str, PauseChangedV1]:
    """The latest order of each service that ever had one."""
    latest: dict[str, PauseChangedV1] = {}
    async for records in read_records(settings, *await existing(settings, [PAUSE_CHANGED])):
        facts = (read(PAUSE_CHANGED, record) for record in records)
        latest |= {fact.service: fact for fact in facts if isinstance(fact, PauseChangedV1)}
    return latest
