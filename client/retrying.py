"""Asking again: the same request, with growing delay, until an answer comes or the time is up."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from client.errors import Refused, Unavailable

_IN_FLIGHT: Final = "request-in-flight"
_OURS: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
"""Requests that we wrote wrongly; they do not get better."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How long to ask again, and how often. A door's own ``Retry-After`` is never undercut."""

    within_s: float = 120.0
    first_delay_s: float = 0.25
    delay_s_max: float = 20.0

    async def answer(self, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """A successful answer.

        Raises:
            Refused: the door said no.
            Unavailable: no answer came within the time.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self.within_s
        delay_s = self.first_delay_s
        while True:
            trouble, wanted_s = await _trouble_or_none(ask)
            if isinstance(trouble, httpx.Response):
                return trouble
            # Half of the delay is chance, so that clients that failed together do not come back together.
            pause_s = max(wanted_s or 0.0, delay_s * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
            if loop.time() + pause_s > end:
                raise Unavailable(f"no answer within {self.within_s:.0f} s; last: {trouble}", wanted_s)
            await asyncio.sleep(pause_s)
            delay_s = min(delay_s * 2, self.delay_s_max)


async def _trouble_or_none(ask: Callable[[], Awaitable[httpx.Response]]) -> tuple[httpx.Response | str, float | None]:
    """The answer; or what stood in its way, and how many seconds the door asked to wait."""
    try:
        response = await ask()
    except _OURS:
        raise
    except httpx.TransportError as error:
        return f"{type(error).__name__} {error}".strip(), None
    if response.is_success:
        return response, None
    refusal = Refused.of(response)
    later = response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS
    if later or (response.status_code == httpx.codes.CONFLICT and refusal.slug == _IN_FLIGHT):
        return str(refusal), retry_after_s(response)
    raise refusal


def retry_after_s(response: httpx.Response) -> float | None:
    """Seconds, however the header writes them; a date is measured against the answer's own clock."""
    text = response.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["date"])).total_seconds())
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
