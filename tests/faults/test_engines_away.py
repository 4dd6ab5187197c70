"""MongoDB and Kafka are killed and come back during the load; what is left is what would be without it."""

import asyncio

import pytest

from chassis.settings import Settings
from deploy.local.engines import Engine
from tests.engines import Engines
from tests.faults.harness import (
    Outcome,
    Subject,
    books_of,
    drains,
    feed,
    left_to_read,
    outcome_of,
    reads_of,
    victim,
    writes_of,
)
from tests.faults.story import closing_marks, fed, planned_reports, received
from tests.running import settings_for

VALIDATION, SCORING = (
    Subject(name, f"services.{name}.app:build", reads_of(name), writes_of(name)) for name in ("validation", "scoring")
)
REGIONS = 120


async def what_is_left(settings: Settings) -> tuple[Outcome, Outcome]:
    return await outcome_of(VALIDATION, settings), await outcome_of(SCORING, settings)


async def away(engine: Engine, *, for_s: float) -> None:
    await engine.kill()
    await asyncio.sleep(for_s)
    await engine.start()


@pytest.mark.timeout(400)
async def test_engines_killed_under_load_leave_what_would_be_without(engines: Engines) -> None:
    kafka, mongod = await engines.kafka(), await engines.mongod()
    reports = [received(report) for report in planned_reports(REGIONS, of=REGIONS)]
    records = fed([*reports, *closing_marks({report.submission.region_code for report in reports})])
    expected_settings = settings_for(kafka.address, mongod.address)
    await feed(expected_settings, records)
    async with victim(VALIDATION, expected_settings), victim(SCORING, expected_settings):
        await drains(VALIDATION, expected_settings)
        await drains(SCORING, expected_settings)
    expected = await what_is_left(expected_settings)

    # Small batches, so that the load lasts through all that happens to the engines.
    settings = settings_for(kafka.address, mongod.address, batch_records=1, replica="1")
    await feed(settings, records)
    async with victim(VALIDATION, settings), victim(SCORING, settings):
        for engine, for_s in ((mongod, 1.0), (kafka, 1.0), (mongod, 0.1), (kafka, 3.0)):
            await asyncio.sleep(1.0)
            assert await left_to_read(VALIDATION, settings) > 0, "the load was over before the last kill"
            await away(engine, for_s=for_s)
        await drains(VALIDATION, settings, within_s=180)
        await drains(SCORING, settings, within_s=60)
    assert await what_is_left(settings) == expected
    ledger = await books_of(settings)
    assert (ledger.balanced, ledger.total.sent, ledger.total.pending) == (True, len(reports), 0)
