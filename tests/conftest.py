import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings as hypothesis_settings

from chassis.mongo import Database, Mongo
from chassis.settings import Settings
from tests.engines import EngineChoice, Engines, private_engines, shared_kafka, shared_mongo
from tests.running import Keys, drop_databases, drop_topics, settings_for

# How long one example takes tells of the machine's other load, not of the code. The gate tries the same examples each
# time; new ones are looked for by `make fuzz`.
hypothesis_settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis_settings.register_profile("searching", deadline=None, max_examples=2_000)
hypothesis_settings.load_profile("steady")


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does: with its summary, and with the engines stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest_asyncio.fixture(scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Bootstrap servers of the broker that all tests share."""
    async with shared_kafka(EngineChoice(), tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest_asyncio.fixture(scope="session")
async def replica_set(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """URI of the replica set that all tests share."""
    async with shared_mongo(EngineChoice(), tmp_path_factory.mktemp("mongod")) as uri:
        yield uri


@pytest_asyncio.fixture(scope="module")
async def kafka(broker: str) -> AsyncIterator[str]:
    """Bootstrap servers: use topics and groups of your own. The topics are gone when the module is done."""
    yield broker
    await drop_topics(broker)


@pytest_asyncio.fixture(scope="module")
async def mongo(replica_set: str) -> AsyncIterator[str]:
    """URI: use databases of your own. They are gone when the module is done."""
    yield replica_set
    await drop_databases(replica_set)


@pytest_asyncio.fixture
async def engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engines]:
    """Private engines, to be killed and started again: ``broker = await engines.kafka()``."""
    async with private_engines(tmp_path_factory.mktemp("engines")) as engines:
        yield engines


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def settings(kafka: str, mongo: str, keys: Keys) -> Settings:
    """Settings of an installation that this test has for itself."""
    return settings_for(kafka, mongo, keys)


@pytest_asyncio.fixture(params=["motor", "pymongo"])
async def database(request: pytest.FixtureRequest, mongo: str) -> AsyncIterator[Database]:
    """A database of the test's own, through each driver in turn: for the tests of the stores."""
    deployment = Mongo(settings_for("127.0.0.1:1", mongo, mongo_driver=request.param))
    yield deployment.database("store")
    await deployment.drop("store")
    await deployment.close()
