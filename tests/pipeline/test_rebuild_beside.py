"""Reports come in while a service's database is made again beside it: what is put in place is what was there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from email import message_from_bytes

import pytest
import pytest_asyncio

from chassis.beside import PREFIX
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mongo import Mongo
from chassis.operators import Order
from cli.beside import BESIDE, DifferentError, rebuild_beside
from cli.demo.generator import plan_year
from regulation.loading import load_law
from tests.pipeline.installation import Installation
from tests.pipeline.test_replicas import received

pytestmark = pytest.mark.engines
REGIONS = 20
ORDER = Order("operator", "sintetis")
LAW = load_law()
PLAN = plan_year(LAW, seed=5, regions=REGIONS)


@pytest_asyncio.fixture(scope="module")
async def installation(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    installation = Installation.of(kafka, mongo, tmp_path_factory.mktemp("beside"), PLAN.nation)
    async with installation.services():
        yield installation


async def load(publisher: Publisher, events: Sequence[Event]) -> None:
    """One after the other, for as long as the rebuilds go on."""
    for event in events:
        await publisher.publish([event])
        await asyncio.sleep(0.1)


async def test_each_service_is_rebuilt_under_load_and_is_the_same(installation: Installation) -> None:
    settings = installation.settings
    events = [received(report, LAW) for report in PLAN.reports]
    publisher, said = Publisher(settings, "test", linger_ms=0), list[str]()
    await publisher.start()
    await publisher.publish(events[: len(events) // 2])
    coming = asyncio.create_task(load(publisher, events[len(events) // 2 :]))
    documents = {}
    for service in BESIDE:
        found = await rebuild_beside(settings, service, ORDER, said.append)
        assert all(one.live == one.rebuilt for one in found), found
        documents[service] = sum(one.documents for one in found)
    await coming
    await publisher.stop()
    await installation.all_read()
    assert all(documents.values()), documents
    assert [line for line in said if "switched" in line] == [line for line in said if "goes on after" in line]
    for service in BESIDE:
        # With everything read, and what a first rebuild left in place.
        assert all(
            one.live == one.rebuilt for one in await rebuild_beside(settings, service, ORDER, said.append, switch=False)
        )
    mails = [message_from_bytes(mail)["Message-ID"] for mail in installation.mails()]
    assert len(set(mails)) == len(mails), "a notice was mailed again"
    await nothing_is_left(installation)


async def test_a_damaged_database_is_told_and_mended_on_demand(installation: Installation) -> None:
    settings = installation.settings
    mongo = Mongo(settings)
    verdicts = mongo.database("validation")["verdicts"]
    before = await verdicts.count_documents({})
    await verdicts.delete_one({})
    try:
        with pytest.raises(DifferentError, match="what the log says of verdicts is not what validation keeps"):
            await rebuild_beside(settings, "validation", ORDER, lambda _: None)
        assert await verdicts.count_documents({}) == before - 1
        await rebuild_beside(settings, "validation", ORDER, lambda _: None, replace=True)
        assert await verdicts.count_documents({}) == before
    finally:
        await mongo.close()
    await nothing_is_left(installation)


async def nothing_is_left(installation: Installation) -> None:
    mongo = Mongo(installation.settings)
    try:
        for service in BESIDE:
            assert not [name for name in await mongo.collections(service) if name.startswith(PREFIX)]
    finally:
        await mongo.close()
