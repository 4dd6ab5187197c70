"""What the doctor says of mail servers: of their encryption, their certificate and our password."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from chassis.clock import FixedClock
from chassis.settings import Settings
from cli.doctor.findings import State
from cli.doctor.looking import mail
from deploy.local.ports import LOOPBACK, free_port
from tests.notify.catcher import Catcher
from tests.notify.certificates import Authority

WORD = "benar"
NOW = datetime(2024, 1, 20, 3, 0, tzinfo=UTC)
ENDS = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36_500)
"""What the authority of the tests says of its certificates."""


def lets_in(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: object) -> AuthResult:
    return AuthResult(success=isinstance(given, LoginPassword) and given.password == WORD.encode(), handled=False)


@asynccontextmanager
async def server(authority: Authority | None) -> AsyncIterator[int]:
    """Its port; offers STARTTLS, and asks for a password behind it, where an authority vouches for it."""
    loop, port = asyncio.get_running_loop(), free_port()
    tls = None if authority is None else authority.server(LOOPBACK)
    made = await loop.create_server(
        lambda: SMTP(Catcher(), loop=loop, tls_context=tls, authenticator=lets_in), LOOPBACK, port
    )
    async with made:
        yield port


async def told(port: int, authority: Authority | None, user: str = "", moment: datetime = NOW) -> dict[str, State]:
    """Each finding with its state."""
    at = f"smtp://{user}{LOOPBACK}:{port}"
    settings = Settings(smtp=at, smtp_ca_file=None if authority is None else authority.file)
    found = await asyncio.to_thread(mail, settings, FixedClock(moment))
    return {one.found.removeprefix(f"{LOOPBACK}:{port} "): one.state for one in found}


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", {}),
        (f"spm:{WORD}@", {"it lets us in": State.WELL}),
        ("spm:salah@", {"it refuses our user or password": State.FAULT}),
    ],
)
async def test_an_encrypted_server_is_asked_whether_it_lets_us_in(
    tmp_path: Path, user: str, expected: dict[str, State]
) -> None:
    authority = Authority.made_in(tmp_path)
    async with server(authority) as port:
        assert await told(port, authority, user) == {
            "answers, with STARTTLS": State.WELL,
            "ends on 2119-12-08": State.WELL,
            **expected,
        }


async def test_its_certificate_is_told_before_it_ends(tmp_path: Path) -> None:
    authority = Authority.made_in(tmp_path)
    async with server(authority) as port:
        found = await told(port, authority, moment=ENDS - timedelta(days=29))
    assert found["ends on 2119-12-08, in 29 days"] is State.WARNING


async def test_a_certificate_of_a_stranger_is_told(tmp_path: Path) -> None:
    async with server(Authority.made_in(tmp_path)) as port:
        (found,) = (await told(port, None)).items()
    assert found[1] is State.FAULT
    assert found[0].startswith("it does not hold: ")


@pytest.mark.parametrize(("user", "expected"), [("", State.WARNING), (f"spm:{WORD}@", State.FAULT)])
async def test_to_a_server_without_tls_no_password_is_sent(user: str, expected: State) -> None:
    async with server(None) as port:
        assert await told(port, None, user) == {"offers no TLS": expected}
