"""The door at which the secretariat has peer figures fixed, and where they are read."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response, status

from chassis.access import EVERY_REGION, KeyRow
from chassis.errors import Retryable
from chassis.events import Event
from chassis.groups import group_of, wait_until_read
from chassis.http import require_region, requires
from chassis.openapi import refusal
from chassis.problems import Problem
from chassis.service import World
from contracts.message import COUNT_MAX
from contracts.peers import LevelFigures, PeersFixedV1, RegionLevel
from contracts.quarter import Quarter
from contracts.topics import SUBMISSION_RECEIVED
from regulation.law import Law
from services.validation.domain.peers import figures_of
from services.validation.routes.verdicts import SUBMISSIONS_READ
from services.validation.store import Store

PERIODS_WRITE: Final = "periods:write"

_READ_WITHIN_S: Final = 10.0
_REFUSED: Final[dict[int | str, dict[str, Any]]] = refusal(
    "period-not-settled", 409, "Entry of 2023Q4 is not settled for 12 regions. Close it, or state the count."
)


Stated = Annotated[
    int | None,
    Query(
        ge=0,
        le=COUNT_MAX,
        description="How many regions have a report in force; only asked while entry is not settled for every region.",
    ),
]


class PeerGroups:
    """Fixes figures once and tells each region's stream of them: kept first, published, then noted as announced."""

    def __init__(self, world: World, store: Store, law: Law) -> None:
        self._world = world
        self._store = store
        self._codes: Mapping[RegionLevel, list[str]] = {
            level: [region.code for region in law.regions.reporting() if region.kind == level] for level in RegionLevel
        }

    async def make_up(self) -> None:
        """Announce what was kept when the process or Kafka went away."""
        for figures in await self._store.unannounced():
            marks = [PeersFixedV1(region_code=code, figures=figures) for code in self._codes[figures.level]]
            await self._world.publisher.publish(map(Event.of, marks))
            await self._store.announced(figures)

    async def fix(self, period: str, *, stated: int | None, client_id: str) -> bool:
        """Whether something was fixed now; what was fixed for this revision of the period stays as it is.

        Raises:
            Problem: 409, the period is not settled for all regions, and the statement is missing or wrong.
            Retryable: the log is not read yet; figures may stand in it.
        """
        await self._log_is_read()
        settled = await self._store.settled(period)
        revision = max(settled.values(), default=0)
        fixed = {each.level for each in await self._store.peer_figures(period) if each.period_revision == revision}
        if fixed >= set(RegionLevel):
            return False
        every = [code for codes in self._codes.values() for code in codes]
        in_force = await self._store.in_force(period, every)
        unsettled = sum(settled.get(code) != revision for code in every) if revision else len(every)
        if unsettled and stated != len(in_force):
            raise Problem(409, "period-not-settled", _not_settled(period, unsettled, len(in_force), stated))
        for level in RegionLevel:
            reports = [in_force[code] for code in self._codes[level] if code in in_force]
            await self._store.keep_peer_figures(
                LevelFigures(
                    level=level,
                    period=period,
                    period_revision=revision,
                    regions=len(self._codes[level]),
                    reported=len(reports),
                    services=figures_of(reports),
                    fixed_at=self._world.clock.now(),
                    fixed_by=client_id,
                )
            )
        return True

    async def _log_is_read(self) -> None:
        settings = self._world.settings
        try:
            async with asyncio.timeout(_READ_WITHIN_S):
                await wait_until_read(settings, group_of("validation", settings), SUBMISSION_RECEIVED)
        except TimeoutError:
            raise Retryable(f"the log was not read up to now within {_READ_WITHIN_S:.0f} s") from None


def router(groups: PeerGroups, store: Store) -> APIRouter:
    routes = APIRouter(tags=["peers"])

    @routes.post(
        "/v1/peer-figures/{period}",
        summary="Fix the figures of each level for a settled period",
        responses=_REFUSED | {201: {"model": list[LevelFigures], "description": "They were fixed by this request."}},
    )
    async def fix(
        period: str,
        caller: Annotated[KeyRow, requires(PERIODS_WRITE)],
        response: Response,
        reported: Stated = None,
    ) -> list[LevelFigures]:
        require_region(caller, EVERY_REGION)
        quarter = _quarter(period)
        # What an earlier request left unsaid goes into the log before what this one says.
        await groups.make_up()
        if await groups.fix(quarter, stated=reported, client_id=caller.client_id):
            await groups.make_up()
            response.status_code = status.HTTP_201_CREATED
        return await store.peer_figures(quarter)

    @routes.get("/v1/peer-figures/{period}", summary="The latest figures of each level", responses=_REFUSED)
    async def figures(period: str, _: Annotated[KeyRow, requires(SUBMISSIONS_READ)]) -> list[LevelFigures]:
        """An empty list while none were fixed."""
        return await store.peer_figures(_quarter(period))

    return routes


def _quarter(text: str) -> str:
    try:
        return Quarter.parse(text).text
    except ValueError as error:
        raise Problem(422, "unknown-period", f"{error}.") from None


def _not_settled(period: str, unsettled: int, in_force: int, stated: int | None) -> str:
    said = "nothing was stated" if stated is None else f"{stated} was stated"
    return (
        f"Entry of {period} is not settled for {unsettled} regions. Close the period first; or fix the figures as they "
        f"are by stating how many regions have a report in force (?reported={in_force}; {said})."
    )
