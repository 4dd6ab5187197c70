"""How requests are authenticated: by an API key, or by access tokens that are fetched when they are needed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from client.oauth import AccessToken


class ApiKey(httpx.Auth):
    def __init__(self, key: str) -> None:
        self._header = f"Bearer {key}"

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]  # nothing is sent in
        request.headers["Authorization"] = self._header
        yield request


class Tokens(httpx.Auth):
    """A token is used until it is no longer taken; ``fetch`` is a call of ``client.oauth.fetch_token``."""

    def __init__(self, fetch: "Callable[[], Awaitable[AccessToken]]") -> None:
        self._fetch = fetch
        self._token = ""
        self._lock = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        tried = await self._other_than("")
        request.headers["Authorization"] = f"Bearer {tried}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {await self._other_than(tried)}"
            yield request

    async def _other_than(self, refused: str) -> str:
        """The token in hand; a new one where that is the one that was refused."""
        async with self._lock:
            if self._token == refused:
                self._token = (await self._fetch()).value
            return self._token
