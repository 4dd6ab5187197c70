"""Telling the log what the secretariat decided: kept first, published, then noted as announced."""

import asyncio
from collections.abc import Sequence
from typing import Final

from chassis.clock import Clock
from chassis.events import Event
from chassis.kafka import Publisher
from contracts.period import PeriodChangedV1, PeriodState
from services.intake.domain.period import closing_marks
from services.intake.routes.admission import ABANDONED_AFTER
from services.intake.store import Store

_LOOK_AGAIN_S: Final = 0.05
_LOOKS_MAX: Final = int(ABANDONED_AFTER.total_seconds() / _LOOK_AGAIN_S)


class Announcement:
    def __init__(self, store: Store, publisher: Publisher, clock: Clock, region_codes: Sequence[str]) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._region_codes = region_codes

    async def make_up(self) -> None:
        """Announce what was kept when the process or Kafka went away."""
        for change in await self._store.unannounced():
            await self.announce(change)

    async def announce(self, change: PeriodChangedV1) -> None:
        """Publish a change that is kept; behind the marks of every region where it closes the period.

        A change that was overtaken while it was published is followed by the current one once more, so that the last
        record of a period in the log is the last revision.
        """
        latest: PeriodChangedV1 | None = change
        while latest is not None:
            if latest.state is PeriodState.CLOSED:
                await self._admissions_to_end(latest.period)
                marks = closing_marks(latest, self._region_codes)
                await self._publisher.publish(Event.of(mark, caused_by=latest.event_id) for mark in marks)
            await self._publisher.publish([Event.of(latest)])
            if await self._store.announced(latest):
                return
            latest = await self._store.period(latest.period)

    async def _admissions_to_end(self, period: str) -> None:
        """Wait for the reports that were let in before the period closed; from now on ``admission`` lets none in."""
        for _ in range(_LOOKS_MAX):
            if not await self._store.has_attempts(period, since=self._clock.now() - ABANDONED_AFTER):
                return
            await asyncio.sleep(_LOOK_AGAIN_S)
