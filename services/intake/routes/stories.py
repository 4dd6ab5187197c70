"""The doors at which regions ask what became of their reports."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Response

from chassis.access import EVERY_REGION, KeyRow
from chassis.http import require_region, requires
from chassis.mongo import Document
from chassis.problems import Problem
from contracts.message import RegionCode
from services.intake.domain.arrival import instant
from services.intake.domain.status import Story, Summary
from services.intake.routes.openapi import problems
from services.intake.routes.reading import quarter
from services.intake.store.submissions import Store

READ: Final = "submissions:read"
PAGE_MAX: Final = 1_000

_ANY: Final = ("unauthenticated", "forbidden", "outside-region", "unprocessable-request", "unavailable")
_NOT_TOLD: Final = problems(*_ANY, "not-found")
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
        document = await store.submission(submission_id)
        if document is None or not document.get("published"):
            raise Problem(404, "not-found", "No report has this id.")
        require_region(caller, document["region_code"])
        notices, successor = await store.notices_of(submission_id), await store.successor_of(submission_id)
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
        wanted = region or (None if caller.region == EVERY_REGION else caller.region)
        require_region(caller, wanted or EVERY_REGION)
        of_period = quarter(period).text if period else None
        found = await store.page(wanted, of_period, _place(cursor) if cursor else None, limit + 1)
        if len(found) > limit:
            response.headers["Link"] = _next(
                region=region, period=period, limit=limit, cursor=_cursor(found[limit - 1])
            )
        return [Summary.of(document) for document in found[:limit]]

    return routes


def _next(**query: str | int | None) -> str:
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f'</v1/submissions?{given}>; rel="next"'


def _cursor(document: Document) -> str:
    place = f"{document['received']['recorded_at'].isoformat()} {document['_id']}"
    return urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        recorded_at, submission_id = urlsafe_b64decode(cursor).decode().split(" ")
        return instant(recorded_at), submission_id
    except ValueError:
        raise Problem(400, "bad-cursor", "The cursor is none of ours; take it from a Link header, unchanged.") from None
