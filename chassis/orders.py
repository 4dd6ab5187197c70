"""What a service knows of its operators' orders: whether it rests, and which records it has put aside."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord
from prometheus_client import CollectorRegistry, Gauge

from chassis.dead_letters import REPLAY_FOR, Place, digest_of, header, letters_in
from chassis.errors import Unprocessable
from chassis.events import decode
from chassis.replay import follow_records
from chassis.settings import Settings
from contracts.message import Message
from contracts.operation import DeadLetterSettledV1, PauseChangedV1
from contracts.topics import DEAD_LETTER_SETTLED, PAUSE_CHANGED, Topic, dead_letter_of


@dataclass
class Orders:
    """Followed in every replica; what stands in the log is known before the stream starts."""

    service: str
    settings: Settings
    topics: Sequence[Topic]
    """Those that the service reads."""
    registry: CollectorRegistry
    known: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever ``paused`` may be another."""
    paused: bool = False
    _aside: dict[Place, bytes] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._open = Gauge(
            "spm_dead_letters_open",
            "Records that this service put aside and no operator has settled; each replica tells of all.",
            ("topic",),
            registry=self.registry,
        )
        self._paused = Gauge("spm_paused", "1 while the service rests by an operator's order.", registry=self.registry)

    async def follow(self) -> None:
        """Keep up with the log until cancelled."""
        twins = [dead_letter_of(topic) for topic in self.topics]
        async for records, complete in follow_records(self.settings, DEAD_LETTER_SETTLED, PAUSE_CHANGED, *twins):
            self.learn(records)
            if complete:
                self.known.set()

    def learn(self, records: Sequence[ConsumerRecord]) -> None:
        """Safe to repeat, in any order between topics."""
        told: dict[str, list[ConsumerRecord]] = {}
        for record in records:
            told.setdefault(record.topic.removeprefix(self.settings.kafka_prefix), []).append(record)
        for topic in (DEAD_LETTER_SETTLED, PAUSE_CHANGED):
            for record in told.pop(topic.name, ()):
                self._obey(topic, record)
        for letter in letters_in([record for each in told.values() for record in each]):
            if letter.service == self.service:
                self._aside[letter.place] = letter.digest
        if records or not self.known.is_set():
            self._show()

    def passes_over(self, place: Place, record: ConsumerRecord) -> bool:
        """Whether the record is not for this service to handle at this place.

        It was put aside here before, and stands, or will stand, again where it was replayed; or it is a replay for
        another service.
        """
        if (addressee := header(record.headers, REPLAY_FOR)) is not None and addressee != self.service:
            return True
        digest = self._aside.get(place)
        return digest is not None and digest == digest_of(record.key, record.value)

    def _obey(self, topic: Topic, record: ConsumerRecord) -> None:
        match read(topic, record):
            case DeadLetterSettledV1(service=self.service) as settled:
                self._settled.add(settled.key)
            case PauseChangedV1(service=self.service, paused=paused):
                self.paused = paused
                self.changed.set()

    def _show(self) -> None:
        self._paused.set(self.paused)
        count = dict.fromkeys((topic.name for topic in self.topics), 0)
        for place in self._aside:
            if f"{self.service}/{place}" not in self._settled:
                count[place.topic] = count.get(place.topic, 0) + 1
        for topic, letters in count.items():
            self._open.labels(topic).set(letters)


def read(topic: Topic, record: ConsumerRecord) -> Message | None:
    """The record's message; None where somebody else wrote it, who cannot order anything."""
    try:
        return decode(topic.name, record.headers, record.value)[1]
    except Unprocessable:
        return None
