from datetime import UTC, datetime

import pytest

from chassis.errors import Retryable
from chassis.events import Event
from chassis.kafka import Publisher, ensure_topics
from chassis.replay import read_all
from chassis.settings import Settings
from contracts.period import EntryClosedV1
from contracts.topics import SUBMISSION_RECEIVED

pytestmark = pytest.mark.engines
AT = datetime(2024, 1, 21, tzinfo=UTC)
MARKS = [
    EntryClosedV1(region_code=f"{code}", period="2023Q4", period_revision=1, due_at=AT, closed_at=AT)
    for code in range(11, 60)
]


async def test_every_reading_gives_everything_that_stands_in_the_topic(settings: Settings) -> None:
    await ensure_topics(settings)
    publisher = Publisher(settings, "test", linger_ms=5)
    await publisher.start()
    await publisher.publish([Event.of(mark) for mark in MARKS])
    await publisher.publish_raw([(SUBMISSION_RECEIVED.name, b"11", [], b"no event")])
    await publisher.stop()
    for _ in range(12):
        read = [message async for batch in read_all(settings, SUBMISSION_RECEIVED) for message in batch]
        assert {message.key for message in read} == {mark.key for mark in MARKS}
        assert len(read) == len(MARKS)


async def test_an_empty_topic_ends_at_once(settings: Settings) -> None:
    await ensure_topics(settings)
    assert [batch async for batch in read_all(settings, SUBMISSION_RECEIVED)] == []


async def test_a_topic_that_is_not_there_is_asked_for_again_later(settings: Settings) -> None:
    with pytest.raises(Retryable, match="not there yet"):
        _ = [batch async for batch in read_all(settings, SUBMISSION_RECEIVED)]
