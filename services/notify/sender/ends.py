"""What every channel shares: how a claimed notice comes to its end, is noted, published and counted."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from chassis.clock import Clock
from chassis.events import Event
from chassis.logs import logger
from chassis.tracing import Tracing, spanning
from contracts.notice import NoticeSettledV1, NoticeState
from contracts.recipient import Channel
from contracts.topics import NOTICE_SETTLED
from services.notify.metrics import NoticeMetrics
from services.notify.store.notices import KeptNotice, NoticeStore

TIDY_EVERY_S: Final = 5.0
READ_BACK: Final = timedelta(seconds=30)
"""An end that was not seen in the log after so long is published again."""
TIDY_MAX: Final = 500
REMEMBERED: Final = timedelta(milliseconds=NOTICE_SETTLED.retention_ms)
"""A fact older than the log of ends is not sent: nobody could know any more whether it was."""

log = logger(__name__)


class Publishes(Protocol):
    async def publish(self, events: Iterable[Event]) -> None: ...


@dataclass(frozen=True, slots=True)
class Ends:
    store: NoticeStore
    publisher: Publishes
    clock: Clock
    metrics: NoticeMetrics
    known: asyncio.Event
    """Set when every end that stood in the log at start is kept; before, a notice that was sent could look unsent."""
    tracing: Tracing | None = None

    @property
    def oldest(self) -> datetime:
        """Facts from then on are sent."""
        return self.clock.now() - REMEMBERED

    async def postpone(self, claimed: KeptNotice, until: datetime) -> None:
        self._count(claimed, NoticeState.TEMPORARY_FAILURE, held=await self.store.postpone(claimed, until))

    async def settle(self, claimed: KeptNotice, state: NoticeState) -> Event | None:
        """The end, kept and to be published; None when another sender took the claim."""
        end = await self.store.settle(claimed, state, self.clock.now())
        self._count(claimed, state, held=end is not None)
        return None if end is None else _event(end, claimed.notice.traceparent)

    async def give_up(self, claimed: KeptNotice) -> Event | None:
        """Nobody is there any more; the claim was no attempt."""
        return await self.settle(replace(claimed, attempts=claimed.attempts - 1), NoticeState.GIVEN_UP)

    def bringing(self, claimed: KeptNotice) -> AbstractContextManager[object]:
        """A span of one attempt, in the trace of the fact that is told."""
        notice = claimed.notice
        attributes = {
            "spm.notice_id": notice.id,
            "spm.notice_kind": notice.matter.kind.value,
            "spm.attempt": claimed.attempts,
        }
        name = f"send {Channel(notice.recipient.channel).value}"
        return spanning(self.tracing, name, parent=notice.traceparent, attributes=attributes)

    async def tidy(self) -> None:
        """Publish again what a crash left unpublished, and count what is open; until cancelled."""
        while True:
            left = await self.store.unpublished(before=self.clock.now() - READ_BACK, limit=TIDY_MAX)
            await self.publisher.publish(map(_event, left))
            self.metrics.unsettled.set(await self.store.count_open(since=self.oldest))
            await asyncio.sleep(TIDY_EVERY_S)

    def _count(self, claimed: KeptNotice, state: NoticeState, *, held: bool) -> None:
        matter, channel = claimed.notice.matter, claimed.notice.recipient.channel
        if not held:
            log.warning("notice.claim_lost", notice_id=claimed.notice.id, attempts=claimed.attempts, state=state)
            return
        if self.tracing is not None:
            self.tracing.note("spm.notice_state", state.value)
        self.metrics.notices.labels(channel, matter.kind, state).inc()
        if state is NoticeState.DELIVERED:
            waited = self.clock.now() - matter.fact_at
            self.metrics.delivery.labels(channel).observe(max(0.0, waited.total_seconds()))


def _event(end: NoticeSettledV1, traceparent: str | None = None) -> Event:
    return Event.of(end, caused_by=end.fact_id, traceparent=traceparent)


async def to_its_end(bringing: Coroutine[None, None, None]) -> None:
    """Finish what was begun even when the service stops: what was accepted must not be forgotten."""
    task = asyncio.create_task(bringing)
    stopped = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            stopped = True
    task.result()
    if stopped:
        raise asyncio.CancelledError
