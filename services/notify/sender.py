"""Brings notices to the mail server: claim, render, send, keep the end, publish it."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from chassis.clock import Clock
from chassis.errors import Retryable
from chassis.events import Event
from chassis.logs import logger
from contracts.notice import NoticeSettledV1, NoticeState
from contracts.topics import NOTICE_SETTLED
from services.notify.domain.delivery import Answer, delay_after, state_after
from services.notify.domain.notice import CHANNEL
from services.notify.mailer.courier import Connection, Courier
from services.notify.mailer.letters import Letters
from services.notify.mailer.mail import Origin, mail_of
from services.notify.metrics import NoticeMetrics
from services.notify.store import KeptNotice, NoticeStore

IDLE_S: Final = 0.5
TIDY_EVERY_S: Final = 5.0
READ_BACK: Final = timedelta(seconds=30)
"""An end that was not seen in the log after so long is published again."""
TIDY_MAX: Final = 500
REMEMBERED: Final = timedelta(milliseconds=NOTICE_SETTLED.retention_ms)
"""A fact older than the log of ends is not mailed: nobody could know any more whether it was."""

log = logger(__name__)


class Publishes(Protocol):
    async def publish(self, events: Iterable[Event]) -> None: ...


@dataclass(frozen=True, slots=True)
class Sender:
    store: NoticeStore
    letters: Letters
    courier: Courier
    origin: Origin
    publisher: Publishes
    clock: Clock
    metrics: NoticeMetrics
    attempts_max: int
    ends_known: asyncio.Event
    """Set when every end that stood in the log at start is kept; before, a notice that was sent could look unsent."""

    async def run(self) -> None:
        """Send until nothing is due, then return; the chassis begins it again, and later when it fails.

        The connection comes before the claim, so a server that is away costs no notice an attempt.

        Raises:
            Retryable: the mail server cannot be reached or dropped the connection.
        """
        await self.ends_known.wait()
        if not await self.store.anything_due(self.clock.now(), since=self._oldest()):
            await asyncio.sleep(IDLE_S)
            return
        async with self.courier.connected() as connection:
            while claimed := await self.store.claim(self.clock.now(), since=self._oldest()):
                await _to_its_end(self._bring(claimed, connection))
                if not connection.open:
                    raise Retryable("the mail server dropped the connection")

    async def tidy(self) -> None:
        """Publish again what a crash left unpublished, and count what is open; until cancelled."""
        while True:
            forgotten = await self.store.unpublished(before=self.clock.now() - READ_BACK, limit=TIDY_MAX)
            await self.publisher.publish(_event(end) for end in forgotten)
            self.metrics.unsettled.set(await self.store.count_open(since=self._oldest()))
            await asyncio.sleep(TIDY_EVERY_S)

    async def _bring(self, claimed: KeptNotice, connection: Connection) -> None:
        answer = Answer.POSTPONED
        if claimed.attempts <= self.attempts_max:
            mail = mail_of(claimed.notice, self.letters.letter(claimed.notice), self.origin)
            address = claimed.notice.recipient.address
            answer = await connection.deliver(mail, sender=self.origin.address, recipient=address)
        state = state_after(answer, claimed.attempts, self.attempts_max)
        now = self.clock.now()
        if state is NoticeState.TEMPORARY_FAILURE:
            held = await self.store.postpone(claimed, now + delay_after(claimed.attempts))
        else:
            end = await self.store.settle(claimed, state, now)
            held = end is not None
            if end is not None:
                await self.publisher.publish([_event(end)])
        if held:
            self._count(claimed, state, now)
        else:
            log.warning("notice.claim_lost", notice_id=claimed.notice.id, attempts=claimed.attempts, answer=answer)

    def _count(self, claimed: KeptNotice, state: NoticeState, now: datetime) -> None:
        matter = claimed.notice.matter
        self.metrics.notices.labels(CHANNEL, matter.kind, state).inc()
        if state is NoticeState.DELIVERED:
            self.metrics.delivery.labels(CHANNEL).observe(max(0.0, (now - matter.fact_at).total_seconds()))

    def _oldest(self) -> datetime:
        return self.clock.now() - REMEMBERED


def _event(end: NoticeSettledV1) -> Event:
    return Event.of(end, caused_by=end.fact_id)


async def _to_its_end(bringing: Coroutine[None, None, None]) -> None:
    """Finish what was begun even when the service stops: a mail that was accepted must not be forgotten."""
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
