"""Links and sessions: once, for so long, and nowhere to be read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from fastapi import Response

from chassis.clock import FixedClock
from chassis.mongo import Database
from services.notify.recipients import Directory
from services.notify.register import Offices
from services.notify.routes.readers import Readers
from services.notify.store.recipients import RecipientStore
from services.notify.store.sessions import LINKS_ALIVE_MAX, REQUEST_LIVES, SESSION_LIVES_MAX, Asked, SessionStore

NOW = datetime(2024, 1, 10, 3, tzinfo=UTC)
IDLE, LINK = timedelta(hours=8), timedelta(minutes=15)
MAILBOX = "sekda@kota-contoh.example"


@pytest_asyncio.fixture
async def sessions(database: Database) -> SessionStore:
    for name in ("sign_in_links", "sessions", "oidc_requests"):
        await database[name].delete_many({})
    store = SessionStore(database, idle=IDLE, link=LINK)
    await store.prepare()
    return store


async def test_a_link_is_used_once_and_within_its_time(sessions: SessionStore) -> None:
    token = await sessions.new_link(MAILBOX, "/inbox", NOW)
    assert token is not None
    assert await sessions.use_link(token, NOW + LINK) is None
    link = await sessions.link(token, NOW)
    assert link is not None
    assert await sessions.use_link(token, NOW + LINK - timedelta(seconds=1)) == link
    assert await sessions.use_link(token, NOW) is None


async def test_an_address_has_a_few_links_at_a_time(sessions: SessionStore) -> None:
    tokens = [await sessions.new_link(MAILBOX, "/inbox", NOW) for _ in range(LINKS_ALIVE_MAX + 1)]
    assert [token is None for token in tokens] == [False] * LINKS_ALIVE_MAX + [True]
    assert await sessions.new_link("lain@kota-contoh.example", "/inbox", NOW) is not None
    assert await sessions.new_link(MAILBOX, "/inbox", NOW + LINK) is not None


async def test_a_session_goes_on_while_it_is_used_and_ends_all_the_same(sessions: SessionStore) -> None:
    token, now = await sessions.begin(MAILBOX, NOW), NOW
    while now < NOW + SESSION_LIVES_MAX - IDLE:
        now += IDLE - timedelta(minutes=5)
        assert await sessions.mailbox_of(token, now) == MAILBOX
    assert await sessions.mailbox_of(token, NOW + SESSION_LIVES_MAX) is None
    other = await sessions.begin(MAILBOX, NOW)
    assert await sessions.mailbox_of(other, NOW + IDLE) is None


async def test_who_signed_out_is_out(sessions: SessionStore) -> None:
    token = await sessions.begin(MAILBOX, NOW)
    await sessions.end(token)
    assert await sessions.mailbox_of(token, NOW) is None


async def test_an_issuer_is_answered_once_and_within_its_time(sessions: SessionStore) -> None:
    asked = Asked("nonce", "verifier", "/inbox")
    await sessions.keep_request("state", asked, NOW)
    assert await sessions.use_request("state", NOW + REQUEST_LIVES) is None
    assert await sessions.use_request("state", NOW) == asked
    assert await sessions.use_request("state", NOW) is None


async def test_no_token_is_kept(sessions: SessionStore, database: Database) -> None:
    tokens = [await sessions.new_link(MAILBOX, "/inbox", NOW), await sessions.begin(MAILBOX, NOW)]
    kept = [await database[name].find({}).to_list(None) for name in ("sign_in_links", "sessions")]
    assert not any(str(token) in json.dumps(kept, default=str) for token in tokens)


@pytest.mark.parametrize(
    ("public_url", "cookie"),
    [
        ("https://pemberitahuan.example", "__Host-spm-session=x; HttpOnly; Path=/; SameSite=lax; Secure"),
        ("http://127.0.0.1:8083", "spm-session=x; HttpOnly; Path=/; SameSite=lax"),
    ],
)
async def test_a_cookie_is_for_this_host_alone(
    sessions: SessionStore, database: Database, public_url: str, cookie: str
) -> None:
    offices = Offices(RecipientStore(database), Directory(), ())
    answer = Response()
    Readers(sessions, offices, FixedClock(NOW), public_url).set_cookie(answer, "session", "x")
    assert answer.headers["set-cookie"] == cookie
