"""However events are kept at the same time, whoever reads on behind the cursor gets each of them once."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord
from prometheus_client import CollectorRegistry

from chassis.events import Event, Received
from chassis.kafka import Publisher, RawRecord
from chassis.metrics import StreamMetrics
from chassis.mongo import Database, Document
from chassis.stream import SLICE_RECORDS, Stream
from contracts.message import Message
from contracts.topics import SUBMISSION_RECEIVED
from services.intake.domain.happenings import Cursor, event
from services.intake.handlers import noted
from services.intake.store.events import Events
from tests.intake.reports import ANOTHER_KOTA, KOTA, judged, period, received, submission
from tests.running import eventually, meanwhile, settings_for

# Not in the past of the other tests: what is older than 400 days, the database removes.
LOGGED = datetime(2199, 1, 1, tzinfo=UTC)
REGIONS = (KOTA, ANOTHER_KOTA, "64.74", "64.02")
RECORDS = 3 * SLICE_RECORDS


@pytest_asyncio.fixture
async def events(database: Database) -> AsyncIterator[Events]:
    events = Events(database)
    await events.prepare()
    yield events


def kept(message: Message, offset: int, *, at: datetime = LOGGED) -> Document:
    found = event(message, offset=offset, logged_at=at)
    assert found is not None
    return found


async def read_on(events: Events, region_code: str, *, until: int, limit: int = 7) -> list[str]:
    """What a reader is given who asks again and again from the cursor, while others write."""
    cursor, given = Cursor(), list[str]()
    async with asyncio.timeout(30):
        while len(given) < until:
            page = await events.after(region_code, cursor, limit)
            cursor = Cursor.parse(cursor.behind_all(page).text(region_code), region_code)
            given += [document["_id"] for document in page]
            await asyncio.sleep(0)
    assert await events.after(region_code, cursor, limit) == []
    return given


class Nowhere:
    """Publishes nothing, as intake's reader does."""

    async def publish(self, events: Iterable[Event]) -> None:
        assert list(events) == []

    async def publish_raw(self, records: Iterable[RawRecord]) -> None:
        assert list(records) == []


async def nothing(_: Sequence[Received]) -> list[Event]:
    return []


def records_of(messages: Sequence[Message]) -> list[ConsumerRecord[Any, Any]]:
    found = []
    for offset, message in enumerate(messages):
        written = Event.of(message)
        found.append(
            ConsumerRecord(
                topic=written.topic,
                partition=0,
                offset=offset,
                timestamp=int(LOGGED.timestamp() * 1_000) - offset,
                timestamp_type=0,
                key=written.key.encode(),
                value=written.value,
                checksum=None,
                serialized_key_size=0,
                serialized_value_size=0,
                headers=written.wire_headers,
            )
        )
    return found


async def test_lanes_of_one_batch_and_a_replica_that_lost_its_partition_cost_no_reader_an_event(events: Events) -> None:
    settings = settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1")
    stream, lost = (
        Stream(
            "intake",
            noted({SUBMISSION_RECEIVED: nothing}, events),
            cast("Publisher", Nowhere()),
            StreamMetrics(CollectorRegistry()),
            settings,
        )
        for _ in range(2)
    )
    facts = [received(submission(REGIONS[number % 4]), f"kunci-{number}") for number in range(RECORDS)]
    batch = records_of(facts)
    written = [record.__class__(**{**vars(record), "topic": settings.kafka_prefix + record.topic}) for record in batch]
    of_region = {code: [fact.event_id for fact in facts if fact.key == code] for code in REGIONS}
    reading = [asyncio.create_task(read_on(events, code, until=len(ids))) for code, ids in of_region.items()]
    await asyncio.gather(stream.work(written), lost.work(written))
    assert dict(zip(of_region, await asyncio.gather(*reading), strict=True)) == of_region


async def test_the_first_record_of_an_event_counts(events: Events) -> None:
    fact = received()
    await events.add([kept(fact, 1), kept(judged(fact), 1), kept(fact, 2)])
    first = await events.after(KOTA, Cursor(), 10)
    assert [(document["kind"], document["offset"]) for document in first] == [("judged", 1), ("received", 1)]
    await events.add([kept(fact, 3)])
    assert await events.after(KOTA, Cursor().behind_all(first), 10) == []


async def test_a_page_is_cut_by_offsets_though_clocks_disagree(events: Events) -> None:
    early, late = received(key="kunci-1"), received(key="kunci-2")
    await events.add([kept(early, 1, at=LOGGED + timedelta(seconds=9)), kept(late, 2)])
    assert await read_on(events, KOTA, until=2, limit=1) == [early.event_id, late.event_id]


async def test_changes_of_the_calendar_are_told_to_every_region_each_period_by_itself(events: Events) -> None:
    changes = [(period(1), 12), (period(2), 14), (period(1, period="2024Q1"), 13)]
    await events.add(kept(change, offset) for change, offset in changes)
    for code in REGIONS:
        assert len(await read_on(events, code, until=3, limit=1)) == 3
    # The other lane was slower: a period's first event comes in behind a higher offset of another period.
    cursor = Cursor().behind_all(await events.after(KOTA, Cursor(), 10))
    await events.add([kept(period(1, period="2024Q2"), 11)])
    assert [document["offset"] for document in await events.after(KOTA, cursor, 10)] == [11]


async def test_what_anybody_adds_is_heard(events: Events) -> None:
    heard: list[str | None] = []
    async with meanwhile(events.watch(heard.append)):
        await eventually(lambda: heard == [None])
        await events.add([kept(received(), 1), kept(period(), 1)])
        await eventually(lambda: heard == [None, KOTA, None])


async def test_listening_ends_with_what_is_listened_to(database: Database, events: Events) -> None:
    """A stream that was closed answers at once, for ever: whoever asked it on would let nothing else go on."""
    heard: list[str | None] = []
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(events.watch(heard.append))
        await eventually(lambda: heard == [None])
        dropping: Any = {"drop": "events"}
        await database.command(dropping)
    assert heard == [None]


@pytest.mark.parametrize("limit", [1, 1_000])
async def test_a_region_without_events_has_none(events: Events, limit: int) -> None:
    await events.add([kept(received(), 1)])
    assert await events.after(ANOTHER_KOTA, Cursor(), limit) == []
