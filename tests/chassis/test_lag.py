"""How old the oldest record is that a replica has not taken."""

from collections.abc import Collection

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaConnectionError

from chassis.lag import Lag, Sightings

FIRST, SECOND = TopicPartition("received", 0), TopicPartition("received", 1)


class Consumer:
    """Answers as aiokafka's does."""

    def __init__(self, positions: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> None:
        self.positions = positions
        self.ends = ends
        self.broker_answers = True

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self.ends)

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        if not self.broker_answers:
            raise KafkaConnectionError
        return {at: self.ends[at] for at in partitions}

    async def position(self, at: TopicPartition) -> int:
        if at not in self.positions:
            raise IllegalStateError
        return self.positions[at]


def test_a_reader_at_the_end_leaves_nothing_waiting() -> None:
    assert Sightings().waiting_since(position=5, end=5, now_s=100) is None


def test_what_waits_grows_older_until_it_is_taken() -> None:
    seen = Sightings()

    assert seen.waiting_since(position=5, end=7, now_s=100) == 100
    assert seen.waiting_since(position=5, end=9, now_s=102) == 100
    assert seen.waiting_since(position=7, end=9, now_s=104) == 102
    assert seen.waiting_since(position=9, end=9, now_s=106) is None


def test_a_reader_that_is_behind_for_hours_is_remembered_within_bounds() -> None:
    seen = Sightings()

    for second in range(5_000):
        oldest = seen.waiting_since(position=0, end=second + 1, now_s=float(second))

    assert oldest == 0
    assert len(seen._ends) == 600
    # The newest of them stand for what came since: rather too old than too young.
    assert seen.waiting_since(position=4_999, end=5_000, now_s=5_000.0) == 599


async def test_records_and_age_are_added_up_by_topic() -> None:
    lag, consumer = Lag(), Consumer({FIRST: 3, SECOND: 8}, {FIRST: 5, SECOND: 8})
    await lag.look(consumer, 100)
    consumer.ends[SECOND] = 12

    behind = (await lag.look(consumer, 102))["received"]

    assert (behind.records, behind.waiting_since) == (6, 100)


async def test_what_waits_grows_older_while_the_broker_is_silent() -> None:
    lag, consumer = Lag(), Consumer({FIRST: 3}, {FIRST: 5})
    await lag.look(consumer, 100)
    consumer.broker_answers = False

    behind = (await lag.look(consumer, 900))["received"]

    assert (behind.records, behind.waiting_since) == (2, 100)


async def test_a_partition_that_was_taken_away_is_forgotten() -> None:
    lag, consumer = Lag(), Consumer({FIRST: 3}, {FIRST: 5})
    await lag.look(consumer, 100)
    consumer.ends = {SECOND: 5}

    assert await lag.look(consumer, 102) == {}
    consumer.ends, consumer.positions = {FIRST: 5}, {FIRST: 5}
    assert (await lag.look(consumer, 104))["received"].waiting_since is None


@pytest.mark.parametrize("position", [5, 6])
async def test_an_end_that_was_seen_before_the_position_is_no_negative_lag(position: int) -> None:
    behind = await Lag().look(Consumer({FIRST: position}, {FIRST: 5}), 100)

    assert behind["received"].records == 0
