"""What tests and the bench do with streams: send one, cut it, take it up again, and see what the log has of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from chassis.settings import Settings
from contracts.topics import SUBMISSION_RECEIVED
from tests.duplex import duplex
from tests.intake.reports import PERIOD
from tests.processes import Door
from tests.running import meanwhile

SEND_BYTES = 256 * 1024
SAMPLE_S = 0.2
_ORDER = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}


@dataclass
class Streamed:
    """What came back of a stream."""

    answered: int = 0
    """The number of the last line that has its result."""
    statuses: Counter[int] = field(default_factory=Counter)
    replayed: int = 0
    summary: dict[str, Any] | None = None

    def note(self, result: dict[str, Any]) -> None:
        if "summary" in result:
            self.summary = result["summary"]
            return
        if result["status"] < httpx.codes.INTERNAL_SERVER_ERROR:
            # Another one says from which line on to send again.
            self.answered = result["line"]
        self.statuses[result["status"]] += 1
        self.replayed += result.get("replayed", False)


async def stream(
    port: int,
    headers: Mapping[str, str],
    lines: Iterator[bytes],
    *,
    first_line: int = 1,
    cut_after: int | None = None,
    seen: Streamed | None = None,
) -> Streamed:
    """Send all, or drop the connection once so many lines have their results; ``seen`` tells of them meanwhile."""
    seen = seen or Streamed()
    async with duplex(port, headers, f"/v1/submissions?first_line={first_line}") as client:

        async def send() -> None:
            body = bytearray()
            for line in lines:
                body += line
                if len(body) >= SEND_BYTES:
                    await client.send(bytes(body))
                    body.clear()
            if body:
                # An empty chunk is the end.
                await client.send(bytes(body))
            await client.end()

        sending = asyncio.create_task(send())
        try:
            status, head = await client.head()
            assert status == httpx.codes.OK, head
            async for result in client.results():
                seen.note(result)
                if cut_after is not None and seen.answered >= cut_after:
                    client.cut()
                    break
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await sending
    return seen


async def open_period(intake: Door, secretariat: Mapping[str, str]) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        path = f"{intake.address}/v1/periods/{PERIOD}"
        (await client.put(path, json=_ORDER, headers=dict(secretariat))).raise_for_status()


async def ids_in_log(settings: Settings) -> Counter[str]:
    """How often the log has each submission."""
    topic = settings.kafka_prefix + SUBMISSION_RECEIVED.name
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=settings.kafka, auto_offset_reset="earliest", group_id=None, max_poll_records=2_000
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: Counter[str] = Counter()
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                found.update(dict(record.headers)["ce_subject"].decode() for record in batch)
        return found
    finally:
        await consumer.stop()


@dataclass
class Memory:
    """Resident bytes of a process over a while."""

    before: int
    samples: list[int] = field(default_factory=list)

    @property
    def growth(self) -> int:
        return max(self.samples, default=self.before) - self.before


@asynccontextmanager
async def watched(intake: Door) -> AsyncIterator[Memory]:
    memory = Memory(intake.resident_bytes)

    async def look() -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            memory.samples.append(intake.resident_bytes)

    async with meanwhile(look()):
        yield memory
