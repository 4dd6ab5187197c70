"""What a region's clerks see of its reports: a list by year and quarter, and the whole story of one."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.access import KeyRow
from chassis.clock import JAKARTA, Clock
from chassis.http import requires_on_page
from chassis.pages import Frame, View
from contracts.quarter import Quarter, quarters_of
from regulation.law import Law
from services.intake.domain.status import Story, Summary
from services.intake.pages.words import SEVERITIES, State, state, timeline
from services.intake.routes.openapi import problems
from services.intake.routes.reading import own_report
from services.intake.routes.stories import PAGE_MAX, READ
from services.intake.store.submissions import Store

Reader = Annotated[KeyRow, requires_on_page(READ)]
_REFUSED: Final = problems("unauthenticated", "forbidden", "unprocessable-request", "unavailable")


@dataclass(frozen=True, slots=True)
class _Row:
    summary: Summary
    state: State


@dataclass(frozen=True, slots=True)
class _QuarterRows:
    quarter: Quarter
    words: str
    rows: tuple[_Row, ...]
    """Newest first; empty where nothing was reported."""


def report_pages(store: Store, law: Law, frame: Frame, clock: Clock, *, rules_url: str) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"])
    pages = _Pages(store, law, frame, clock, rules_url)
    gone = _REFUSED | {404: {"description": "There is no such region or report, or it belongs to another region."}}
    router.get("/reports", summary="Choose a region", responses=_REFUSED)(pages.choice)
    router.get("/reports/{region}", summary="A region's reports, by year and quarter", responses=gone)(pages.year)
    router.get("/reports/{region}/{submission_id}", summary="The story of one report", responses=gone)(pages.story)
    return router


@dataclass(frozen=True, slots=True)
class _Pages:
    store: Store
    law: Law
    frame: Frame
    clock: Clock
    rules_url: str

    async def choice(self, request: Request, reader: Reader) -> Response:
        """A key of one region leads to its page; a form without scripts leads there too."""
        view = View.of(request)
        wanted = view.query.get("region") or reader.home
        if wanted:
            return RedirectResponse(view.link(f"/reports/{wanted[:16]}"), 303)
        regions = [region for region in self.law.regions.reporting() if reader.may_act_for(region.code)]
        return self.frame.page("choice", view, regions=regions)

    async def year(self, request: Request, region: Annotated[str, Path(max_length=16)], reader: Reader) -> Response:
        view, known = View.of(request), self.law.regions.get(region)
        if known is None or not reader.may_act_for(region):
            return _no_region(self.frame, view, region)
        found = [Summary.of(document) for document in await self.store.page(region, None, None, PAGE_MAX)]
        years = sorted({Quarter.parse(one.period).fiscal_year for one in found}, reverse=True)
        this_year = self.clock.now().astimezone(JAKARTA).year
        shown = int(view.chosen("year", tuple(map(str, years))) or next(iter(years), this_year))
        quarters = [_rows(quarter, found, view) for quarter in reversed(quarters_of(shown))]
        return self.frame.page("reports", view, region=known, years=years or [shown], year=shown, quarters=quarters)

    async def story(
        self,
        request: Request,
        region: Annotated[str, Path(max_length=16)],
        submission_id: Annotated[str, Path(max_length=128)],
        reader: Reader,
    ) -> Response:
        view, known = View.of(request), self.law.regions.get(region)
        if known is None or not reader.may_act_for(region):
            return _no_region(self.frame, view, region)
        document = await own_report(self.store, submission_id, reader)
        if document is None or document["region_code"] != region:
            return no_report(self.frame, view)
        notices, successor = await self.store.notices_of(submission_id), await self.store.successor_of(document)
        story = Story.told(document, notices, successor, rules_url=self.rules_url)
        quarter = Quarter.parse(story.period)
        services = {service.id: service for service in self.law.service_types(known, quarter.last_day)}
        return self.frame.page(
            "report",
            view,
            region=known,
            story=story,
            period=view.language.period(quarter),
            state=state(story, view.language),
            lines=timeline(story, notices, view.language),
            severities=SEVERITIES,
            services=services,
        )


def _rows(quarter: Quarter, found: list[Summary], view: View) -> _QuarterRows:
    rows = (_Row(one, state(one, view.language)) for one in found if one.period == quarter.text)
    return _QuarterRows(quarter, view.language.period(quarter), tuple(rows))


def _no_region(frame: Frame, view: View, code: str) -> HTMLResponse:
    """The same for a region that is another's and for one that there is not."""
    return frame.missing(
        view,
        f"Tidak ada laporan daerah {code} yang dapat dibaca dengan kunci ini.",
        f"There are no reports of region {code} that this key can read.",
    )


def no_report(frame: Frame, view: View) -> HTMLResponse:
    return frame.missing(view, "Tidak ada laporan dengan nomor ini.", "No report has this number.")
