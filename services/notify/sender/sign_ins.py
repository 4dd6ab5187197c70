"""Mails one-time links to those who asked for one and are registered; nobody else can tell who is."""

import asyncio
from dataclasses import dataclass, field
from typing import Final, TypeVar

from chassis.clock import Clock
from chassis.errors import BROKEN_WORLD
from chassis.logs import logger
from services.notify.domain.delivery import Answer
from services.notify.mailer.courier import Courier
from services.notify.mailer.sign_in import SignInLetter
from services.notify.register import Offices
from services.notify.store.sessions import SessionStore

WAITING_MAX: Final = 500
DELAYS_S: Final = (2.0, 15.0, 60.0, 240.0)
"""Before each further attempt; the link is over soon after the last."""

log = logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Mail:
    address: str
    content: bytes
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class SignInSender:
    """Holds what was asked for in memory alone: after a crash the official asks again."""

    sessions: SessionStore
    offices: Offices
    letter: SignInLetter
    courier: Courier
    clock: Clock
    asked: asyncio.Queue[tuple[str, str]] = field(default_factory=lambda: asyncio.Queue(WAITING_MAX))
    """Address as it was typed, and the page to go on with."""
    mails: asyncio.Queue[_Mail] = field(default_factory=lambda: asyncio.Queue(WAITING_MAX))

    def ask(self, typed: str, next_page: str) -> None:
        """Take note, in the same time for every address; what is too much is left out."""
        _put(self.asked, (typed, next_page))

    async def write(self) -> None:
        """Write a mail to each who asked and is registered, until cancelled."""
        while True:
            typed, next_page = await self.asked.get()
            address = await self.offices.registered(typed)
            if address is None:
                continue
            now = self.clock.now()
            token = await self.sessions.new_link(address.lower(), next_page, now)
            if token is not None:
                _put(self.mails, _Mail(address, self.letter.mail(address, token, now)))

    async def send(self) -> None:
        """Send what was written, until cancelled; what is postponed waits beside the others."""
        while True:
            mail = await self.mails.get()
            try:
                async with self.courier.connected() as connection:
                    answer = await connection.deliver(mail.content, sender=self.letter.sender, recipient=mail.address)
            except BROKEN_WORLD as error:
                answer = Answer.POSTPONED
                log.warning("sign_in.later", cause=type(error).__name__, detail=str(error)[:500])
            if answer is Answer.POSTPONED and mail.attempts < len(DELAYS_S):
                later = _Mail(mail.address, mail.content, mail.attempts + 1)
                asyncio.get_running_loop().call_later(DELAYS_S[mail.attempts], _put, self.mails, later)


def _put(queue: asyncio.Queue[T], item: T) -> None:
    try:
        queue.put_nowait(item)
    except asyncio.QueueFull:
        log.warning("sign_in.left_out", waiting=queue.qsize())
