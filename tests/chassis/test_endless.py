"""How tasks begin again."""

import asyncio

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from chassis.endless import for_ever
from chassis.errors import Retryable
from chassis.metrics import TaskMetrics

LONGEST_S = 0.3


async def test_a_task_that_went_well_for_long_is_begun_again_as_soon_as_at_first() -> None:
    runs = 0
    done = asyncio.Event()

    async def task() -> None:
        nonlocal runs
        runs += 1
        if runs == 4:
            await asyncio.sleep(1.2 * LONGEST_S)
        if runs > 5:
            done.set()
            await asyncio.Event().wait()
        raise Retryable("contoh") if runs % 2 else ValueError("contoh")

    with capture_logs() as lines:
        running = asyncio.create_task(for_ever(task, LONGEST_S, TaskMetrics(CollectorRegistry())))
        await asyncio.wait_for(done.wait(), 20)
        running.cancel()
    assert [line["delay_s"] for line in lines] == [0.2, 0.3, 0.3, 0.2, 0.3]
