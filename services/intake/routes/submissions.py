"""The door at which reports are handed in."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from chassis.access import KeyRow
from chassis.bodies import media_type, read_body
from chassis.clock import Clock
from chassis.events import JSON
from chassis.gate import SCENARIO
from chassis.http import BODY_LIMIT, require_region, requires
from chassis.openapi import body_of
from chassis.problems import Problem
from chassis.shortway import ShortWay
from contracts.submission import Submission
from services.intake.domain.arrival import Arrival, idempotency_key, instant, wait_s
from services.intake.domain.scenario import DESCRIBED
from services.intake.domain.status import Receipt
from services.intake.routes.admission import Admission
from services.intake.routes.openapi import FOLLOWED, OF_A_BODY, OF_ADMISSION, SUBMISSION, problems
from services.intake.routes.results import NDJSON, STREAM, STREAMED
from services.intake.routes.streams import Streams

WRITE: Final = "submissions:write"
IMPORT: Final = "submissions:import"
LINES_MAX: Final = 10**12

_HEADERS: Final = {
    "Idempotency-Key": "One value a report, best a UUID in quotes; the same at every repetition of the request. Known "
    "by client, route and key, and kept for ever (promised: 100 days at least).",
    "Prefer": "wait=N (RFC 7240): while a copy of the request is on its way, wait up to N seconds, at most 10, for its "
    "receipt. Without it the answer is 409 request-in-flight.",
    SCENARIO: DESCRIBED,
    "Spm-Arrived-At": "Original arrival (RFC 3339) of a report of the past; needs submissions:import.",
}
ACCEPTED: Final[dict[str, Any]] = {
    "description": "The log has the report.",
    "headers": {
        "Location": {"description": "Where its status stands.", "schema": {"type": "string"}},
        "Idempotency-Replayed": {
            "description": "true where the request repeats one; the receipt is that one's.",
            "schema": {"type": "string"},
        },
        "Preference-Applied": {"description": "wait=N, where it was preferred.", "schema": {"type": "string"}},
    },
    "links": FOLLOWED,
}
_REFUSED: Final = problems(
    *OF_A_BODY,
    *OF_ADMISSION,
    "malformed-json",
    "bad-arrival-time",
    "bad-test-scenario",
    "unauthenticated",
    "forbidden",
    "unprocessable-submission",
    "too-many-streams",
    "streams-full",
    "unavailable",
)


_BODY: Final = body_of(Submission, SUBMISSION, _HEADERS)
_BODY["requestBody"]["content"] |= STREAM


def doors(admission: Admission, clock: Clock, require: Callable[[], Awaitable[None]]) -> tuple[APIRouter, ShortWay]:
    """``require`` stands before the short way, as it does before the router."""
    routes = APIRouter(tags=["submissions"])
    streams = Streams(admission, clock)
    caller_of = requires(WRITE)

    @routes.post(
        "/v1/submissions",
        status_code=202,
        summary="Hand in a report, or many as a stream of lines",
        response_model=Receipt,
        responses=_REFUSED | {200: STREAMED, 202: ACCEPTED},
        openapi_extra=_BODY | {BODY_LIMIT: None},
    )
    async def hand_in(
        request: Request,
        caller: Annotated[KeyRow, caller_of],
        first_line: Annotated[int, Query(ge=1, le=LINES_MAX, description="The number of a stream's first line.")] = 1,
    ) -> Response:
        if media_type(request) == NDJSON:
            return streams.answer(request, caller, first_line)
        return await one(request, caller)

    async def one(request: Request, caller: KeyRow) -> Response:
        submission = await read_body(request, Submission, "unprocessable-submission")
        # The report has arrived when all of it is here.
        now = clock.now()
        require_region(caller, submission.region_code)
        arrival = Arrival.of(
            submission,
            client_id=caller.client_id,
            key=key_of(request.headers.getlist("idempotency-key")),
            imported_at=_imported_at(request.headers.get("spm-arrived-at"), caller, now),
            recorded_at=now,
        )
        patience = wait_s(", ".join(request.headers.getlist("prefer")))
        receipt, repeated = await admission.admit(arrival, wait_s=patience or 0)
        answer = accepted(receipt, repeated=repeated)
        if patience is not None:
            answer.headers["Preference-Applied"] = f"wait={patience}"
        return answer

    async def straight(request: Request) -> Response:
        await require()
        return await one(request, await caller_of.dependency(request))

    return routes, ShortWay(routes, straight)


def accepted(receipt: Receipt, *, repeated: bool) -> Response:
    headers = {"Location": receipt.status_url} | ({"Idempotency-Replayed": "true"} if repeated else {})
    return Response(receipt.model_dump_json(), status_code=202, media_type=JSON, headers=headers)


def key_of(headers: list[str]) -> str | None:
    """Raises:
    Problem: the header holds no key.
    """
    try:
        return idempotency_key(", ".join(headers)) if headers else None
    except ValueError as error:
        raise Problem(400, "bad-idempotency-key", f"Idempotency-Key: {error}.") from None


def _imported_at(header: str | None, caller: KeyRow, now: datetime) -> datetime | None:
    if header is None:
        return None
    if IMPORT not in caller.scopes:
        raise Problem(403, "forbidden", f"Spm-Arrived-At is for importing past reports; this key lacks {IMPORT}.")
    try:
        arrived_at = instant(header)
    except ValueError as error:
        raise Problem(400, "bad-arrival-time", f"Spm-Arrived-At: {error}.") from None
    if arrived_at > now:
        raise Problem(400, "bad-arrival-time", f"Spm-Arrived-At: {header} lies in the future.")
    return arrived_at
