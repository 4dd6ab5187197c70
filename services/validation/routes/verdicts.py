"""The verdict on one report, for the region that sent it."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from chassis.access import KeyRow
from chassis.events import JSON
from chassis.http import requires
from chassis.problems import Problem, ProblemBody
from contracts.verdict import SubmissionJudgedV1
from services.validation.store import Store

SUBMISSIONS_READ: Final = "submissions:read"


def router(store: Store) -> APIRouter:
    routes = APIRouter(tags=["verdicts"])

    @routes.get(
        "/v1/verdicts/{submission_id}",
        summary="The verdict on one report, as it was published",
        response_class=Response,
        responses={200: {"model": SubmissionJudgedV1}, 403: {"model": ProblemBody}, 404: {"model": ProblemBody}},
    )
    async def verdict(
        submission_id: Annotated[str, Path(max_length=128)],
        caller: Annotated[KeyRow, requires(SUBMISSIONS_READ)],
    ) -> Response:
        kept = await store.verdict(submission_id)
        if kept is None or not caller.may_act_for(kept.region_code):
            raise Problem(
                404, "verdict-not-found", "No report of this id has been judged. Check the id, or ask again later."
            )
        return Response(kept.event.value, media_type=JSON)

    return routes
