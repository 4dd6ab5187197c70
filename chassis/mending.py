"""What operators do about records that a service put aside: look, replay, discard.

What was done is a fact of its own (``spm-dead-letter-settled-v1``); the dead letters themselves stay as they are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from chassis.clock import Clock
from chassis.dead_letters import REPLAY_FOR, REPLAY_OF, Letter, Place, header, letters_in
from chassis.errors import Unprocessable
from chassis.events import decode
from chassis.groups import existing
from chassis.operators import Desk, Order, desk
from chassis.orders import read
from chassis.replay import RECORDS, WAIT_MS, read_records, reader
from chassis.settings import Settings
from contracts.message import Message
from contracts.operation import DeadLetterSettledV1, Settlement
from contracts.topics import DEAD_LETTER_SETTLED, TOPICS, Topic, dead_letter_of

AT_ONCE_MAX: Final = 500
"""Letters that one order settles: each may carry megabytes."""


@dataclass(frozen=True, slots=True)
class Case:
    """A dead letter and what was done about it."""

    letter: Letter
    settled: DeadLetterSettledV1 | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant; None stands for any."""

    service: str | None = None
    topic: str | None = None
    reason: str | None = None
    older_than: timedelta | None = None
    settled_too: bool = False

    def among(self, found: Iterable[Case], now: datetime) -> list[Case]:
        return [case for case in found if self._means(case.letter, now) and (self.settled_too or case.settled is None)]

    def _means(self, letter: Letter, now: datetime) -> bool:
        return (
            self.service in {None, letter.service}
            and self.topic in {None, letter.place.topic}
            and self.reason in {None, letter.reason}
            and (self.older_than is None or now - letter.put_aside_at >= self.older_than)
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """How one letter ended; ``refused`` says why nothing was done, ``offset`` where it stands again."""

    letter: Letter
    refused: str | None = None
    offset: int | None = None


async def cases(
    settings: Settings, *, whole: Collection[str] = (), topics: Sequence[Topic] = TOPICS
) -> dict[str, Case]:
    """Every dead letter once by its id, the oldest first; with its bytes where ``whole`` names it."""
    letters: dict[str, Letter] = {}
    twins = await existing(settings, [dead_letter_of(topic) for topic in topics if topic.read_by])
    async for records in read_records(settings, *twins):
        for letter in letters_in(records):
            # One that a crash wrote twice is the same letter.
            letters.setdefault(letter.id, letter if letter.id in whole else replace(letter, value=None))
    settled = await _settled(settings)
    by_age = sorted(letters.values(), key=lambda letter: (letter.put_aside_at, letter.id))
    return {letter.id: Case(letter, settled.get(letter.id)) for letter in by_age}


async def discard(settings: Settings, letters: Sequence[Letter], order: Order, clock: Clock) -> list[Settled]:
    """Settle the letters without handing them to anybody."""
    async with desk(settings, DEAD_LETTER_SETTLED) as at:
        for letter in letters:
            await at.tell(_fact(letter, order, clock, Settlement.DISCARDED))
    return [Settled(letter) for letter in letters]


async def replay(
    settings: Settings, letters: Sequence[Letter], order: Order, clock: Clock, *, dry_run: bool = False
) -> list[Settled]:
    """Write each record again at the end of its partition, to the byte, for the service that put it aside.

    Safe to repeat: one that stands there already is only settled. Refused where this version cannot read it either, and
    where a later record took its place: it would overrule what is newer.
    """
    known = await cases(settings, topics=[topic for topic in TOPICS if topic.name in {x.place.topic for x in letters}])
    tails = [_Tail(letter, known) for letter in sorted(letters, key=lambda letter: letter.place)]
    await _read_tails(settings, [tail for tail in tails if tail.refused is None])
    if dry_run:
        return [tail.settled for tail in tails]
    async with desk(settings, DEAD_LETTER_SETTLED) as at:
        for tail in tails:
            if tail.refused is None:
                tail.offset = await _write_again(at, tail) if tail.offset is None else tail.offset
                await at.tell(_fact(tail.letter, order, clock, Settlement.REPLAYED, tail.offset))
    return [tail.settled for tail in tails]


@dataclass
class _Tail:
    """A letter, and what stands behind its place in the log."""

    letter: Letter
    known: Mapping[str, Case]
    refused: str | None = None
    offset: int | None = None
    """Where it was replayed before."""
    topic: Topic = field(init=False)
    _own: Message | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.topic = next(topic for topic in TOPICS if topic.name == self.letter.place.topic)
        try:
            self._own = decode(self.topic.name, self.letter.headers, self.letter.value)[1]
        except Unprocessable as fault:
            self.refused = f"this version cannot read it either ({fault.reason}): discard it, or upgrade first"

    @property
    def settled(self) -> Settled:
        return Settled(self.letter, self.refused, self.offset)

    def see(self, record: ConsumerRecord) -> None:
        """One record behind it, in order."""
        place = Place(self.topic.name, record.partition, record.offset)
        if record.offset <= self.letter.place.offset or record.key != self.letter.key:
            return
        if header(record.headers, REPLAY_OF) == self.letter.id:
            self.offset = record.offset
        elif self.refused is None and self.offset is None and self._taken(place, record) and self._overrules(record):
            self.refused = f"a later record took its place (offset {record.offset}); it would overrule what is newer"

    def _taken(self, place: Place, record: ConsumerRecord) -> bool:
        """Whether the service handles, or has handled, that one."""
        service = self.letter.service
        addressee = header(record.headers, REPLAY_FOR)
        return addressee in {None, service} and f"{service}/{place}" not in self.known

    def _overrules(self, record: ConsumerRecord) -> bool:
        if self.topic.compacted:
            return True
        later, own = read(self.topic, record), self._own
        if later is None or own is None or own.ordered_by is None or later.event_id == own.event_id:
            return False
        return type(later) is type(own) and later.ordered_by == own.ordered_by


async def _read_tails(settings: Settings, tails: Sequence[_Tail]) -> None:
    """Let each letter see what stands behind it; one pass over each partition, from the earliest of its letters."""
    by_partition: dict[TopicPartition, list[_Tail]] = defaultdict(list)
    for tail in tails:
        by_partition[TopicPartition(settings.kafka_prefix + tail.topic.name, tail.letter.place.partition)].append(tail)
    if not tails:
        return
    async with reader(settings, *{tail.topic for tail in tails}) as (consumer, ends):
        unread = {at: end for at, end in ends.items() if at in by_partition}
        for at in unread:
            await consumer.position(at)  # its own way to the beginning has ended, and undoes no seek
            consumer.seek(at, min(tail.letter.place.offset for tail in by_partition[at]))
        while unread:
            for at, records in (await consumer.getmany(*unread, timeout_ms=WAIT_MS, max_records=RECORDS)).items():
                for record in records:
                    for tail in by_partition[at]:
                        tail.see(record)
            unread = {at: end for at, end in unread.items() if await consumer.position(at) < end}


async def _write_again(at: Desk, tail: _Tail) -> int:
    """The offset at which the record stands now."""
    letter = tail.letter
    marks = [(REPLAY_OF, letter.id.encode())]
    if not tail.topic.compacted:
        # A compacted topic may soon hold this copy alone, so it is for every reader; they keep the newest of a key.
        marks.append((REPLAY_FOR, letter.service.encode()))
    return await at.write_at(letter.place, letter.key, [*letter.headers, *marks], letter.value)


def _fact(
    letter: Letter, order: Order, clock: Clock, settlement: Settlement, offset: int | None = None
) -> DeadLetterSettledV1:
    return DeadLetterSettledV1(
        service=letter.service,
        topic=letter.place.topic,
        partition=letter.place.partition,
        offset=letter.place.offset,
        settlement=settlement,
        replay_offset=offset,
        submission_id=letter.submission_id,
        reason=order.reason,
        settled_by=order.by,
        settled_at=clock.now(),
    )


async def _settled(settings: Settings) -> dict[str, DeadLetterSettledV1]:
    latest: dict[str, DeadLetterSettledV1] = {}
    async for records in read_records(settings, *await existing(settings, [DEAD_LETTER_SETTLED])):
        facts: Iterable[Message | None] = (read(DEAD_LETTER_SETTLED, record) for record in records)
        latest |= {fact.key: fact for fact in facts if isinstance(fact, DeadLetterSettledV1)}
    return latest
