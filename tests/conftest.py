from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings as hypothesis_settings

from chassis.mongo import Database, Mongo
from chassis.settings import Settings
from tests.engines import EngineChoice, Engines, private_engines, shared_kafka, shared_mongo
from tests.running import Keys, settings_for

# How long one example takes tells of the machine's other load, not of the code.
hypothesis_settings.register_profile("steady", deadline=None)
hypothesis_settings.load_profile("steady")


@pytest_asyncio.fixture(scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Bootstrap servers of a broker that all tests share: use topics and groups of your own."""
    async with shared_kafka(EngineChoice(), tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest_asyncio.fixture(scope="session")
async def mongo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """URI of a replica set that all tests share: use databases of your own."""
    async with shared_mongo(EngineChoice(), tmp_path_factory.mktemp("mongod")) as uri:
        yield uri


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
