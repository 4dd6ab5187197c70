"""Who reads: an official by the session, a system by its key. Either sees its own regions and nothing of others."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Request, Response, Security
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security.base import SecurityBase

from chassis.access import KeyRow
from chassis.clock import Clock
from chassis.http import PAGE_CHALLENGE, key_if_sent
from chassis.problems import Elsewhere, Problem
from contracts.recipient import Role
from services.notify.register import Office, Offices
from services.notify.store.sessions import SessionStore

SCOPE: Final = "notices:read"
SIGN_IN: Final = "/sign-in"
WITH_KEY: Final = "key"
"""A query with this name asks a browser for a key as a password instead of leading to the page of sign-in."""
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    """The address that signed in, or the key's client."""
    offices: tuple[Office, ...] = ()
    """Whom the address is registered for; of a key none."""
    key: KeyRow | None = None

    def may_act_for(self, region: str) -> bool:
        if self.key is not None:
            return self.key.may_act_for(region)
        return any(office.region_code == region for office in self.offices)

    @property
    def acts_for(self) -> str:
        if self.key is not None:
            return self.key.acts_for
        return f"Who signed in acts for region {', '.join(dict.fromkeys(one.region_code for one in self.offices))}"

    def roles_in(self, region: str) -> tuple[Role, ...]:
        return tuple(office.role for office in self.offices if office.region_code == region)


class _Session(SecurityBase):
    """Says in the OpenAPI document how a session is sent."""

    scheme_name = "session"
    model = APIKey.model_validate(
        {
            "in": APIKeyIn.cookie,
            "name": "__Host-spm-session",
            "description": "An official's session; begun at /sign-in. Without TLS it is named spm-session.",
        }
    )

    async def __call__(self, _: Request) -> None:
        """The cookie is read where it is known how it is named."""


_session: Final = _Session()


class Readers:
    """Begins and ends sessions, and tells who reads."""

    def __init__(self, sessions: SessionStore, offices: Offices, clock: Clock, public_url: str) -> None:
        self._sessions = sessions
        self.offices = offices
        self._clock = clock
        self._secure = public_url.startswith("https://")

    @property
    def required(self) -> Any:
        """The reader, as a FastAPI dependency; who is nobody is led to the page of sign-in."""
        return Security(self._reader, scopes=[SCOPE])

    def cookie_name(self, what: str) -> str:
        return f"__Host-spm-{what}" if self._secure else f"spm-{what}"

    def set_cookie(self, response: Response, what: str, content: str) -> None:
        """Ends with the browser; what it stands for ends here before that."""
        response.set_cookie(
            self.cookie_name(what), content, secure=self._secure, httponly=True, samesite="lax", path="/"
        )

    def cookie_of(self, request: Request, what: str) -> str | None:
        return request.cookies.get(self.cookie_name(what))

    def drop_cookie(self, response: Response, what: str) -> None:
        response.delete_cookie(self.cookie_name(what), secure=self._secure, httponly=True, samesite="lax", path="/")

    async def begin(self, response: Response, mailbox: str) -> None:
        self.set_cookie(response, "session", await self._sessions.begin(mailbox, self._clock.now()))

    async def end(self, request: Request, response: Response) -> None:
        if token := self.cookie_of(request, "session"):
            await self._sessions.end(token)
        self.drop_cookie(response, "session")

    async def signed_in(self, request: Request) -> Reader | None:
        """Whose session it is. An address that is registered for nothing any more opens nothing."""
        token = self.cookie_of(request, "session")
        mailbox = await self._sessions.mailbox_of(token, self._clock.now()) if token else None
        offices = await self.offices.of(mailbox) if mailbox else ()
        return Reader(mailbox, offices) if mailbox and offices else None

    async def _reader(
        self,
        request: Request,
        key: Annotated[KeyRow | None, key_if_sent(SCOPE)],
        _: Annotated[None, Depends(_session)],
    ) -> Reader:
        if key is not None:
            return Reader(key.client_id, key=key)
        reader = await self.signed_in(request)
        if reader is None:
            raise _nobody(request)
        if request.method not in _SAFE_METHODS and not {"sec-fetch-site", "origin"} & set(request.headers):
            # A browser that does not say where a form stood could send the cookie with another site's.
            raise Problem(403, "cross-site-form", "This form does not say where it stood; send it from our own page.")
        return reader


def _nobody(request: Request) -> Problem | Elsewhere:
    if "text/html" in request.headers.get("accept", "") and WITH_KEY not in request.query_params:
        asked = str(request.url.path) if request.method in _SAFE_METHODS else "/inbox"
        return Elsewhere(f"{SIGN_IN}?{urlencode({'next': asked})}")
    text = f"Nobody is signed in; sign in at {SIGN_IN}, or send Authorization: Bearer spm_…"
    return Problem(401, "unauthenticated", text, headers={"WWW-Authenticate": PAGE_CHALLENGE})
