"""The door at which everybody sees that their reports are accounted for, and the watch that raises the alarm."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query

from chassis.access import KeyRow
from chassis.clock import Clock
from chassis.http import requires
from chassis.logs import logger
from contracts.quarter import quarters_of
from services.intake.domain.ledger import SHOWN_WITHIN, Ledger
from services.intake.metrics import LedgerMetrics
from services.intake.routes.openapi import problems
from services.intake.routes.past import Past
from services.intake.routes.reading import quarter
from services.intake.routes.stories import READ
from services.intake.store.ledger import LedgerStore

SAMPLED_EVERY_S: Final = 15.0
MOVES_FOR: Final = SHOWN_WITHIN + 2 * timedelta(seconds=SAMPLED_EVERY_S)
"""After a report came, until what is told of it no longer depends on the time."""

log = logger(__name__)


def router(store: LedgerStore, region_codes: Sequence[str], clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["operation"])

    @routes.get(
        "/v1/ledger",
        summary="Whether every report of a year is accounted for",
        description="A row a client and period: sent = accepted + returned + superseded + pending + discarded."
        " Operators see every region, other keys the reports of their own.",
        responses=problems("unauthenticated", "forbidden", "unprocessable-request", "unknown-period", "unavailable"),
    )
    async def ledger(
        caller: Annotated[KeyRow, requires(READ)],
        fiscal_year: Annotated[int, Query(ge=2000, le=2099)],
        period: Annotated[str | None, Query(description="One quarter of the year alone.")] = None,
        client: Annotated[str | None, Query(max_length=128, description="One client's reports alone.")] = None,
    ) -> Ledger:
        one = quarter(period) if period else None
        return await store.ledger(
            clock.now(),
            [each.text for each in quarters_of(fiscal_year) if one in {None, each}],
            region_codes=None if caller.home is None else [code for code in region_codes if caller.may_act_for(code)],
            client_id=client,
        )

    return routes


class LedgerWatch:
    """Samples the ledger of all periods, so that it is known without being asked for.

    Anew are weighed the periods in which something moves or is out of balance, and one of the others in turn: a sample
    costs the same however many years are kept.
    """

    def __init__(self, store: LedgerStore, past: Past, metrics: LedgerMetrics, clock: Clock) -> None:
        self._store = store
        self._past = past
        self._metrics = metrics
        self._clock = clock
        self._weighed: dict[str, Ledger] = {}
        """By period, the one that was weighed longest ago first."""
        self._moved: set[str] = set()

    async def watch(self) -> None:
        """While the log is still being read from its beginning there is nothing to weigh."""
        if self._past.known:
            await self.sample()
        await asyncio.sleep(SAMPLED_EVERY_S)

    async def sample(self) -> None:
        now = self._clock.now()
        there = await self._store.periods()
        moving = await self._store.moving(now - MOVES_FOR)
        self._weighed = {period: ledger for period, ledger in self._weighed.items() if period in there}
        for period in sorted(self._due(there, moving)):
            self._weighed.pop(period, None)
            self._weighed[period] = ledger = await self._store.ledger(now, [period])
            for row in ledger.rows:
                if not row.balanced:
                    log.error("ledger.unbalanced", **row.model_dump())
        self._moved = moving
        self._metrics.show(self._weighed.values())

    def _due(self, there: set[str], moving: set[str]) -> set[str]:
        """What moved at the last sample is weighed once more: it has come to rest since."""
        never = there - self._weighed.keys()
        unbalanced = {period for period, ledger in self._weighed.items() if not ledger.balanced}
        in_turn = next((period for period in self._weighed if period not in moving | self._moved | unbalanced), None)
        return never | unbalanced | (there & (moving | self._moved)) | ({in_turn} if in_turn else set())
