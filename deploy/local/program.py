"""What the stack consists of: where each part answers, when it is ready, how it is started."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chassis.clock import monotonic_s
from deploy.local.errors import StackError

READY_TIMEOUT_S = 90.0
_LOOK_EVERY_S = 0.2
_CONNECT_TIMEOUT_S = 3.0
_ANSWER_TIMEOUT_S = 10.0


Ready = Callable[[], Awaitable[None]]
"""Returns when the work can be done; raises ``NotReadyError`` until then."""


class NotReadyError(Exception):
    """What is still missing, in a few words."""


@dataclass(frozen=True)
class Part:
    """Something that the stack needs, wherever it runs."""

    name: str
    address: str
    ready: Ready


@dataclass(frozen=True)
class Program(Part):
    """A part that is started here."""

    command: tuple[str, ...]
    folder: Path
    """Where it works and keeps its files; made at the first start."""
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    """What must be there before each start; costs nothing when it is."""
    stop_within_s: int = 20


async def wait_until(
    ready: Ready,
    *,
    what: str,
    check_alive: Callable[[], None] = lambda: None,
    timeout_s: float = READY_TIMEOUT_S,
) -> None:
    """Ask again and again whether ``what`` is ready.

    Raises: StackError when it is not in time; whatever ``check_alive`` raises when it has died.
    """
    end = monotonic_s() + timeout_s
    while True:
        check_alive()
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                await ready()
        except (NotReadyError, TimeoutError) as reason:
            if monotonic_s() > end:
                raise StackError(f"{what} was not ready within {timeout_s:.0f} s: {reason}") from reason
            await asyncio.sleep(_LOOK_EVERY_S)
        else:
            return


async def reachable(hosts: str) -> None:
    """One of ``host:port,…`` is listened at. Raises: NotReadyError."""
    for address in hosts.split(","):
        with suppress(NotReadyError):
            return await connects(address)
    raise NotReadyError(f"nothing answers at {hosts}")


def last_lines(log: Path, count: int = 15) -> str:
    if not log.exists():
        return "    (nothing was logged)"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines) or "    (nothing was logged)"


async def connects(address: str) -> None:
    """Something listens at ``host:port``. Raises: NotReadyError."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, int(port))
    except (OSError, TimeoutError) as error:
        raise NotReadyError(f"nothing answers at {address}") from error
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
