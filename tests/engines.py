"""Where tests find a broker and a database.

The first that applies: an address in SPM_TEST_KAFKA or SPM_TEST_MONGO; containers, where SPM_TEST_ENGINES=containers;
else this machine's own engines, in a temporary folder and on free ports, so that a running stack is not touched.
Engines that a test kills and starts again are this machine's own in every case.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo import AsyncMongoClient

from deploy.local.engines import Engine, start_kafka, start_mongod
from deploy.local.settings import LocalSettings
from tests.containers import kafka_container, mongo_container

T = TypeVar("T")
TERMINATED: Final = 128 + signal.SIGTERM
"""As a shell tells of it."""


class EngineChoice(BaseSettings):
    """What ``SPM_TEST_<NAME>`` asks for."""

    model_config = SettingsConfigDict(env_prefix="SPM_TEST_", env_ignore_empty=True, frozen=True)

    kafka: str | None = None
    mongo: str | None = None
    engines: Literal["local", "containers"] = "local"


class Engines:
    """Engines of one test alone, which it may kill and start again. Each call starts a new one."""

    def __init__(self, folder: Path, stopping: AsyncExitStack) -> None:
        self._folder = folder
        self._stopping = stopping
        self._count = 0

    async def kafka(self) -> Engine:
        return self._stopped_at_the_end(await start_kafka(self._next("kafka"), cache=LocalSettings().cache_folder))

    async def mongod(self) -> Engine:
        return self._stopped_at_the_end(await start_mongod(self._next("mongod")))

    def _next(self, name: str) -> Path:
        self._count += 1
        return self._folder / f"{name}-{self._count}"

    def _stopped_at_the_end(self, engine: Engine) -> Engine:
        self._stopping.push_async_callback(engine.kill)
        return engine


@asynccontextmanager
async def private_engines(folder: Path) -> AsyncIterator[Engines]:
    async with AsyncExitStack() as stopping:
        yield Engines(folder, stopping)


@asynccontextmanager
async def shared_kafka(choice: EngineChoice, folder: Path) -> AsyncIterator[str]:
    """Bootstrap servers."""
    if choice.kafka:
        yield choice.kafka
    elif choice.engines == "containers":
        async with kafka_container() as address:
            yield address
    else:
        async with private_engines(folder) as engines:
            yield (await engines.kafka()).address


@asynccontextmanager
async def shared_mongo(choice: EngineChoice, folder: Path) -> AsyncIterator[str]:
    """URI of a replica set."""
    if choice.mongo:
        yield choice.mongo
    elif choice.engines == "containers":
        async with mongo_container() as uri:
            await _let_nothing_expire(uri)
            yield uri
    else:
        async with private_engines(folder) as engines:
            uri = (await engines.mongod()).address
            await _let_nothing_expire(uri)
            yield uri


async def _let_nothing_expire(uri: str) -> None:
    """The clocks of tests stand still, years ago; what is kept under them would be gone within a minute."""
    async with AsyncMongoClient[dict[str, object]](uri) as client:
        await client.admin.command("setParameter", 1, ttlMonitorEnabled=False)


def run_with_engines(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` for programs with engines, which would outlive them: SIGTERM too ends everything in order."""

    async def interruptible() -> T:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await main

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError:
        raise SystemExit(TERMINATED) from None
