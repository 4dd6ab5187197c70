"""Regions hand in through intake's door, so many a second whatever the answers, or as fast as the door takes."""

import asyncio
import secrets
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.clock import unix_s
from chassis.groups import partitions_of
from contracts.topics import SUBMISSION_JUDGED
from tests.load.system import StalledError, System, Watched, watched

NATION: Final = 546
LAST_MINUTES_S: Final = 600.0
"""A nation's reports all come within these: no evening is as bad."""
TIMES: Final = (1, 20)
FLOOD: Final = "flood"
ANSWER_S: Final = 90.0
ATTEMPTS_MAX: Final = 5
CONNECTIONS: Final = 16
"""When reports come as fast as the door takes them."""


@dataclass
class Evening:
    """What came of the reports of one load."""

    handed_in: int
    accepted_at_s: dict[str, float] = field(default_factory=dict)
    """By submission, when 202 came; the clock's seconds."""
    answered_in_s: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    judged_in_s: list[float] = field(default_factory=list)
    """From the 202 to the verdict in the log; 0 where that was there before."""
    busy: float = 0.0
    """Programs that wanted a processor when it began, by the machine's load average of a minute."""
    seen: Watched = field(default_factory=Watched)

    @property
    def cost_ms(self) -> float:
        """CPU of one report in every process."""
        return sum(map(self.cpu_ms, self.seen.cpu_s))

    @property
    def per_second(self) -> float:
        """Judged, scored and told of."""
        return len(self.judged_in_s) / self.seen.seconds

    def cpu_ms(self, process: str) -> float:
        """Of one report."""
        return 1_000 * self.seen.cpu_s[process] / self.handed_in


def percentile_s(times_s: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times_s, n=100, method="inclusive")[percent - 1]


async def evening(system: System, bodies: Sequence[bytes], count: int, *, each_s: float | None) -> Evening:
    """``each_s`` lies between two reports, None where the next one goes as soon as a connection is free.

    It is over when everything is read and told; its CPU is the whole of that.
    """
    done, run = Evening(count, busy=psutil.getloadavg()[0]), secrets.token_hex(4)
    async with _verdicts(system, done), watched(system) as done.seen:
        begun_s = time.monotonic()
        limits = httpx.Limits(max_connections=CONNECTIONS if each_s is None else None)
        http = httpx.AsyncClient(
            base_url=system.services["intake"].address, trust_env=False, timeout=ANSWER_S, limits=limits
        )
        async with http, asyncio.TaskGroup() as group:
            free = asyncio.Semaphore(CONNECTIONS if each_s is None else count)
            for number in range(count):
                if each_s is not None:
                    await asyncio.sleep(max(0.0, begun_s + number * each_s - time.monotonic()))
                await free.acquire()
                key = f"beban-{run}-{number}"
                group.create_task(_hand_in(http, system, key, bodies[number % len(bodies)], done, free))
        await system.at_most(0)
    return done


async def _hand_in(
    http: httpx.AsyncClient, system: System, key: str, body: bytes, done: Evening, free: asyncio.Semaphore
) -> None:
    headers = {**system.importer, "Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
    try:
        begun_s = time.monotonic()
        answer = await _answer(http, headers, body, done)
        done.answered_in_s.append(time.monotonic() - begun_s)
        done.answers[f"{answer.status_code}"] += 1
        if answer.status_code == httpx.codes.ACCEPTED:
            done.accepted_at_s[answer.json()["submission_id"]] = unix_s()
    finally:
        free.release()


async def _answer(http: httpx.AsyncClient, headers: dict[str, str], body: bytes, done: Evening) -> httpx.Response:
    """Sent again, with its key, where the connection broke: one that was long idle is let go by the door."""
    for _ in range(ATTEMPTS_MAX):
        try:
            return await http.post("/v1/submissions", content=body, headers=headers)
        except httpx.TransportError as error:
            done.answers[type(error).__name__] += 1
    raise StalledError(f"{ATTEMPTS_MAX} connections to {http.base_url} broke one after the other")


@asynccontextmanager
async def _verdicts(system: System, done: Evening) -> AsyncIterator[None]:
    """What was judged meanwhile, by the time at which validation published it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=system.settings.kafka, group_id=None, max_partition_fetch_bytes=4 * 1024 * 1024
    )
    await consumer.start()
    try:
        places = await partitions_of(system.settings, SUBMISSION_JUDGED)
        consumer.assign(places)
        begun = await consumer.end_offsets(places)
        for place, offset in begun.items():
            consumer.seek(place, offset)
        yield
        await _read(consumer, places, done)
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], done: Evening) -> None:
    ends = await consumer.end_offsets(places)
    while any([await consumer.position(place) < ends[place] for place in places]):
        for batch in (await consumer.getmany(timeout_ms=200)).values():
            for record in batch:
                accepted_s = done.accepted_at_s.get(dict(record.headers)["ce_subject"].decode())
                if accepted_s is not None:
                    done.judged_in_s.append(max(0.0, record.timestamp / 1_000 - accepted_s))
