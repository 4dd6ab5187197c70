"""Brings notices to the mail server: claim a group, freeze its words, send each and note its end, publish the ends."""

import asyncio
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from chassis.errors import Retryable
from chassis.events import Event
from contracts.notice import NoticeState
from contracts.recipient import Channel
from services.notify.domain.delivery import Answer, delay_after, state_after
from services.notify.domain.recipients import is_reachable
from services.notify.mailer.courier import Connection, Courier
from services.notify.mailer.letters import Letters
from services.notify.mailer.mail import Origin, mail_of
from services.notify.register import Register
from services.notify.sender.ends import Ends, to_its_end
from services.notify.store.notices import LEASE, KeptNotice

IDLE_S: Final = 0.5
GROUP: Final = 16
"""Claimed in one go; a crash leaves them to the next sender when their lease ends."""
PATIENCE_S: Final = 2.0
"""After so long without an answer, a mail keeps its connection but no longer the others of its group."""


@dataclass(frozen=True, slots=True)
class MailSender:
    ends: Ends
    letters: Letters
    courier: Courier
    origin: Origin
    register: Register
    attempts_max: int
    patience_s: float = PATIENCE_S
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)
    """The senders of one process take turns, so that they do not all reach for the same notices."""

    async def run(self) -> None:
        """Send until nothing is due, then return; the chassis begins it again, and later when it fails.

        The connection comes before the claim, so a server that is away costs no notice an attempt.

        A connection that carried mail before it broke, broke at one mail: the next run goes on with the others at once.

        Raises:
            Retryable: the mail server cannot be reached, or dropped the connection at its first mail.
        """
        ends = self.ends
        await ends.known.wait()
        if not await ends.store.anything_due(Channel.EMAIL, ends.clock.now(), since=ends.oldest):
            await asyncio.sleep(IDLE_S)
            return
        async with self.courier.connected() as connection:
            while group := await self._claim():
                await self._carry(group, connection)
                if not connection.open:
                    if connection.proven:
                        return
                    raise Retryable("the mail server dropped the connection")

    async def _claim(self) -> list[KeptNotice]:
        """With the bytes that each attempt sends; frozen before the first one."""
        ends = self.ends
        async with self.claiming:
            group = await ends.store.claim(Channel.EMAIL, ends.clock.now(), since=ends.oldest, limit=GROUP)
        fresh = [one for one in group if _has_no_words(one)]
        mails = [mail_of(one.notice, self.letters.letter(one.notice), self.origin) for one in fresh]
        frozen = await ends.store.freeze(fresh, mails, templates=self.letters.version)
        return [*frozen, *(one for one in group if not _has_no_words(one))]

    async def _carry(self, group: list[KeptNotice], connection: Connection) -> None:
        left, settled = deque(group), list[Event]()
        # No mail is begun that could end after the lease: another sender would take it for forgotten.
        begun_until = self.ends.clock.now() + LEASE - 2 * connection.delivery_time
        gone = await self._gone(group)
        try:
            while left and connection.open and self.ends.clock.now() < begun_until:
                await to_its_end(self._bring_first(left, connection, gone, settled))
        finally:
            await to_its_end(self._close(left, settled))

    async def _bring_first(
        self, left: deque[KeptNotice], connection: Connection, gone: set[str], settled: list[Event]
    ) -> None:
        """While the server takes its time over this one, the others go to whichever sender is free."""
        bringing = asyncio.create_task(self._bring(left.popleft(), connection, gone, settled))
        try:
            await asyncio.wait({bringing}, timeout=self.patience_s)
            if not bringing.done():
                rest = list(left)
                left.clear()
                await self.ends.store.release(rest, self._now())
        finally:
            await bringing

    async def _gone(self, group: Collection[KeptNotice]) -> set[str]:
        """Ids of those whose address is known to be no more."""
        ids = {one.notice.recipient.recipient_id for one in group} - {None}
        rows = await self.register.store.by_ids([key for key in ids if key is not None])
        now = self.ends.clock.now()
        return {key for key, row in rows.items() if not is_reachable(row, now)}

    async def _bring(self, claimed: KeptNotice, connection: Connection, gone: set[str], settled: list[Event]) -> None:
        with self.ends.bringing(claimed):
            end = await self._end(claimed, connection, gone)
            if end is not None:
                settled.append(end)

    async def _end(self, claimed: KeptNotice, connection: Connection, gone: set[str]) -> Event | None:
        """None where it has none yet."""
        recipient = claimed.notice.recipient
        if recipient.address is None or claimed.payload is None or recipient.recipient_id in gone:
            return await self.ends.give_up(claimed)
        answer = Answer.POSTPONED
        if claimed.attempts <= self.attempts_max:
            answer = await connection.deliver(
                claimed.payload, sender=self.origin.return_path(claimed.notice.id), recipient=recipient.address
            )
        state = state_after(answer, claimed.attempts, self.attempts_max)
        if state is NoticeState.TEMPORARY_FAILURE:
            await self.ends.postpone(claimed, self._now() + delay_after(claimed.attempts))
            return None
        if answer is Answer.NO_SUCH_ADDRESS:
            # Before the notice ends: after a crash in between nobody would ask the server about this address again.
            await self.register.mark_unreachable(recipient.recipient_id)
        return await self.ends.settle(claimed, state)

    async def _close(self, left: Collection[KeptNotice], settled: Collection[Event]) -> None:
        await self.ends.store.release(list(left), self._now())
        await self.ends.publisher.publish(settled)

    def _now(self) -> datetime:
        return self.ends.clock.now()


def _has_no_words(claimed: KeptNotice) -> bool:
    """Who has left has no address, and gets no letter."""
    return claimed.payload is None and claimed.notice.recipient.address is not None
