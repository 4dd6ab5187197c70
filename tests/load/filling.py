"""Reports straight into the log, as intake would publish them, until so many stand in it.

They are those of one invented year, 2,184 of 546 regions, again and again as further revisions: the nation stays as
large as it is. More than some ten thousand reports are copied (``tests.load.stock``).
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaProducer

from chassis.clock import SystemClock, monotonic_s
from chassis.events import Event, Passage
from chassis.kafka import make_producer
from cli.demo.generator import plan_year
from contracts.message import deterministic_id
from contracts.submission import SubmissionReceivedV1
from tests.bench.pipeline import SEED, of_real_size
from tests.faults.story import LAW, received
from tests.load.system import System

BACKLOG: Final = 5_000
"""Records and notices that may wait in sum before more come: enough for full batches."""
AT_ONCE: Final = 500
TOLD_EVERY_S: Final = 15.0


class Year:
    """One year's reports, and their JSON, which is the same in every revision."""

    def __init__(self) -> None:
        reports = [of_real_size(received(report)) for report in plan_year(LAW, seed=SEED).reports]
        self.reports = [(report, report.submission.model_dump_json().encode()) for report in reports]
        self.sent = 0

    def bodies(self, part: int, parts: int) -> list[bytes]:
        """Those of every ``parts``-th region: provinces and what lies in them are in each part as often."""
        regions = frozenset(sorted({report.submission.region_code for report, _ in self.reports})[part::parts])
        return [written for report, written in self.reports if report.submission.region_code in regions]

    def more(self, count: int) -> Iterator[Event]:
        for number in range(self.sent, self.sent + count):
            report, written = self.reports[number % len(self.reports)]
            yield _revision(report, written, number)
        self.sent += count


def _revision(report: SubmissionReceivedV1, written: bytes, number: int) -> Event:
    now = SystemClock().now()
    changes = {"submission_id": deterministic_id("load", str(number)), "arrived_at": now, "recorded_at": now}
    return Event.of(report.model_copy(update=changes), passing_on=Passage("submission", written))


@dataclass
class Filling:
    system: System
    year: Year
    say: Callable[[str], None]
    until_s: float
    """By the monotonic clock: no record is begun after it."""
    disk_mb_max: float

    async def fill(self, count: int) -> bool:
        """Whether so many more stand in the log, read by every service; False where time or disk was over before."""
        target, begun_s, told_s = self.year.sent + count, monotonic_s(), monotonic_s()
        before = self.year.sent
        producer = make_producer(self.system.settings, "load", linger_ms=20, max_batch_size=512 * 1024)
        await producer.start()
        try:
            while self.year.sent < target and not self._over():
                await self._send(producer, min(AT_ONCE, target - self.year.sent))
                await self.system.at_most(BACKLOG)
                if monotonic_s() - told_s > TOLD_EVERY_S:
                    told_s = monotonic_s()
                    rate = (self.year.sent - before) / (told_s - begun_s)
                    self.say(
                        f"{self.year.sent:,} reports in the log, {rate:.0f}/s; waiting: {await self.system.waiting()}"
                    )
        finally:
            await producer.stop()
        await self.system.at_most(0)
        return self.year.sent >= target

    def _over(self) -> bool:
        return monotonic_s() > self.until_s or sum(self.system.disk_mb().values()) > self.disk_mb_max

    async def _send(self, producer: AIOKafkaProducer, count: int) -> None:
        prefix = self.system.settings.kafka_prefix
        waiting = [
            await producer.send(
                prefix + event.topic, value=event.value, key=event.key.encode(), headers=event.wire_headers
            )
            for event in self.year.more(count)
        ]
        await asyncio.gather(*waiting)
