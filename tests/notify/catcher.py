"""A mail server inside the test that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.ports import LOOPBACK, free_port

Answering = Callable[[str], Awaitable[str]]
OK = "250 taken"


async def _welcome(_: str) -> str:
    return OK


@dataclass
class Catcher:
    """What came, and how to answer; an answer is asked for each recipient and each message, by the address."""

    port: int = field(default_factory=free_port)
    rcpt: Answering = _welcome
    data: Answering = _welcome
    raw: list[bytes] = field(default_factory=list)
    """Each message that was taken, and each that was not."""
    recipients: list[str] = field(default_factory=list)
    """The address of each message that was taken."""

    @property
    def uri(self) -> str:
        return f"smtp://{LOOPBACK}:{self.port}"

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=default) for raw in self.raw]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = await self.rcpt(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        content = envelope.content
        self.raw.append(content if isinstance(content, bytes) else (content or "").encode())
        answer = await self.data(envelope.rcpt_tos[0])
        if answer.startswith("250"):
            self.recipients.extend(envelope.rcpt_tos)
        return answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, loop=loop), LOOPBACK, self.port)
        async with server:
            yield


def always(answer: str) -> Answering:
    async def answering(_: str) -> str:
        return answer

    return answering


def refusing(refused: str, answer: str) -> Answering:
    """One address gets this answer, every other is welcome."""

    async def answering(address: str) -> str:
        return answer if address == refused else OK

    return answering


def first(answer: str, *, then: str = OK) -> Answering:
    """One answer to each address' first mail, another to the ones after it."""
    seen: set[str] = set()

    async def answering(address: str) -> str:
        if address in seen:
            return then
        seen.add(address)
        return answer

    return answering


def after_s(seconds: float, answer: str = OK) -> Answering:
    async def answering(_: str) -> str:
        await asyncio.sleep(seconds)
        return answer

    return answering
