"""Who is signed in. No facts: they live here alone, each token as its SHA-256, and go by themselves when they are over.

``sign_in_links``  one document a link that was mailed and not used; ``next`` is the page that was asked for
``sessions``       one document a session; ``expires_at`` moves while it is used, up to ``ends_at``
``oidc_requests``  one document an official who was sent to the issuer and has not come back
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from chassis.mongo import Database, Document

LINKS_ALIVE_MAX: Final = 3
"""Of one address: who is asked for more in its name gets no more mail."""
SESSION_LIVES_MAX: Final = timedelta(days=7)
REQUEST_LIVES: Final = timedelta(minutes=10)
_TOKEN_BYTES: Final = 32
_TOUCHED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Link:
    mailbox: str
    next: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the issuer must answer to."""

    nonce: str
    verifier: str
    next: str


class SessionStore:
    def __init__(self, database: Database, *, idle: timedelta, link: timedelta) -> None:
        self._links = database["sign_in_links"]
        self._sessions = database["sessions"]
        self._requests = database["oidc_requests"]
        self._idle = idle
        self._link = link

    async def prepare(self) -> None:
        for collection in (self._links, self._sessions, self._requests):
            await collection.create_index("expires_at", expireAfterSeconds=0)
        await self._links.create_index("mailbox")

    async def new_link(self, mailbox: str, next_page: str, now: datetime) -> str | None:
        """The link's token; None where enough links to this address are in force."""
        alive = await self._links.count_documents({"mailbox": mailbox, "expires_at": {"$gt": now}})
        if alive >= LINKS_ALIVE_MAX:
            return None
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        link = {"mailbox": mailbox, "next": next_page, "expires_at": now + self._link}
        await self._links.insert_one({"_id": _hidden(token)} | link)
        return token

    async def link(self, token: str, now: datetime) -> Link | None:
        return _link(await self._links.find_one(_in_force(token, now)))

    async def use_link(self, token: str, now: datetime) -> Link | None:
        """The link, once."""
        return _link(await self._links.find_one_and_delete(_in_force(token, now)))

    async def begin(self, mailbox: str, now: datetime) -> str:
        """The token of a new session."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        until = {"expires_at": now + self._idle, "ends_at": now + SESSION_LIVES_MAX}
        await self._sessions.insert_one({"_id": _hidden(token), "mailbox": mailbox, "since": now} | until)
        return token

    async def mailbox_of(self, token: str, now: datetime) -> str | None:
        """Whose session it is; it goes on from now."""
        found = await self._sessions.find_one(_in_force(token, now))
        if found is None:
            return None
        until = min(now + self._idle, found["ends_at"])
        if until - found["expires_at"] >= _TOUCHED_EVERY:
            await self._sessions.update_one({"_id": found["_id"]}, {"$max": {"expires_at": until}})
        mailbox: str = found["mailbox"]
        return mailbox

    async def end(self, token: str) -> None:
        await self._sessions.delete_one({"_id": _hidden(token)})

    async def keep_request(self, state: str, asked: Asked, now: datetime) -> None:
        told = {"nonce": asked.nonce, "verifier": asked.verifier, "next": asked.next}
        await self._requests.insert_one({"_id": _hidden(state), "expires_at": now + REQUEST_LIVES} | told)

    async def use_request(self, state: str, now: datetime) -> Asked | None:
        """What was asked, once."""
        found = await self._requests.find_one_and_delete(_in_force(state, now))
        return None if found is None else Asked(found["nonce"], found["verifier"], found["next"])


def _hidden(token: str) -> str:
    """The token has 256 random bits, so a plain SHA-256 is enough to hide it."""
    return sha256(token.encode()).hexdigest()


def _in_force(token: str, now: datetime) -> Document:
    return {"_id": _hidden(token), "expires_at": {"$gt": now}}


def _link(found: Document | None) -> Link | None:
    return None if found is None else Link(found["mailbox"], found["next"])
