"""Servers that no good one would be: each ends the delivery in an honest answer, in bounded time."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from chassis.clock import monotonic_s
from chassis.errors import Retryable
from deploy.local.ports import LOOPBACK, free_port
from services.notify.domain.delivery import Answer
from services.notify.mailer.courier import Courier, MailServer
from tests.notify.catcher import Catcher
from tests.notify.certificates import Authority
from tests.notify.relay import closing, drop, drop_in_the_middle, garbage, hang, says, without_end
from tests.notify.serving import Act, serving

HOST = "localhost"
MAIL = b"Subject: contoh\r\n\r\nisi\r\n"
ANSWER_S = 1.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made_in(tmp_path_factory.mktemp("ca"))


def courier(port: int, trusted: ssl.SSLContext, *, tls: bool, required: bool = False, host: str = HOST) -> Courier:
    return Courier(
        MailServer(host, port, tls=tls), "notices.example", answer_s=ANSWER_S, tls=trusted, tls_required=required
    )


async def delivered(made: Courier) -> Answer:
    async with made.connected() as connection:
        return await connection.deliver(MAIL, sender="spm@notices.example", recipient="sekda@region.example")


@asynccontextmanager
async def smtps(catcher: Catcher, tls: ssl.SSLContext) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: SMTP(catcher, loop=loop), LOOPBACK, catcher.port, ssl=tls):
        yield


@asynccontextmanager
async def starttls(catcher: Catcher, tls: ssl.SSLContext) -> AsyncIterator[None]:
    """Takes no mail before the connection is encrypted."""
    loop = asyncio.get_running_loop()
    async with await loop.create_server(
        lambda: SMTP(catcher, loop=loop, tls_context=tls, require_starttls=True), LOOPBACK, catcher.port
    ):
        yield


async def test_mail_goes_to_a_server_that_proves_its_name_encrypted_from_the_first_byte(authority: Authority) -> None:
    catcher = Catcher()
    async with smtps(catcher, authority.server(HOST)):
        assert await delivered(courier(catcher.port, authority.trusted, tls=True)) is Answer.ACCEPTED
    assert len(catcher.raw) == 1


@pytest.mark.parametrize("required", [False, True])
async def test_mail_goes_to_a_server_that_offers_encryption_on_the_way(authority: Authority, *, required: bool) -> None:
    catcher = Catcher()
    async with starttls(catcher, authority.server(HOST)):
        made = courier(catcher.port, authority.trusted, tls=False, required=required)
        assert await delivered(made) is Answer.ACCEPTED
    assert len(catcher.raw) == 1


@pytest.mark.parametrize("way", [smtps, starttls])
@pytest.mark.parametrize("wrong", ["name", "authority"])
async def test_a_server_that_cannot_prove_its_name_gets_nothing(
    authority: Authority, tmp_path: Path, way: Callable[..., object], wrong: str
) -> None:
    stranger = Authority.made_in(tmp_path)
    tls = authority.server("other.example") if wrong == "name" else stranger.server(HOST)
    catcher = Catcher()
    serving = smtps(catcher, tls) if way is smtps else starttls(catcher, tls)
    async with serving:
        with pytest.raises(Retryable, match="certificate verify failed"):
            await delivered(courier(catcher.port, authority.trusted, tls=way is smtps))
    assert catcher.raw == []


async def test_where_encryption_is_demanded_a_server_without_it_gets_nothing(authority: Authority) -> None:
    catcher = Catcher()
    async with catcher.running():
        with pytest.raises(Retryable, match="does not let us in"):
            await delivered(courier(catcher.port, authority.trusted, tls=False, required=True))
        assert await delivered(courier(catcher.port, authority.trusted, tls=False)) is Answer.ACCEPTED
    assert len(catcher.raw) == 1


def speaking(*, until: bytes, then: Act) -> Act:
    """Polite up to one command."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            if line.upper().startswith(until):
                await then(reader, writer)
                break
            writer.write(b"354 go on\r\n" if line.upper().startswith(b"DATA") else b"250 ok\r\n")

    return serve


@pytest.mark.parametrize("until", [b"MAIL", b"RCPT", b"DATA"])
@pytest.mark.parametrize("then", [hang, drop, drop_in_the_middle, garbage, without_end])
async def test_a_server_that_breaks_off_postpones_the_mail_and_loses_the_connection(
    authority: Authority, until: bytes, then: Act
) -> None:
    port = free_port()
    async with serving(speaking(until=until, then=then), port):
        started = monotonic_s()
        async with courier(port, authority.trusted, tls=False).connected() as connection:
            answer = await connection.deliver(MAIL, sender="spm@notices.example", recipient="sekda@region.example")
            assert (answer, connection.open) == (Answer.POSTPONED, False)
        assert monotonic_s() - started < ANSWER_S * 4


@pytest.mark.parametrize("greeting", [hang, drop, garbage, without_end, closing, says("554 5.3.2 not you")])
async def test_a_server_that_greets_badly_is_a_broken_world_and_costs_no_mail_an_attempt(
    authority: Authority, greeting: Act
) -> None:
    port = free_port()
    async with serving(greeting, port):
        started = monotonic_s()
        with pytest.raises(Retryable, match="does not let us in"):
            await delivered(courier(port, authority.trusted, tls=False))
        assert monotonic_s() - started < ANSWER_S * 4


@pytest.mark.parametrize("then", [hang, drop, garbage, without_end, closing])
async def test_a_server_that_breaks_off_at_the_introduction_lets_nobody_in(authority: Authority, then: Act) -> None:
    port = free_port()
    async with serving(speaking(until=b"EHLO", then=then), port):
        with pytest.raises(Retryable, match="does not let us in"):
            async with asyncio.timeout(ANSWER_S * 8):
                await delivered(courier(port, authority.trusted, tls=False))
