"""How far a replica is behind, in records and in seconds, without asking for records that it has not taken."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import TopicPartition

from chassis.errors import BROKEN_WORLD

_SEEN_MAX: Final = 600
ANSWER_S: Final = 2.0


@dataclass(slots=True)
class Sightings:
    """When each end of a partition was first seen.

    A record stood in the log no later than an end behind it was seen. So the age of the oldest record that was not
    taken is known to within one look, also where nothing is read any more.
    """

    _ends: deque[tuple[int, float]] = field(default_factory=deque)

    def waiting_since(self, *, position: int, end: int, now_s: float) -> float | None:
        """When the record at ``position`` was seen first; None where there is none."""
        if not self._ends or end > self._ends[-1][0]:
            if len(self._ends) == _SEEN_MAX:
                _, now_s = self._ends.pop()  # rather too old than forgotten
            self._ends.append((end, now_s))
        while self._ends and self._ends[0][0] <= position:
            self._ends.popleft()
        return self._ends[0][1] if self._ends else None


@dataclass(slots=True)
class Behind:
    """Of one topic."""

    records: int = 0
    waiting_since: float | None = None
    """Unix seconds; None where nothing waits."""

    def add(self, records: int, since: float | None) -> None:
        self.records += records
        known = [at for at in (self.waiting_since, since) if at is not None]
        self.waiting_since = min(known, default=None)


@dataclass(slots=True)
class Lag:
    """Of the partitions that are assigned to one consumer."""

    _seen: dict[TopicPartition, Sightings] = field(default_factory=dict)
    _ends: Mapping[TopicPartition, int] = field(default_factory=dict)

    async def look(self, consumer: Any, now_s: float) -> dict[str, Behind]:
        """By topic. While the broker does not answer, the ends that it told last stand, and what waits grows older."""
        assigned = consumer.assignment()
        self._seen = {at: self._seen.get(at) or Sightings() for at in assigned}
        with suppress(*BROKEN_WORLD):
            self._ends = await asyncio.wait_for(consumer.end_offsets(assigned), ANSWER_S)
        behind: dict[str, Behind] = {}
        for at, sightings in self._seen.items():
            try:
                position = await asyncio.wait_for(consumer.position(at), ANSWER_S)
            except BROKEN_WORLD:
                continue  # a partition that was just taken away, or given, has no position
            end = max(position, self._ends.get(at, position))
            since = sightings.waiting_since(position=position, end=end, now_s=now_s)
            behind.setdefault(at.topic, Behind()).add(end - position, since)
        return behind
