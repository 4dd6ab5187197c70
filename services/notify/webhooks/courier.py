"""One delivery over HTTPS, within written limits."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpcore

from services.notify.domain.delivery import Outcome, outcome_of
from services.notify.webhooks.addresses import CheckedNetwork, ForbiddenAddressError

ANSWER_S: Final = 15.0
ANSWER_BYTES_MAX: Final = 4_096
CONNECTIONS_MAX: Final = 100
_KEPT_OPEN_S: Final = 30.0
_USER_AGENT: Final = "spm-awards-webhooks/1"


@dataclass(frozen=True, slots=True)
class Reply:
    outcome: Outcome
    status: int | None = None
    """None where no answer came."""
    retry_after: timedelta | None = None


class WebhookCourier:
    """Posts bodies and understands answers; follows no redirect and knows no proxy."""

    def __init__(self, network: CheckedNetwork, tls: ssl.SSLContext, *, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=CONNECTIONS_MAX,
            keepalive_expiry=_KEPT_OPEN_S,
            network_backend=network,
        )

    async def deliver(self, url: str, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Reply:
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._post(url, body, headers, now)
        except TimeoutError:
            return Reply(Outcome.TIMED_OUT)
        except httpcore.TimeoutException:
            return Reply(Outcome.TIMED_OUT)
        except ForbiddenAddressError:
            return Reply(Outcome.FORBIDDEN_ADDRESS)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError):
            return Reply(Outcome.UNREACHED)

    async def close(self) -> None:
        await self._pool.aclose()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Reply:
        sent = {"user-agent": _USER_AGENT, "accept": "*/*", "content-length": str(len(body))} | dict(headers)
        host = httpcore.URL(url)
        wire = [(b"host", _host_of(host)), *((name.encode(), text.encode()) for name, text in sent.items())]
        async with self._pool.stream("POST", host, headers=wire, content=body) as answer:
            taken = 0
            async for part in answer.aiter_stream():
                taken += len(part)
                if taken > ANSWER_BYTES_MAX:
                    break  # what we want to know stands in the first line
            return Reply(outcome_of(answer.status), answer.status, retry_after_of(answer.headers, now))


def retry_after_of(headers: list[tuple[bytes, bytes]], now: datetime) -> timedelta | None:
    """Seconds or a date; None where it is neither, or past."""
    text = next((value.decode("latin-1").strip() for name, value in headers if name.lower() == b"retry-after"), "")
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return wait if wait > timedelta(0) else None


def _host_of(url: httpcore.URL) -> bytes:
    return url.host if url.port in {None, 443} else b"%b:%d" % (url.host, url.port or 443)
