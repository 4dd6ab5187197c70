"""Notify's senders in a process of their own, without the stream: killed at a chosen await, or until all is sent."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock
from chassis.endless import end
from chassis.errors import BROKEN_WORLD
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mongo import Database, Mongo
from chassis.service import World
from chassis.settings import Settings
from contracts.notice import NoticeState
from services.notify.app import NAME, build
from services.notify.sender import ends, hooks, mails
from tests.faults.victim import Awaits, KillPoint
from tests.running import eventually

AGAIN_AFTER_S: Final = 0.02
SENT_WITHIN_S: Final = 120.0
SENDERS: Final = frozenset({ends.__file__, hooks.__file__, mails.__file__})


class Telling(Publisher):
    """Remembers whose events the log has acknowledged."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, NAME, linger_ms=0)
        self.told: set[str] = set()

    async def publish(self, events: Iterable[Event]) -> None:
        given = list(events)
        await super().publish(given)
        self.told |= {event.headers["ce_subject"] for event in given}


def send(given: dict[str, Any], now: datetime, kill_at: KillPoint | None) -> None:
    """Run until nothing is due at that instant and every end is in the log, or until the kill point."""
    logging.disable(logging.CRITICAL)
    asyncio.run(_send(Settings.model_validate(given), now, kill_at))


async def _send(settings: Settings, now: datetime, kill_at: KillPoint | None) -> None:
    mongo, publisher = Mongo(settings), Telling(settings)
    database = mongo.database(NAME)
    service = build(World(settings, FixedClock(now), database, publisher, CollectorRegistry()))
    await publisher.start()
    if kill_at is not None:
        _count_senders(Awaits(kill_at))
    seen: list[Callable[[], Awaitable[None]]] = []
    for task in service.senders:
        if task not in seen:  # one sender of each kind: their turns are the same at each run
            seen.append(task)
    running = [asyncio.create_task(_again_and_again(task)) for task in seen]
    await eventually(lambda: _all_told(database, publisher, now), within_s=SENT_WITHIN_S)
    await end(running)
    await publisher.stop()
    await mongo.close()


def _count_senders(awaits: Awaits) -> None:
    """Every task of a sender's code is counted; tasks of libraries and of this file are not."""

    def make(loop: asyncio.AbstractEventLoop, work: Any) -> asyncio.Task[Any]:
        of_a_sender = work.cr_code.co_filename in SENDERS
        return asyncio.Task(awaits.counted(work) if of_a_sender else work, loop=loop)

    asyncio.get_running_loop().set_task_factory(make)


async def _again_and_again(task: Callable[[], Awaitable[None]]) -> None:
    while True:
        with suppress(*BROKEN_WORLD):
            await asyncio.create_task(task())  # type: ignore[arg-type]  # each is a coroutine function
        await asyncio.sleep(AGAIN_AFTER_S)


async def _all_told(database: Database, publisher: Telling, now: datetime) -> bool:
    notices = database["notices"]
    open_now = {"$or": [{"next_at": {"$lte": now}}, {"state": NoticeState.SENDING}]}
    if await notices.count_documents(open_now):
        return False
    ended = await notices.find({"published": False}, {"_id": 1}).to_list(None)
    changed = await database["recipients"].find({"published": False}, {"revision": 1}).to_list(None)
    due = {end["_id"] for end in ended} | {f"{row['_id']}/{row['revision']}" for row in changed}
    return due <= publisher.told
