"""The door for DHIS2: a data value set is taken as the report that it says."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from chassis.access import KeyRow
from chassis.bodies import parsed, read_bytes
from chassis.clock import Clock
from chassis.events import JSON
from chassis.http import BODY_LIMIT, require_region, requires
from chassis.openapi import body_of
from chassis.problems import Fault, Problem
from contracts.submission import Submission
from services.intake.domain.arrival import Arrival
from services.intake.domain.data_values import DataValueSet, Draft, data_value_set, drafted
from services.intake.domain.status import Receipt
from services.intake.routes.admission import Admission
from services.intake.routes.openapi import OF_A_BODY, OF_ADMISSION, SUBMISSION, problems
from services.intake.routes.submissions import ACCEPTED, WRITE, accepted, key_of

ROUTE: Final = "data-values"
BYTES_MAX: Final = 2 * 1024 * 1024
"""A report takes several times as many bytes as data values."""
_SLUG: Final = "unprocessable-data-values"
_HEADERS: Final = {"Idempotency-Key": "As for POST /v1/submissions; without it the content stands for the report."}
_EXAMPLE: Final = data_value_set(Submission.model_validate_json(json.dumps(SUBMISSION)))
_TRIED: Final[dict[str, Any]] = {
    "description": "With dryRun: the report that the values say, as it would be kept. Nothing was kept.",
    "content": {JSON: {"schema": {"type": "object"}, "examples": {"synthetic": {"value": SUBMISSION}}}},
}
_REFUSED: Final = problems(
    *OF_A_BODY,
    *OF_ADMISSION,
    "malformed-json",
    "unauthenticated",
    "forbidden",
    _SLUG,
    "unavailable",
)


def router(admission: Admission, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["submissions"])

    @routes.post(
        "/v1/dataValueSets",
        status_code=202,
        summary="Hand in a report as DHIS2 writes it",
        description="The data elements of a report stand in docs/dhis2.md.",
        response_model=Receipt,
        responses=_REFUSED | {200: _TRIED, 202: ACCEPTED},
        openapi_extra=body_of(DataValueSet, _EXAMPLE.model_dump(by_alias=True, exclude_unset=True), _HEADERS)
        | {BODY_LIMIT: BYTES_MAX},
    )
    async def hand_in_values(
        request: Request,
        caller: Annotated[KeyRow, requires(WRITE)],
        dry_run: Annotated[bool, Query(alias="dryRun", description="Only say which report it is.")] = False,  # noqa: FBT002 - DHIS2's own parameter
    ) -> Response:
        body = await read_bytes(request, JSON, BYTES_MAX)
        now = clock.now()
        submission = _report(parsed(body, DataValueSet, _SLUG))
        require_region(caller, submission.region_code)
        if dry_run:
            return Response(submission.written, media_type=JSON)
        arrival = Arrival.of(
            submission,
            client_id=caller.client_id,
            key=key_of(request.headers.getlist("idempotency-key")),
            imported_at=None,
            recorded_at=now,
            route=ROUTE,
        )
        receipt, repeated = await admission.admit(arrival)
        return accepted(receipt, repeated=repeated)

    return routes


def _report(given: DataValueSet) -> Submission:
    draft = drafted(given)
    faults = [Fault(code="data_value", pointer=pointer, detail=f"{text}.") for pointer, text in draft.misfits]
    try:
        report = parsed(json.dumps(draft.report).encode(), Submission, _SLUG)
    except Problem as problem:
        faults += [_found_again(fault, draft) for fault in problem.errors]
    else:
        if not faults:
            return report
    raise Problem(422, _SLUG, f"{len(faults)} faults. Nothing was kept.", errors=faults)


def _found_again(fault: Fault, draft: Draft) -> Fault:
    return Fault(
        code=fault.code,
        pointer=draft.pointer(fault.pointer),
        detail=f"{fault.detail} It is {fault.pointer} of the report.",
    )
