"""The addresses of the public pages. No key is asked for: decision 0007 says why and what is shown."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.pages import PUBLIC
from contracts.quarter import Quarter
from regulation.award_rows import Edition
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.pages.awards import award_page
from services.scoring.pages.frame import Frame, View
from services.scoring.pages.nation import SectorMemory, nation_page
from services.scoring.pages.region import region_page
from services.scoring.pages.tables import tables_page
from services.scoring.store import Store

_QUOTED_MAX: Final = 20
"""Characters of a wrong address that are said again."""


def public_pages(law: Law, store: Store, *, notice: str = "") -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"], include_in_schema=False)
    site = _Site(law, store, Frame(notice), SectorMemory(store))
    router.get("/")(site.nation)
    router.get("/tables")(site.latest_tables)
    router.get("/tables/{period}")(site.tables)
    router.get("/regions/{code}")(site.region)
    router.get("/awards")(site.awards)
    router.get("/awards/{edition_year}")(site.award)
    router.get("/data")(site.data)
    return router


@dataclass(frozen=True, slots=True)
class _Site:
    law: Law
    store: Store
    frame: Frame
    memory: SectorMemory

    async def nation(self, request: Request) -> Response:
        view, periods = View.of(request), await self.store.periods_scored()
        if not periods:
            return self.frame.page("nothing", view)
        quarter = Quarter.parse(view.chosen("period", tuple(periods)) or periods[-1])
        return await nation_page(
            self.law, self.store, self.frame, self.memory, view=view, quarter=quarter, periods=periods
        )

    async def latest_tables(self, request: Request) -> Response:
        view, periods = View.of(request), await self.store.periods_scored()
        if not periods:
            return self.frame.page("nothing", view)
        return RedirectResponse(view.link(f"/tables/{periods[-1]}", **view.query), headers=PUBLIC)

    async def tables(self, request: Request, period: str) -> Response:
        view, periods = View.of(request), await self.store.periods_scored()
        quarter = self._quarter(period)
        if quarter is None:
            return self.frame.missing(
                view,
                f"Tidak ada tabel untuk periode {period[:_QUOTED_MAX]}; tulis seperti 2023Q4.",
                f"There is no table for the period {period[:_QUOTED_MAX]}; write it like 2023Q4.",
            )
        return await tables_page(self.law, self.store, self.frame, view=view, quarter=quarter, periods=periods)

    async def region(self, request: Request, code: str) -> Response:
        view, region = View.of(request), self.law.regions.get(code)
        if region is None:
            return self.frame.missing(
                view,
                f"Tidak ada daerah dengan kode {code[:_QUOTED_MAX]}; carilah namanya pada tabel.",
                f"There is no region with the code {code[:_QUOTED_MAX]}; look for its name in the table.",
            )
        return await region_page(self.law, self.store, self.frame, view=view, region=region)

    async def awards(self, request: Request) -> Response:
        editions = sorted(self.law.rows.of(Edition), key=lambda row: row.edition_year, reverse=True)
        return self.frame.page("awards", View.of(request), editions=editions)

    async def award(self, request: Request, edition_year: str) -> Response:
        view, written = View.of(request), [str(row.edition_year) for row in self.law.rows.of(Edition)]
        if edition_year not in written:
            return self.frame.missing(
                view,
                f"Tidak ada penyelenggaraan SPM Awards {edition_year[:_QUOTED_MAX]}.",
                f"There is no edition {edition_year[:_QUOTED_MAX]} of the SPM Awards.",
            )
        edition = self.law.award_edition(int(edition_year))
        return await award_page(self.law, self.store, self.frame, view=view, edition=edition)

    def _quarter(self, period: str) -> Quarter | None:
        """None where it is no quarter, or the law is silent on it."""
        try:
            quarter = Quarter.parse(period)
            self.law.expected_path(quarter.number, quarter.last_day)
        except (ValueError, RegulationError):
            return None
        return quarter

    async def data(self, request: Request) -> Response:
        editions = sorted(self.law.rows.of(Edition), key=lambda row: row.edition_year, reverse=True)
        periods = [Quarter.parse(period) for period in await self.store.periods_scored()]
        return self.frame.page("data", View.of(request), periods=periods[::-1], editions=editions)
