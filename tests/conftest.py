from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.engines import EngineChoice, Engines, private_engines, shared_kafka, shared_mongo


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
