"""The negative control of intake: it answers while the record still waits to be sent, a producer nobody waits for.

It is right until the process dies between the answer and the broker.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from chassis.events import Event
from chassis.kafka import Publisher
from chassis.service import Service, World, run
from services.intake.app import NAME
from services.intake.app import build as build_intake

SENT_LATER_S: Final = 1.0


class Hasty(Publisher):
    def __init__(self, world: World) -> None:
        super().__init__(world.settings, NAME, linger_ms=0)
        self._patient = world.publisher
        self._sending: set[asyncio.Task[None]] = set()

    async def publish(self, events: Iterable[Event]) -> None:
        self._sending.add(asyncio.create_task(self._send(list(events))))

    async def _send(self, events: list[Event]) -> None:
        await asyncio.sleep(SENT_LATER_S)
        await self._patient.publish(events)


def build(world: World) -> Service:
    return build_intake(replace(world, publisher=Hasty(world)))


if __name__ == "__main__":
    run(NAME, build, linger_ms=0)
