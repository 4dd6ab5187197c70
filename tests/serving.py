"""A service in a process of its own on a loopback port, for clients that speak over a socket."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from chassis.settings import Settings
from deploy.local.ports import LOOPBACK, free_port
from tests.running import eventually

READY_WITHIN_S = 120.0
ENDS_WITHIN_S = 30.0


@dataclass(frozen=True)
class Served:
    url: str
    port: int
    process: Process

    @property
    def resident_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)


@asynccontextmanager
async def served(service: str, settings: Settings, log: Path, **more: str) -> AsyncIterator[Served]:
    """The service, ready; ended at last. ``more`` are further settings by their names in lower case."""
    port = free_port()
    set_here = settings.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    given = {name: str(value) for name, value in set_here.items()} | {"http_port": str(port)} | more
    environment = os.environ | {f"SPM_{name.upper()}": text for name, text in given.items()}  # noqa: TID251 - passed on
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"services.{service}", stdout=out, stderr=out, env=environment
        )
    running = Served(f"http://{LOOPBACK}:{port}", port, process)
    try:
        await eventually(lambda: _is_ready(running), within_s=READY_WITHIN_S)
        yield running
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)


async def _is_ready(running: Served) -> bool:
    assert running.process.returncode is None, f"the service ended with {running.process.returncode}"
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            return (await client.get(f"{running.url}/ready")).is_success
    except httpx.TransportError:
        return False
