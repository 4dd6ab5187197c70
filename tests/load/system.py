"""The whole system, one process of each service, and what it uses: CPU, memory, disk, and how far it is behind."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import httpx
import psutil

from chassis.clock import SystemClock, monotonic_s
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.notice import NoticeKind, NoticeState
from contracts.quarter import quarters_of
from deploy.local.engines import Engine
from deploy.local.kafka import Otherwise, kafka
from deploy.local.mongod import mongod
from deploy.local.ports import free_port
from deploy.local.settings import LocalSettings
from tests.faults.harness import SERVICES, reading
from tests.faults.pairs import DUE_IN, ORDER, SUBJECTS
from tests.faults.story import YEAR
from tests.load.yardstick import piece_ms
from tests.processes import Door, module_process, service_process, started
from tests.running import Keys, meanwhile, settings_for

MEGABYTE: Final = 1024 * 1024
LOOK_EVERY_S: Final = 1.0
"""More often would cost the broker more than what is measured."""
STALLED_S: Final = 300.0
CALM: Final = 0.15
"""Processors that engines use which nobody asks."""
CALM_BESIDE_SERVICES: Final = 0.3
"""The same while services ask them for what there is."""
CALM_LOOK_S: Final = 5.0
CALM_WITHIN_S: Final = 300.0
ENGINES: Final = ("kafka", "mongodb")
CACHE_GB: Final = 3.5
"""What MongoDB takes by default on a machine of its own with 8 GB."""
OPLOG_MB: Final = 990
"""What replicas copy from; by default a twentieth of the free disk, which would count as disk of reports."""
WORK: Final = {
    "keys looked at": ("metrics", "queryExecutor", "scanned"),
    "documents looked at": ("metrics", "queryExecutor", "scannedObjects"),
    "pages read": ("wiredTiger", "cache", "pages read into cache"),
    "pages written": ("wiredTiger", "cache", "pages written from cache"),
}
"""What tells why MongoDB needs more: questions that look at more, or a cache that holds less of what is asked for."""
_UNSETTLED: Final = [NoticeState.CREATED, NoticeState.SENDING, NoticeState.TEMPORARY_FAILURE]


class StalledError(Exception):
    """Nothing moved for too long."""


@dataclass
class System:
    settings: Settings
    folder: Path
    services: Mapping[str, Door]
    engines: Mapping[str, Engine]
    importer: Mapping[str, str]
    """The request headers of who may hand in for every region."""
    reader: Mapping[str, str]
    """Of who may read what became of it."""
    left: Callable[[], Awaitable[dict[str, int]]]
    """By service, the records that it has not committed."""
    mongo: Mongo

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """The services are ended in order, and ready again at last."""
        await asyncio.gather(*(service.stop() for service in self.services.values()))
        yield
        await asyncio.gather(*(service.start() for service in self.services.values()))

    async def calm(self, most: float = CALM) -> None:
        """Return when the engines use no more processors than ``most``: they have written out what they hold, and
        answered what services ask once, at their start. After five minutes, in any case.
        """
        until_s, used = monotonic_s() + CALM_WITHIN_S, float("inf")
        while used > most * CALM_LOOK_S and monotonic_s() < until_s:
            before = sum(_cpu_s(engine) for engine in self.engines.values())
            await asyncio.sleep(CALM_LOOK_S)
            used = sum(_cpu_s(engine) for engine in self.engines.values()) - before

    def cpu_s(self) -> dict[str, float]:
        return {name: _cpu_s(each) for name, each in {**self.services, **self.engines}.items()}

    def resident_mb(self) -> dict[str, float]:
        processes = {**self.services, **self.engines}
        return {name: psutil.Process(each.pid).memory_info().rss / MEGABYTE for name, each in processes.items()}

    def disk_mb(self) -> dict[str, float]:
        return {name: _size_mb(self.folder / name / "data") for name in ENGINES}

    async def database_work(self) -> dict[str, int]:
        """What MongoDB has done since it was started, by the names of ``WORK``."""
        status = await self.mongo.ask("serverStatus")
        return {name: status[part][of][what] for name, (part, of, what) in WORK.items()}

    async def waiting(self) -> dict[str, int]:
        """By service the records that it has not committed, and the notices that have no end yet."""
        notices = self.mongo.database("notify")["notices"]
        # All that its index begins with: a look at every notice would cost more than what is measured.
        unsettled = {"fiscal_year": YEAR, "kind": {"$in": [*NoticeKind]}, "state": {"$in": _UNSETTLED}}
        return await self.left() | {"notices": await notices.count_documents(unsettled)}

    async def at_most(self, records: int) -> None:
        """Return when no more than these wait; none: everything is read and told.

        Raises:
            StalledError: nothing moved for too long.
        """
        moved_s, before = monotonic_s(), dict[str, int]()
        while sum((now := await self.waiting()).values()) > records:
            if now != before:
                moved_s, before = monotonic_s(), now
            if monotonic_s() - moved_s > STALLED_S:
                raise StalledError(f"nothing moved for {STALLED_S:.0f} s, and these wait: {now}")
            await asyncio.sleep(LOOK_EVERY_S / 2)


@dataclass
class Watched:
    """What was seen while something went on, second by second."""

    resident_mb: list[dict[str, float]] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)
    """Records that the service furthest behind had not committed."""
    cpu_s: dict[str, float] = field(default_factory=dict)
    work: dict[str, int] = field(default_factory=dict)
    """Of MongoDB, by the names of ``WORK``."""
    seconds: float = 0.0
    pieces_ms: list[float] = field(default_factory=list)
    """What a piece of the yardstick took."""

    @property
    def yardstick_ms(self) -> float:
        return statistics.fmean(self.pieces_ms)


@asynccontextmanager
async def watched(system: System) -> AsyncIterator[Watched]:
    seen, work, cpu_s, begun_s = Watched(), await system.database_work(), system.cpu_s(), monotonic_s()

    async def look() -> None:
        while True:
            seen.resident_mb.append(system.resident_mb())
            seen.behind.append(max((await system.left()).values()))
            seen.pieces_ms.append(await asyncio.to_thread(piece_ms))
            await asyncio.sleep(LOOK_EVERY_S)

    try:
        async with meanwhile(look()):
            yield seen
    finally:
        seen.resident_mb.append(system.resident_mb())
        seen.pieces_ms.append(piece_ms())
        seen.cpu_s = {name: used - cpu_s[name] for name, used in system.cpu_s().items()}
        seen.seconds = monotonic_s() - begun_s
        seen.work = {name: done - work[name] for name, done in (await system.database_work()).items()}


@asynccontextmanager
async def system(folder: Path) -> AsyncIterator[System]:
    """Started in ``folder``, ready, entry open.

    Kafka compresses what it writes with gzip, which every reader of ours can read without another library, so that it
    fits on a disk; MongoDB as it always does, for a better compression would be counted as the cost of reports.
    """
    async with AsyncExitStack() as stack:
        broker, database = await asyncio.gather(_kafka(folder, stack), _mongod(folder, stack))
        keys = Keys(folder)
        secretariat = keys.issue("sekretariat", ["periods:write"])
        importer = keys.issue("wilayah", ["submissions:write"])
        reader = keys.issue("pembaca", ["submissions:read", "scorecards:read"])
        mail = await stack.enter_async_context(started(module_process("tests.load.mail_sink", (), folder / "mail")))
        settings = settings_for(
            broker.address, database.address, keys, rate_limit=1_000_000, smtp=mail.address.replace("http", "smtp")
        )
        services = {name: service_process(name, settings, folder / name) for name in SERVICES}
        for service in services.values():
            stack.push_async_callback(service.stop)
        await asyncio.gather(*(service.start() for service in services.values()))
        await _open_entry(services["intake"].address, secretariat)
        looks = {each.name: await stack.enter_async_context(reading(each, settings)) for each in SUBJECTS}

        async def left() -> dict[str, int]:
            return {name: await look() for name, look in looks.items()}

        mongo = Mongo(settings)
        stack.push_async_callback(mongo.close)
        engines = dict(zip(ENGINES, (broker, database), strict=True))
        yield System(settings, folder, services, engines, importer, reader, left, mongo)


async def _kafka(folder: Path, stack: AsyncExitStack) -> Engine:
    port = free_port()
    program = kafka(
        folder / "kafka",
        port=port,
        controller_port=free_port(besides=frozenset({port})),
        cache=LocalSettings().cache_folder,
        progress=lambda _: None,
        otherwise=Otherwise({"compression.type": "gzip", "compression.gzip.level": "1"}),
    )
    return await _started(Engine(program), stack)


async def _mongod(folder: Path, stack: AsyncExitStack) -> Engine:
    program = mongod(folder / "mongodb", port=free_port(), cache_gb=CACHE_GB)
    small = (*program.command, "--oplogSize", f"{OPLOG_MB}")
    return await _started(Engine(replace(program, command=small)), stack)


async def _started(engine: Engine, stack: AsyncExitStack) -> Engine:
    stack.push_async_callback(engine.kill)
    await engine.start()
    return engine


async def _open_entry(intake: str, secretariat: Mapping[str, str]) -> None:
    order = ORDER | {"due_at": (SystemClock().now() + DUE_IN).isoformat()}
    async with httpx.AsyncClient(base_url=intake, headers=secretariat, trust_env=False, timeout=60) as http:
        for quarter in quarters_of(YEAR):
            (await http.put(f"/v1/periods/{quarter.text}", json=order)).raise_for_status()


def _cpu_s(program: Door | Engine) -> float:
    times = psutil.Process(program.pid).cpu_times()
    return float(times.user + times.system)


def _size_mb(folder: Path) -> float:
    """What the folder takes on the disk; files may go while they are counted."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total / MEGABYTE
