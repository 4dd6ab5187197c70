"""Turns to the next office of a region with what nobody of it acknowledged: a mark in the log, read back by all."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chassis.clock import Clock
from chassis.events import Event
from chassis.groups import group_of, wait_until_read
from chassis.settings import Settings
from contracts.notice import NoticeUnreadV1
from contracts.topics import NOTICE_ACKNOWLEDGED, REPORT_OVERDUE, SCORECARD_UPDATED, SUBMISSION_JUDGED
from services.notify.domain.escalation import LADDER, LATE_MAX, step_due
from services.notify.register import Publishes
from services.notify.store.matters import KeptMatter, MatterStore
from services.notify.store.notices import NoticeStore

LOOK_EVERY_S: Final = 30.0
MATTERS_MAX: Final = 5_000
"""Of one look; what is left is found by the next."""
_DECIDED_BY: Final = (SUBMISSION_JUDGED, REPORT_OVERDUE, SCORECARD_UPDATED, NOTICE_ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Escalation:
    group: str
    settings: Settings
    matters: MatterStore
    notices: NoticeStore
    publisher: Publishes
    clock: Clock

    async def run(self) -> None:
        """Look for what is due, until cancelled.

        First everything that stood in the log is read: at a rebuild what was answered long ago looks unanswered.
        """
        await wait_until_read(self.settings, group_of(self.group, self.settings), *_DECIDED_BY)
        while True:
            await self.look(self.clock.now())
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, now: datetime) -> None:
        """Publish the mark of each step that is due; the same mark again until it was read back."""
        after = timedelta(days=self.settings.escalate_after_days)
        oldest = now - len(LADDER) * after - LATE_MAX
        found = await self.matters.unanswered(since=oldest, until=now - after, limit=MATTERS_MAX)
        marks = [await self._mark(matter, after, now) for matter in found]
        await self.publisher.publish(Event.of(mark, caused_by=mark.fact_id) for mark in marks if mark is not None)

    async def _mark(self, matter: KeptMatter, after: timedelta, now: datetime) -> NoticeUnreadV1 | None:
        step = step_due(matter.kind, matter.fact_at, taken=matter.step, after=after, now=now)
        told = await self.notices.of_facts(matter.region_code, [matter.fact_id]) if step else []
        notice_id = min((one.notice.id for one in told if one.notice.matter.kind is matter.kind), default=None)
        if step is None or notice_id is None:
            return None
        return NoticeUnreadV1(
            matter_id=matter.id,
            step=step.number,
            office=step.office,
            kind=matter.kind,
            region_code=matter.region_code,
            fiscal_year=matter.fiscal_year,
            period=matter.period,
            notice_id=notice_id,
            told_at=matter.fact_at,
            unread_at=step.at,
            fact_id=matter.fact_id,
            submission_id=matter.submission_id,
        )
