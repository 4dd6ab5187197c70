"""The doors at which regions see what is due, and the secretariat who is late."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Response

from chassis.access import KeyRow
from chassis.clock import JAKARTA, Clock
from chassis.http import requires, requires_on_page
from chassis.problems import Problem
from contracts.message import RegionCode
from contracts.quarter import quarters_of
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.rows import Region
from services.intake.domain.deadline_feed import MEDIA_TYPE, feed_of
from services.intake.domain.obligations import (
    Deadline,
    Entry,
    Obligation,
    ObligationState,
    obligation_of,
    shown,
    years_shown,
)
from services.intake.routes.openapi import problems
from services.intake.routes.stories import PAGE_MAX, READ
from services.intake.store.obligations import SentReports
from services.intake.store.submissions import Store

REGIONS_AT_ONCE: Final = 64
"""So many regions are looked up together: enough to be worth the round trip, few enough to hold in memory."""

_CURSOR: Final = re.compile(r"([1-9][0-9](?:\.[0-9]{2})?)_(20[0-9]{2}Q[1-4])")
_REFUSED: Final = problems(
    "unauthenticated", "forbidden", "not-found", "unprocessable-request", "unknown-period", "unavailable"
)
_Year = Annotated[
    int | None,
    Query(
        ge=2000,
        le=2099,
        description="Left out: the year being reported, the one that runs, and what is still owed of years before.",
    ),
]


class Obligations:
    """What regions owe now: the calendar and the reports, read together."""

    def __init__(self, store: Store, sent: SentReports, law: Law, clock: Clock) -> None:
        self._store = store
        self._sent = sent
        self._law = law
        self._clock = clock
        self._owing = frozenset(region.code for region in law.regions.reporting())

    def regions(self, caller: KeyRow, wanted: str | None) -> list[str]:
        """Those of the caller, in order.

        Raises:
            Problem: a region that the caller does not reach, or that owes no reports; one answer for both.
        """
        reached = sorted(code for code in self._owing if wanted in {None, code} and caller.may_act_for(code))
        if not reached:
            raise Problem(404, "not-found", f"This key reaches no region{f' {wanted}' if wanted else ''} that reports.")
        return reached

    async def of(self, region_codes: Sequence[str], fiscal_year: int | None) -> AsyncIterator[Obligation]:
        """Region by region, the earliest period first.

        Raises:
            Problem: the calendar has no row for the year.
        """
        now = self._clock.now()
        years = (fiscal_year,) if fiscal_year else years_shown(now.astimezone(JAKARTA).date())
        deadlines = await self._deadlines(years, now, with_earlier=fiscal_year is None)
        periods = [deadline.period for deadline in deadlines]
        for start in range(0, len(region_codes), REGIONS_AT_ONCE):
            codes = region_codes[start : start + REGIONS_AT_ONCE]
            reports = await self._sent.of(codes, periods)
            for code in codes:
                owed = [
                    obligation_of(code, each, reports.get((code, each.period), ()), now=now, zone=JAKARTA)
                    for each in deadlines
                ]
                for obligation in shown(owed, years):
                    yield obligation

    async def _deadlines(self, years: Sequence[int], now: datetime, *, with_earlier: bool) -> list[Deadline]:
        known = {period.period: period for period in await self._store.periods()}
        wanted = {quarter.text for year in years for quarter in quarters_of(year)}
        try:
            deadlines = [
                Deadline.of(self._law.calendar(period), known.get(period), now) for period in wanted | set(known)
            ]
        except RegulationError as error:
            raise Problem(422, "unknown-period", f"{error}") from None
        return [each for each in deadlines if each.period in wanted or (with_earlier and each.entry is Entry.OPEN)]


def router(obligations: Obligations, regions: Mapping[str, Region], *, own_url: str) -> APIRouter:
    """``own_url`` is where people reach this service."""
    routes = APIRouter(tags=["obligations"])
    routes.include_router(_listing(obligations))
    routes.include_router(_feed(obligations, regions, own_url))
    return routes


def _listing(obligations: Obligations) -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/v1/obligations",
        summary="What is due, until when, and how it stands",
        description="Quarter by quarter of the regions that the key reaches, in the order of region and period.",
        responses=_REFUSED | problems("bad-cursor"),
    )
    async def listed(
        response: Response,
        caller: Annotated[KeyRow, requires(READ)],
        states: Annotated[
            frozenset[ObligationState], Query(alias="state", description="These states alone; may be repeated.")
        ] = frozenset(),
        region: Annotated[RegionCode | None, Query(description="Every region of the key where left out.")] = None,
        fiscal_year: _Year = None,
        cursor: Annotated[str | None, Query(description="From the Link of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> list[Obligation]:
        after = _place(cursor) if cursor else None
        codes = [code for code in obligations.regions(caller, region) if after is None or code >= after[0]]
        page: list[Obligation] = []
        async for each in obligations.of(codes, fiscal_year):
            if (after and _place_of(each) <= after) or (states and each.state not in states):
                continue
            if len(page) == limit:
                query = {"region": region, "fiscal_year": fiscal_year, "state": sorted(states), "limit": limit}
                response.headers["Link"] = _next(query | {"cursor": "_".join(_place_of(page[-1]))})
                break
            page.append(each)
        return page

    return routes


def _feed(obligations: Obligations, regions: Mapping[str, Region], own_url: str) -> APIRouter:
    routes = APIRouter()

    @routes.get(
        "/v1/obligations.ics",
        summary="The deadlines of a region, for calendar programs",
        description="To be subscribed to. Calendar programs send the key as the password, with any name as the user.",
        response_class=Response,
        responses=_REFUSED
        | {200: {"content": {MEDIA_TYPE: {}}}, 304: {"description": "The feed at hand is this one."}},
    )
    async def feed(
        caller: Annotated[KeyRow, requires_on_page(READ)],
        region: Annotated[RegionCode | None, Query(description="The key's own where left out.")] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        codes = obligations.regions(caller, region or caller.home)
        if len(codes) > 1:
            raise Problem(
                422, "unprocessable-request", "This key is of every region; name the one whose feed is meant."
            )
        found = [each async for each in obligations.of(codes, None)]
        content = feed_of(codes[0], regions[codes[0]].name, found, zone=JAKARTA, url=own_url)
        headers = {"ETag": f'"{sha256(content).hexdigest()}"', "Cache-Control": "private, no-cache"}
        if headers["ETag"] in (if_none_match or ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=MEDIA_TYPE, headers=headers)

    return routes


def _next(query: Mapping[str, object]) -> str:
    given = urlencode({name: asked for name, asked in query.items() if asked}, doseq=True)
    return f'</v1/obligations?{given}>; rel="next"'


def _place_of(obligation: Obligation) -> tuple[str, str]:
    return obligation.region_code, obligation.period


def _place(cursor: str) -> tuple[str, str]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise Problem(400, "bad-cursor", "The cursor is none of ours; take it from a Link header, unchanged.")
    return match[1], match[2]
