"""Reports per second and their time at intake's door, against bare doors.

One only brings a body into Kafka; the other makes and keeps of it what intake does (``tests.bench.bare_door``).

Run with ``make bench``. All are processes of their own on one Kafka and MongoDB, started for this run alone, and take
turns. The load comes from one more process: so many connections, each sending its next report when the one before is
answered; every request has a key of its own. Intake reads its own topic back meanwhile; ``behind`` is how long that
took after the last answer.
"""

import argparse
import asyncio
import logging
import multiprocessing
import secrets
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from chassis.kafka import ensure_topics
from chassis.settings import Settings
from tests.bench.pipeline import received_events
from tests.engines import EngineChoice, run_with_engines, shared_kafka, shared_mongo
from tests.faults.harness import Subject, drains, reads_of, writes_of
from tests.processes import Door, module_process, service_process, started
from tests.running import Keys, settings_for

WANTED_BYTES: Final = 16_000
BODIES: Final = 400
PERIODS: Final = ("2023Q1", "2023Q2", "2023Q3", "2023Q4")
WARM: Final = 200
LIMIT_S: Final = 120.0
ORDER: Final = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Tolok ukur."}
INTAKE: Final = "intake"
CARRYING: Final = "carrying"
KEEPING: Final = "keeping"
SUBJECT: Final = Subject(INTAKE, "services.intake.app:build", reads_of(INTAKE), writes_of(INTAKE))


@dataclass(frozen=True)
class Measured:
    """One run of the load."""

    times_s: tuple[float, ...]
    wall_s: float
    cpu_s: float = 0.0
    """Of the door's process; of intake's with all that it read back."""
    behind_s: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.times_s) / self.wall_s

    @property
    def cpu_ms(self) -> float:
        return 1_000 * self.cpu_s / len(self.times_s)

    def ms(self, percent: int) -> float:
        return 1_000 * statistics.quantiles(self.times_s, n=100)[percent - 1]


class Connection(asyncio.Protocol):
    """Sends its next request when the one before is answered; knows no more of HTTP than that takes."""

    def __init__(self, waiting: deque[bytes], times_s: list[float], done: asyncio.Future[None]) -> None:
        self._waiting = waiting
        self._times_s = times_s
        self._done = done
        self._answer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0]):
            return
        if not head.startswith(b"HTTP/1.1 202 "):
            self._done.set_exception(RuntimeError(f"expected 202, found {self._answer[:600]!r}"))
            self._transport.abort()
            return
        self._times_s.append(time.perf_counter() - self._sent_at)
        self._answer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the door closed the connection"))

    def _send(self) -> None:
        if not self._waiting:
            self._done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._waiting.popleft())


async def _load(port: int, token: str, bodies: list[bytes], requests: int, connections: int) -> Measured:
    run = secrets.token_hex(4)
    waiting = deque(
        b"POST /v1/submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer "
        b'%b\r\nIdempotency-Key: "%b-%d"\r\nContent-Length: %d\r\n\r\n%b'
        % (token.encode(), run.encode(), number, len(body), body)
        for number, body in ((number, bodies[number % len(bodies)]) for number in range(requests))
    )
    times_s: list[float] = []
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(connections)]
    begun = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: Connection(waiting, times_s, end), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return Measured(tuple(times_s), time.perf_counter() - begun)


def _run_load(answer: Any, *given: Any) -> None:
    answer.send(asyncio.run(asyncio.wait_for(_load(*given), LIMIT_S)))


def load(*given: Any) -> Measured:
    """The load in a process of its own, so that the doors share no loop with it."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run_load, args=(there, *given))
    process.start()
    there.close()
    try:
        measured: Measured = here.recv()
        return measured
    finally:
        process.join(LIMIT_S)


def bodies() -> list[bytes]:
    """Reports of the demo's nation, those whose size comes nearest to what is asked for."""
    written = [event.value.partition(b'"submission":')[2][:-1] for event in received_events(2_184)]
    return sorted(written, key=lambda body: abs(len(body) - WANTED_BYTES))[:BODIES]


async def _round(
    door: Door, token: str, settled: Callable[[], Any], reports: list[bytes], requests: int, connections: int
) -> Measured:
    """``settled`` returns when nothing is left to do in the background."""
    await asyncio.to_thread(load, door.port, token, reports, WARM, connections)
    await settled()
    begun_s = _cpu_s(door)
    measured = await asyncio.to_thread(load, door.port, token, reports, requests, connections)
    ended = time.perf_counter()
    await settled()
    return replace(measured, cpu_s=_cpu_s(door) - begun_s, behind_s=time.perf_counter() - ended)


