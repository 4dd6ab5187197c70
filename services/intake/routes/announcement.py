"""Telling the log what the secretariat decided, and when a deadline nears or has passed.

A decision is kept first, published, then noted as announced. Deadlines follow from the calendar as it is kept.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from chassis.clock import Clock
from chassis.events import Event
from chassis.kafka import Publishes
from contracts.period import PeriodChangedV1, PeriodState
from services.intake.domain.period import closing_marks, days_passed, deadline_marks
from services.intake.routes.commit import ABANDONED_AFTER
from services.intake.store.submissions import Store

_LOOK_AGAIN_S: Final = 0.05
_LOOKS_MAX: Final = int(ABANDONED_AFTER.total_seconds() / _LOOK_AGAIN_S)


class Announcement:
    def __init__(
        self,
        store: Store,
        publisher: Publishes,
        clock: Clock,
        region_codes: Sequence[str],
        told_days: Callable[[str], Sequence[int]],
    ) -> None:
        """``told_days``: of a period, on which days from its deadline missing reports are told of."""
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._region_codes = region_codes
        self._told_days = told_days

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

    async def mark_deadlines(self, now: datetime) -> None:
        """Publish the marks that the log lacks of deadlines that near, or passed long enough ago, while entry is open.

        A mark follows from the calendar alone, so replicas and repetitions publish the same bytes. What the log has is
        known from reading it back, so a crash between two marks is made up for and a rebuild writes none again.
        """
        for period in await self._store.periods():
            for days in days_passed(period, self._told_days(period.period), now):
                marked = await self._store.marked(period, days)
                if missing := [code for code in self._region_codes if code not in marked]:
                    marks = deadline_marks(period, days, missing)
                    await self._admissions_to_end(period.period, until=marks[0].occurred_at)
                    await self._publisher.publish(Event.of(mark, caused_by=period.event_id) for mark in marks)

    async def _admissions_to_end(self, period: str, until: datetime | None = None) -> None:
        """Wait for the reports that were let in until then; None for all, of a closed period that lets no more in."""
        for _ in range(_LOOKS_MAX):
            if not await self._store.has_attempts(period, self._clock.now() - ABANDONED_AFTER, until):
                return
            await asyncio.sleep(_LOOK_AGAIN_S)
