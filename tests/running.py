"""Services in the test's own process, on real engines: started, ready, and stopped in order."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from fastapi import FastAPI
from pymongo import AsyncMongoClient

from chassis.access import issue_key
from chassis.clock import Clock
from chassis.endless import end
from chassis.kafka import admin_client
from chassis.service import Build, make_app
from chassis.settings import Settings

READY_WITHIN_S = 60.0
RUN = secrets.token_hex(2)
"""Tells what this run of the tests made from what others made in the same engines."""
RECEIPT_KEYS = Path(__file__).parent / "receipt-keys.json"
"""An example key of a standard, known to everybody."""


class Keys:
    """API keys made for a test, in the file that the service reads."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"
        self._rows: list[dict[str, object]] = []
        self.path.write_text("[]")

    def issue(
        self, client_id: str, scopes: Sequence[str], region: str = "*", *, sandbox: bool = False
    ) -> dict[str, str]:
        """The request headers of a new client. Issue before the service starts."""
        token, row = issue_key(client_id, scopes, region, sandbox=sandbox)
        self._rows.append(row.model_dump(mode="json"))
        self.path.write_text(json.dumps(self._rows))
        return {"Authorization": f"Bearer {token}"}


def settings_for(kafka: str, mongo: str, keys: Keys | None = None, **changes: object) -> Settings:
    """Settings whose topics, groups and databases belong to nobody else."""
    name = RUN + secrets.token_hex(3)
    given: dict[str, object] = {
        "kafka": kafka,
        "mongo": mongo,
        "kafka_prefix": f"t{name}-",
        "mongo_prefix": f"t{name}_",
        "api_keys": keys.path if keys else None,
        "receipt_keys": RECEIPT_KEYS,
        "retry_delay_s_max": 1.0,
    }
    return Settings.model_validate(given | changes)


async def drop_topics(kafka: str) -> None:
    """Delete the topics of this run; a broker holds a file open for each partition it ever made, and runs out."""
    admin = admin_client(settings_for(kafka, "mongodb://127.0.0.1:1"))
    await admin.start()
    try:
        ours = [name for name in await admin.list_topics() if name.startswith(f"t{RUN}")]
        if ours:
            await admin.delete_topics(ours)
    finally:
        await admin.close()


async def drop_databases(mongo: str) -> None:
    """Drop the databases of this run, of which each collection and each index is a file."""
    async with AsyncMongoClient[dict[str, object]](mongo) as client:
        for name in await client.list_database_names():
            if name.startswith(f"t{RUN}"):
                await client.drop_database(name)


@asynccontextmanager
async def meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """The work goes on beside, and is cancelled at last."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await end([task])


@asynccontextmanager
async def running(
    name: str, build: Build, settings: Settings, clock: Clock | None = None, *, app: FastAPI | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of a service that is ready."""
    app = app or make_app(name, build, settings, clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            await eventually(lambda: _is_ready(client), within_s=READY_WITHIN_S)
            yield client


async def _is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/ready")).status_code == httpx.codes.OK


async def eventually(holds: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Wait until a (possibly awaitable) condition holds.

    Raises:
        AssertionError: it did not hold in time.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while True:
        answer = holds()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return
        assert loop.time() < end, f"did not hold within {within_s} s: {holds}"
        await asyncio.sleep(0.05)


async def read_topic(
    settings: Settings, topic: str, count: int, *, within_s: float = 20.0, settle_s: float = 0.0
) -> list[ConsumerRecord]:
    """The first ``count`` records of a topic over all partitions, in log order per partition.

    ``settle_s`` waits that much longer, to see that no further record comes.

    Raises:
        AssertionError: fewer came in time.
    """
    consumer = AIOKafkaConsumer(
        settings.kafka_prefix + topic, bootstrap_servers=settings.kafka, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    try:
        records: list[ConsumerRecord] = []
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while len(records) < count and loop.time() < end:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                records.extend(batch)
        assert len(records) >= count, f"{len(records)} of {count} records on {topic} within {within_s} s"
        end = loop.time() + settle_s
        while loop.time() < end:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                records.extend(batch)
        return records
    finally:
        await consumer.stop()
