"""The negative control of validation: it lets the records be committed and works on them a second later.

It is what a consumer with automatic commits comes to. It is right until the process ends, for it ends without waiting.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from chassis.events import Event, Received
from chassis.kafka import Publishes
from chassis.service import Service, World, run
from chassis.stream import Handler
from services.validation.app import NAME
from services.validation.app import build as build_validation

DONE_LATER_S: Final = 1.0


class Later:
    def __init__(self, handler: Handler, publisher: Publishes) -> None:
        self._handler = handler
        self._publisher = publisher
        self._last: asyncio.Task[None] | None = None

    async def __call__(self, batch: Sequence[Received]) -> Iterable[Event]:
        self._last = asyncio.create_task(self._worked(batch, self._last))
        return []

    async def _worked(self, batch: Sequence[Received], before: asyncio.Task[None] | None) -> None:
        await asyncio.sleep(DONE_LATER_S)
        if before is not None:
            await before
        await self._publisher.publish(await self._handler(batch))


def build(world: World) -> Service:
    service = build_validation(world)
    careless = {topic: Later(handler, world.publisher) for topic, handler in service.handlers.items()}
    return replace(service, handlers=careless)


if __name__ == "__main__":
    run(NAME, build)
