"""Who was refused what: kept for operators, beside the requests and never in their way."""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from chassis.access import EVERY_REGION, KeyRow
from chassis.audit import Refusal
from chassis.http import require_region, requires
from contracts.key import ClientId
from services.intake.metrics import AuditMetrics
from services.intake.routes.openapi import problems
from services.intake.routes.paging import cursor_of, next_link, place_of
from services.intake.store.keys import Keys
from services.intake.store.refusals import Refusals

READ: Final = "audit:read"
PAGE_MAX: Final = 1_000
WAITING_MAX: Final = 10_000
BATCH: Final = 500
KEEP_EVERY_S: Final = 1.0
USE_NOTED_EVERY: Final = timedelta(minutes=1)
_SHOWN: Final = TypeAdapter(list[Refusal])


class Audit:
    """Takes note in memory; a task keeps it. What does not fit is counted: the log has its line all the same."""

    def __init__(self, refusals: Refusals, keys: Keys, metrics: AuditMetrics) -> None:
        self._refusals = refusals
        self._keys = keys
        self._metrics = metrics
        self._waiting: deque[tuple[str, Refusal]] = deque()
        self._noted: dict[str, datetime] = {}
        self._uses: dict[str, datetime] = {}

    def used(self, key: KeyRow, at: datetime) -> None:
        noted = self._noted.get(key.key_id)
        if noted is None or at - noted >= USE_NOTED_EVERY:
            self._noted[key.key_id] = self._uses[key.key_id] = at

    def refused(self, refusal: Refusal) -> None:
        if len(self._waiting) >= WAITING_MAX:
            self._metrics.unkept.inc()
        else:
            self._waiting.append((uuid4().hex, refusal))

    async def keep(self) -> None:
        """Keep what is waiting, until cancelled."""
        while True:
            await self.keep_now()
            await asyncio.sleep(KEEP_EVERY_S)

    async def keep_now(self) -> None:
        """What cannot be kept now goes on waiting."""
        uses = dict(self._uses)
        await self._keys.note_uses(uses)
        self._uses = {key_id: at for key_id, at in self._uses.items() if uses.get(key_id) != at}
        while self._waiting:
            batch = list(islice(self._waiting, BATCH))
            await self._refusals.add(batch)
            for _ in batch:
                self._waiting.popleft()


def router(refusals: Refusals) -> APIRouter:
    routes = APIRouter(tags=["operation"])

    @routes.get(
        "/v1/refusals",
        summary="Which requests were refused and why, newest first; for keys of every region",
        responses=problems(
            "unauthenticated", "forbidden", "outside-region", "bad-cursor", "unprocessable-request", "unavailable"
        ),
    )
    async def page(
        response: Response,
        caller: Annotated[KeyRow, requires(READ)],
        client: Annotated[ClientId | None, Query(description="Of one client alone.")] = None,
        cursor: Annotated[str | None, Query(description="From the Link of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> list[Refusal]:
        require_region(caller, EVERY_REGION)
        found = await refusals.page(client, place_of(cursor), limit + 1)
        if len(found) > limit:
            last = found[limit - 1]
            there = cursor_of(last["at"], last["_id"])
            response.headers["Link"] = next_link("/v1/refusals", client=client, limit=limit, cursor=there)
        return _SHOWN.validate_python(found[:limit])

    return routes