def _cpu_s(door: Door) -> float:
    times = psutil.Process(door.pid).cpu_times()
    return float(times.user + times.system)


async def of_intake(settings: Settings, keys: dict[str, str], folder: Path, *given: Any) -> Measured:
    async with started(service_process(INTAKE, settings, folder)) as door:
        headers = {"Authorization": f"Bearer {keys['sekretariat']}"}
        async with httpx.AsyncClient(base_url=door.address, headers=headers, trust_env=False) as client:
            for period in PERIODS:
                (await client.put(f"/v1/periods/{period}", json=ORDER)).raise_for_status()
        return await _round(door, keys["impor"], partial(drains, SUBJECT, settings), *given)


async def of_bare_door(kind: str, settings: Settings, folder: Path, *given: Any) -> Measured:
    await ensure_topics(settings)
    bare = module_process("tests.bench.bare_door", (kind, settings.model_dump_json()), folder)
    async with started(bare) as door:
        return await _round(door, "spm_0_0", partial(asyncio.sleep, 0), *given)


def show(measured: dict[str, list[Measured]], bytes_each: float, connections: int) -> None:
    title = f"Reports of {bytes_each / 1000:.1f} kB on average, {connections} connections"
    table = Table(title=title, title_justify="left")
    for heading in ("door", "reports/s", "each round", "p50 ms", "p99 ms", "CPU ms/report", "behind s"):
        table.add_column(heading, justify="left" if heading in {"door", "each round"} else "right")
    for name, runs in measured.items():
        table.add_row(
            name,
            f"{statistics.median(run.per_second for run in runs):.0f}",
            " ".join(f"{run.per_second:.0f}" for run in runs),
            f"{statistics.median(run.ms(50) for run in runs):.1f}",
            f"{statistics.median(run.ms(99) for run in runs):.1f}",
            f"{statistics.median(run.cpu_ms for run in runs):.2f}",
            f"{statistics.median(run.behind_s for run in runs):.1f}",
        )
    console = Console(width=100)
    console.print(table)
    for bare in (CARRYING, KEEPING):
        pairs = list(zip(measured[INTAKE], measured[bare], strict=True))
        rate = statistics.median(ours.per_second / theirs.per_second for ours, theirs in pairs)
        p99 = statistics.median(ours.ms(99) / theirs.ms(99) for ours, theirs in pairs)
        cpu = statistics.median(ours.cpu_ms / theirs.cpu_ms for ours, theirs in pairs)
        text = f"reports/s {rate:.2f}, p99 {p99:.2f}, CPU {cpu:.2f}"
        console.print(f"intake / {bare} door, round by round, median: {text}")


async def main(requests: int, rounds: int, connections: int) -> None:
    logging.disable(logging.WARNING)
    reports = bodies()
    async with AsyncExitStack() as stopping:
        folder = Path(stopping.enter_context(tempfile.TemporaryDirectory(prefix="spm-bench-")))
        kafka = await stopping.enter_async_context(shared_kafka(EngineChoice(), folder / "kafka"))
        mongo = await stopping.enter_async_context(shared_mongo(EngineChoice(), folder / "mongod"))
        measured: dict[str, list[Measured]] = {INTAKE: [], CARRYING: [], KEEPING: []}
        for number in range(rounds):
            keys = Keys(folder)
            issued = {
                "sekretariat": keys.issue("sekretariat", ["periods:write", "submissions:read"]),
                "impor": keys.issue("impor", ["submissions:write"]),
            }
            tokens = {name: headers["Authorization"].removeprefix("Bearer ") for name, headers in issued.items()}
            settings = settings_for(kafka, mongo, keys, rate_limit=1_000_000)
            given = (reports, requests, connections)
            measured[INTAKE].append(await of_intake(settings, tokens, folder / f"intake-{number}", *given))
            for bare in (CARRYING, KEEPING):
                there = folder / f"{bare}-{number}"
                measured[bare].append(await of_bare_door(bare, settings_for(kafka, mongo), there, *given))
        show(measured, statistics.mean(map(len, reports)), connections)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    sys.exit(run_with_engines(main(given.requests, given.rounds, given.connections)))
