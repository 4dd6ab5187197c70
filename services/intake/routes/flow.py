"""The watch on what comes in: how long reports wait for their verdict, and how far the open periods have come."""

import asyncio
from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from chassis.clock import Clock
from contracts.period import PeriodChangedV1, PeriodState
from regulation.law import Regions
from services.intake.metrics import FlowMetrics
from services.intake.routes.past import Past
from services.intake.store.flow import Flow
from services.intake.store.submissions import Store

SAMPLED_EVERY_S: Final = 15.0
PERIODS_MAX: Final = 8


class FlowWatch:
    """Samples the store, so that the figures outlive a restart and asking for metrics costs nothing."""

    def __init__(
        self, flow: Flow, store: Store, past: Past, metrics: FlowMetrics, clock: Clock, regions: Regions
    ) -> None:
        self._flow = flow
        self._store = store
        self._past = past
        self._metrics = metrics
        self._clock = clock
        self._regions_owing = len(regions.reporting())

    async def prepare(self) -> None:
        await self._flow.prepare()

    async def watch(self) -> None:
        """While the log is still being read from its beginning, nothing is known to wait."""
        if self._past.known:
            await self.sample()
        await asyncio.sleep(SAMPLED_EVERY_S)

    async def sample(self) -> None:
        since = await self._flow.unjudged_since()
        waited = self._clock.now() - since if since else None
        self._metrics.show_unjudged(waited.total_seconds() if waited else 0)
        open_ones = next_due(await self._store.periods())
        reported = [await self._flow.regions_reported(each.period) for each in open_ones]
        self._metrics.show_periods(zip(open_ones, reported, strict=True), owing=self._regions_owing)


def next_due(periods: Iterable[PeriodChangedV1]) -> list[PeriodChangedV1]:
    """The open ones that were due last, or will be first: so many that labels stay few."""
    open_ones = [each for each in periods if each.state is PeriodState.OPEN]
    return sorted(open_ones, key=attrgetter("due_at"))[-PERIODS_MAX:]
