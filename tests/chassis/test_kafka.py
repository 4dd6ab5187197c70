"""A producer that lost its sequence is replaced by one other, whatever happens in between."""

import asyncio
from typing import Any, ClassVar

import pytest
from aiokafka.errors import KafkaConnectionError, OutOfOrderSequenceNumber
from prometheus_client import CollectorRegistry

from chassis import kafka
from chassis.errors import Retryable
from chassis.kafka import Publisher, RawRecord, make_broker
from tests.running import settings_for

RECORD: RawRecord = ("topic", b"64.71", [], b"{}")


class Producer:
    """aiokafka's, as far as the publisher knows it. The first one that there is loses its sequence."""

    made: ClassVar[list["Producer"]] = []
    away: ClassVar[bool] = False

    def __init__(self, **_: object) -> None:
        self.open = False
        self.sent = 0
        self.made.append(self)

    async def start(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise KafkaConnectionError("nobody is there")
        self.open = True

    async def stop(self) -> None:
        await asyncio.sleep(0)
        self.open = False

    async def send(self, *_: object, **__: object) -> asyncio.Future[Any]:
        answer = asyncio.get_running_loop().create_future()
        if self is self.made[0]:
            answer.set_exception(OutOfOrderSequenceNumber())
        else:
            self.sent += 1
            answer.set_result(None)
        return answer


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Publisher:
    monkeypatch.setattr(kafka, "AIOKafkaProducer", Producer)
    monkeypatch.setattr(Producer, "made", [])
    monkeypatch.setattr(Producer, "away", False)
    return Publisher(settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1"), "test", linger_ms=0)


async def together(publisher: Publisher) -> list[object]:
    """What three that publish at once come to."""
    return list(await asyncio.gather(*(publisher.publish_raw([RECORD]) for _ in range(3)), return_exceptions=True))


async def test_many_that_find_a_lost_sequence_at_once_replace_one_producer_by_one(publisher: Publisher) -> None:
    await publisher.start()
    assert {type(answer) for answer in await together(publisher)} == {Retryable}
    assert await together(publisher) == [None, None, None]
    assert [(each.open, each.sent) for each in Producer.made] == [(False, 0), (True, 3)]


async def test_a_broker_that_is_away_when_the_producer_is_replaced_is_found_again(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publisher.start()
    await together(publisher)
    monkeypatch.setattr(Producer, "away", True)
    assert {type(answer) for answer in await together(publisher)} == {KafkaConnectionError}
    monkeypatch.setattr(Producer, "away", False)
    assert await together(publisher) == [None, None, None]
    assert [each.open for each in Producer.made if each.open] == [True]


async def test_nothing_is_connected_before_the_start_and_after_the_stop(publisher: Publisher) -> None:
    assert {type(answer) for answer in await together(publisher)} == {Retryable}
    await publisher.start()
    await publisher.stop()
    assert {type(answer) for answer in await together(publisher)} == {Retryable}
    assert [each.open for each in Producer.made] == [False]


def test_a_consumer_knows_every_broker_of_the_cluster() -> None:
    broker = make_broker(settings_for("k1.example:9092,k2.example:9092", "mongodb://"), "notify", CollectorRegistry())

    assert broker.specification.url == ["k1.example:9092", "k2.example:9092"]
