"""The mail server, reached by one connection that stays open while there is mail."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
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
            start_tls=False if server.tls else (server.password is not None or None),
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

    @property
    def open(self) -> bool:
        return self._client.is_connected

    async def deliver(self, mail: bytes, *, sender: str, recipient: str) -> Answer:
        """What the server says; a connection that breaks on the way says POSTPONED, for nobody knows."""
        try:
            async with asyncio.timeout(self._delivery_s):
                await self._client.sendmail(sender, [recipient], mail)
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            return self._answer_of(refusal.recipients[0].code)
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
