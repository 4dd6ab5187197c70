"""The doors at which regions ask what became of their reports."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from chassis.access import KeyRow
from chassis.http import region_in_view, requires
from chassis.problems import Problem
from contracts.message import RegionCode
from services.intake.domain.status import Story, Summary
from services.intake.routes.openapi import problems
from services.intake.routes.paging import cursor_of, next_link, place_of
from services.intake.routes.reading import own_report, quarter
from services.intake.store.submissions import Store

READ: Final = "submissions:read"
PAGE_MAX: Final = 1_000

_ANY: Final = ("unauthenticated", "forbidden", "not-found", "unprocessable-request", "unavailable")
_NOT_TOLD: Final = problems(*_ANY)
_NOT_LISTED: Final = problems(*_ANY, "bad-cursor", "unknown-period")


def router(store: Store, *, rules_url: str) -> APIRouter:
    routes = APIRouter(tags=["submissions"])

    @routes.get(
        "/v1/submissions/{submission_id}",
        summary="What became of a report",
        responses=_NOT_TOLD,
    )
    async def story(
        submission_id: Annotated[str, Path(max_length=128)], caller: Annotated[KeyRow, requires(READ)]
    ) -> Story:
        document = await own_report(store, submission_id, caller)
        if document is None:
            raise Problem(404, "not-found", "No report has this id.")
        notices, successor = await store.notices_of(submission_id), await store.successor_of(document)
        return Story.told(document, notices, successor, rules_url=rules_url)

    @routes.get(
        "/v1/submissions",
        summary="The reports of a region, newest first",
        responses=_NOT_LISTED,
    )
    async def summaries(
        response: Response,
        caller: Annotated[KeyRow, requires(READ)],
        region: Annotated[RegionCode | None, Query(description="The key's own where left out.")] = None,
        period: str | None = None,
        cursor: Annotated[str | None, Query(description="From the Link of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    ) -> list[Summary]:
        wanted = region_in_view(caller, region)
        of_period = quarter(period).text if period else None
        found = await store.page(wanted, of_period, place_of(cursor), limit + 1)
        if len(found) > limit:
            last = found[limit - 1]
            response.headers["Link"] = next_link(
                "/v1/submissions",
                region=region,
                period=period,
                limit=limit,
                cursor=cursor_of(last["received"]["recorded_at"], last["_id"]),
            )
        return [Summary.of(document) for document in found[:limit]]

    return routes
