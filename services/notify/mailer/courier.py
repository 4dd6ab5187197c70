"""The mail server, reached by one connection that stays open while there is mail."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from chassis.errors import Misconfigured, Retryable
from services.notify.domain.delivery import Answer

ANSWER_S: Final = 30.0
"""For one answer of the server; a whole delivery may take twice as long."""
PERMANENT: Final = 500
CLOSING: Final = 421
"""The server ends the connection (RFC 5321, 3.8)."""
_NO_MAILBOX: Final = frozenset({550, 551, 553})
_ENHANCED: Final = re.compile(r"5\.(\d{1,3})\.\d{1,3}\b")
_ABOUT_THE_ADDRESS: Final = "1"
_PORTS: Final = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    tls: bool
    """From the first byte; otherwise STARTTLS where the server offers it, and always before a password is sent."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, uri: str) -> Self:
        """The server of ``smtp://host:port`` or ``smtps://user:password@host:port``.

        Raises:
            Misconfigured: not of this form. The URI is not repeated, for it may hold a password.
        """
        parts = urlsplit(uri)
        try:
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            port = 0
        if parts.scheme not in _PORTS or not parts.hostname or not port:
            raise Misconfigured("SPM_SMTP is no address of a mail server; write smtp://host:port or smtps://host:port")
        if (parts.username is None) != (parts.password is None):
            raise Misconfigured("SPM_SMTP has a user or a password but not both; write smtp://user:password@host:port")
        return cls(
            host=parts.hostname,
            port=port,
            tls=parts.scheme == "smtps",
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )


@dataclass(frozen=True, slots=True)
class Courier:
    """Carries mail to a server; greets it as ``own_host``."""

    server: MailServer
    own_host: str
    answer_s: float = ANSWER_S
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    tls_required: bool = False
    """Whether a server that offers no encryption gets nothing; a password is never sent to one."""

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Connection"]:
        """Raises:
        Retryable: the server is away or does not let us in.
        """
        server = self.server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=self.own_host,
            timeout=self.answer_s,
            use_tls=server.tls,
            start_tls=False if server.tls else (self.tls_required or server.password is not None or None),
            tls_context=self.tls,
        )
        try:
            async with asyncio.timeout(self.answer_s * 2):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise Retryable(f"the mail server at {server.host}:{server.port} does not let us in: {error}") from error
        try:
            yield Connection(client, self.answer_s * 2)
        finally:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            client.close()


class Connection:
    def __init__(self, client: aiosmtplib.SMTP, delivery_s: float) -> None:
        self._client = client
        self._delivery_s = delivery_s
        self.proven = False
        """Whether it outlived a mail; one that breaks later breaks at a mail, not at the server's door."""

    @property
    def open(self) -> bool:
        return self._client.is_connected

    @property
    def delivery_time(self) -> timedelta:
        """The longest that one delivery can take."""
        return timedelta(seconds=self._delivery_s)

    async def deliver(self, mail: bytes, *, sender: str, recipient: str) -> Answer:
        """What the server says; a connection that breaks on the way says POSTPONED, for nobody knows."""
        answer = await self._answered(mail, sender, recipient)
        self.proven = self.proven or self.open
        return answer

    async def _answered(self, mail: bytes, sender: str, recipient: str) -> Answer:
        try:
            async with asyncio.timeout(self._delivery_s):
                await self._client.sendmail(sender, [recipient], mail)
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            [recipient_refused] = refusal.recipients
            answer = self._answer_of(recipient_refused.code)
            return Answer.NO_SUCH_ADDRESS if _names_no_mailbox(recipient_refused) else answer
        except aiosmtplib.SMTPDataError as refusal:
            return self._answer_of(refusal.code)
        except (aiosmtplib.SMTPException, OSError):
            # What concerns us rather than this one mail (a refused sender, a dropped connection) may be mended.
            self._client.close()
            return Answer.POSTPONED
        return Answer.ACCEPTED

    def _answer_of(self, code: int) -> Answer:
        if code == CLOSING:
            self._client.close()
        return Answer.REFUSED if code >= PERMANENT else Answer.POSTPONED


def _names_no_mailbox(refusal: aiosmtplib.SMTPRecipientRefused) -> bool:
    """Whether the address does not exist; where the server says more (RFC 3463), its policy is told from that."""
    detail = _ENHANCED.match(refusal.message)
    return refusal.code in _NO_MAILBOX and (detail is None or detail[1] == _ABOUT_THE_ADDRESS)
