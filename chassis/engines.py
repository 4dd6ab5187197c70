"""Whether the engines answer, asked all the time: a service that waits for one at its start says so too."""

import asyncio
from typing import Final

from chassis.clock import monotonic_s
from chassis.errors import BROKEN_WORLD
from chassis.kafka import Publisher
from chassis.metrics import EngineMetrics
from chassis.mongo import Mongo

LOOK_EVERY_S: Final = 5.0
_ANSWER_S: Final = 3.0


async def watch_engines(mongo: Mongo, publisher: Publisher, metrics: EngineMetrics) -> None:
    """Keep the figures of both until cancelled."""

    async def mongo_answers() -> bool:
        try:
            await asyncio.wait_for(mongo.ping(), _ANSWER_S)
        except BROKEN_WORLD:
            return False
        return True

    engines = {"kafka": publisher.answers, "mongodb": mongo_answers}
    while True:
        for engine, answers in engines.items():
            asked_at = monotonic_s()
            metrics.answers.labels(engine).set(await answers())
            metrics.answer_time.labels(engine).set(monotonic_s() - asked_at)
        await asyncio.sleep(LOOK_EVERY_S)
