"""The door at which a region gets back the report that it handed in."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from chassis.access import KeyRow
from chassis.events import JSON
from chassis.http import requires_on_page
from chassis.problems import Problem
from services.intake.routes.openapi import problems
from services.intake.routes.reading import own_report
from services.intake.routes.stories import READ
from services.intake.store.reports import Reports
from services.intake.store.submissions import Store

_REFUSED = problems("unauthenticated", "forbidden", "not-found", "unprocessable-request", "unavailable")


def router(reports: Reports, store: Store) -> APIRouter:
    routes = APIRouter(tags=["submissions"])

    @routes.get(
        "/v1/submissions/{submission_id}/report",
        summary="The report as it was handed in",
        description="Every revision is kept. The ETag is the content digest: the SHA-256 of the body.",
        response_class=Response,
        responses=_REFUSED | {200: {"content": {JSON: {}}}, 304: {"description": "The report at hand is this one."}},
    )
    async def report(
        submission_id: Annotated[str, Path(max_length=128)],
        caller: Annotated[KeyRow, requires_on_page(READ)],
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        found = await reports.report(submission_id)
        if found is None or not caller.may_act_for(found.region_code):
            raise await _not_there(store, submission_id, caller)
        tag = f'"{found.content_digest}"'
        if tag in (if_none_match or ""):
            return Response(status_code=304, headers={"ETag": tag})
        return Response(found.written, media_type=JSON, headers={"ETag": tag})

    return routes


async def _not_there(store: Store, submission_id: str, caller: KeyRow) -> Problem:
    if await own_report(store, submission_id, caller) is not None:
        text = "The log has the report; it can be read here in a moment."
        return Problem(404, "not-found", text, headers={"Retry-After": "1"})
    return Problem(404, "not-found", "No report has this id.")
