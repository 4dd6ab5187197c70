"""A service that does nothing but remember, to watch the chassis with."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from chassis.events import Event, Received
from chassis.service import Service, World
from contracts.notice import NoticeKind, NoticeSettledV1, NoticeState
from contracts.topics import NOTICE_SETTLED

Before = Callable[[Sequence[str]], Awaitable[None]]


def notice(number: int) -> NoticeSettledV1:
    """A small message to send through; its region decides the partition."""
    return NoticeSettledV1(
        notice_id=f"notice-{number}",
        kind=NoticeKind.REPORT_OVERDUE,
        region_code=f"{11 + number % 80}",
        channel="email",
        recipient_digest=sha256(b"contoh").hexdigest(),
        state=NoticeState.DELIVERED,
        attempts=1,
        settled_at=datetime(2024, 1, 21, tzinfo=UTC),
        fact_id="fact",
    )


class Probe:
    """Remembers the ids it was given; ``before`` may fail or wait first."""

    def __init__(self, before: Before | None = None) -> None:
        self.seen: list[str] = []
        self.batches: list[int] = []
        self.in_hand = 0
        self.world: World | None = None
        self._before = before

    def build(self, world: World) -> Service:
        self.world = world
        return Service("probe", {NOTICE_SETTLED: self.handle})

    async def handle(self, batch: Sequence[Received]) -> list[Event]:
        ids = [received.message.identity() for received in batch]
        self.in_hand += 1
        try:
            if self._before is not None:
                await self._before(ids)
        finally:
            self.in_hand -= 1
        self.batches.append(len(ids))
        self.seen += ids
        return []

    async def send(self, numbers: Sequence[int]) -> None:
        assert self.world is not None
        await self.world.publisher.publish(Event.of(notice(number)) for number in numbers)


class Gate:
    """Holds whoever comes until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, _: Sequence[str]) -> None:
        self.reached.set()
        await self.open.wait()
