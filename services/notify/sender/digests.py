"""Sums up each region's week for those who asked to be mailed it: a mark in the log, read back by all."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chassis.clock import Clock
from chassis.events import Event
from chassis.groups import group_of, wait_until_read
from chassis.settings import Settings
from contracts.notice import NoticeKind
from contracts.topics import (
    NOTICE_ACKNOWLEDGED,
    RECIPIENT_CHANGED,
    REPORT_OVERDUE,
    SCORECARD_UPDATED,
    SUBMISSION_JUDGED,
    WEEK_SUMMED_UP,
)
from contracts.week import OPEN_MAX, OpenMatter, WeekSummedUpV1
from regulation.law import Law
from services.notify.domain.digest import (
    UNREAD_WITHIN,
    Week,
    attainment_of,
    reports_to_come,
    unread_of,
    week_to_sum_up,
)
from services.notify.domain.recipients import is_reachable, is_subscribed
from services.notify.register import Publishes
from services.notify.store.digests import DigestStore
from services.notify.store.matters import KeptMatter, MatterStore
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from services.notify.store.situations import SituationStore

LOOK_EVERY_S: Final = 5.0
_DECIDED_BY: Final = (
    SUBMISSION_JUDGED,
    REPORT_OVERDUE,
    SCORECARD_UPDATED,
    NOTICE_ACKNOWLEDGED,
    RECIPIENT_CHANGED,
    WEEK_SUMMED_UP,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a week is summed up from."""

    digests: DigestStore
    recipients: RecipientStore
    notices: NoticeStore
    matters: MatterStore
    situations: SituationStore


@dataclass(frozen=True, slots=True)
class WeeklyDigests:
    group: str
    settings: Settings
    kept: Kept
    law: Law
    publisher: Publishes
    clock: Clock

    async def run(self) -> None:
        """Look whether a week has begun, until cancelled.

        First everything that stood in the log is read: at a rebuild what was answered long ago looks open, and what
        was summed up looks as if it were not.
        """
        await wait_until_read(self.settings, group_of(self.group, self.settings), *_DECIDED_BY)
        while True:
            await self.look(self.clock.now())
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, now: datetime) -> None:
        """Sum up what is not yet, and publish it; the same again until it was read back."""
        week, digests = week_to_sum_up(now), self.kept.digests
        if week is None:
            return
        for region in sorted(await self._asking(week) - set(await digests.kept_of(week.text))):
            await digests.keep(await self._summed_up(region, week, now))
        await self.publisher.publish(map(Event.of, await digests.unsaid(week.text)))

    async def _asking(self, week: Week) -> set[str]:
        """Regions of which somebody had asked for it when the week began."""
        return {
            row.region_code
            for row in await self.kept.recipients.subscribed()
            if is_reachable(row, week.began_at) and is_subscribed(row, NoticeKind.WEEKLY_DIGEST, week.began_at)
        }

    async def _summed_up(self, region: str, week: Week, now: datetime) -> WeekSummedUpV1:
        kept = self.kept
        found = await kept.matters.oldest_open(region, limit=OPEN_MAX)
        standings = await kept.situations.of_region(region)
        told = await kept.digests.told(region, since=now - UNREAD_WITHIN)
        read = await kept.matters.read_by(region, sorted({matter for matter, _ in told}))
        return WeekSummedUpV1(
            region_code=region,
            week=week.text,
            began_at=week.began_at,
            stated_at=now,
            open=tuple([line for matter in found if (line := await self._line(matter)) is not None]),
            open_in_all=(await kept.matters.count_open([region]))[region],
            unread=tuple(unread_of(told, read)),
            due=tuple(reports_to_come(region, standings, self.law, now)),
            attainment=attainment_of(standings),
        )

    async def _line(self, matter: KeptMatter) -> OpenMatter | None:
        told = await self.kept.notices.of_facts(matter.region_code, [matter.fact_id])
        notice_id = min((one.notice.id for one in told if one.notice.matter.id == matter.id), default=None)
        if notice_id is None:
            return None
        return OpenMatter(kind=matter.kind, period=matter.period, told_at=matter.fact_at, notice_id=notice_id)
