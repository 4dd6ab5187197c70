"""The doors of clerks without software of their own: a form to fill in, and the way back."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from chassis.access import KeyRow
from chassis.bodies import read_bytes
from chassis.clock import Clock
from chassis.events import JSON
from chassis.http import BODY_LIMIT, require_region, require_view, requires, requires_on_page
from chassis.problems import Fault as Told
from chassis.problems import Problem
from contracts.message import RegionCode
from contracts.verdict import Finding
from services.intake.domain.arrival import Arrival
from services.intake.domain.status import Receipt
from services.intake.domain.workbook.report import Fault
from services.intake.routes.admission import Admission
from services.intake.routes.openapi import OF_A_BODY, OF_ADMISSION, problems
from services.intake.routes.reading import quarter
from services.intake.routes.stories import READ
from services.intake.routes.submissions import ACCEPTED, WRITE, key_of
from services.intake.sheets.forms import Forms, HandedIn
from services.intake.sheets.reading import FILE_BYTES_MAX, NotAWorkbook, NotReadable
from services.intake.sheets.writing import MEDIA_TYPE
from services.intake.store.reports import Reports
from services.intake.store.submissions import Store

ROUTE: Final = "workbooks"
_FILE: Final[dict[str, Any]] = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_TAKEN: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": _FILE},
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string"},
            "description": "As for POST /v1/submissions; without it the content stands for the report.",
        }
    ],
    BODY_LIMIT: FILE_BYTES_MAX,
}
_REFUSED: Final = problems(
    *OF_A_BODY,
    *OF_ADMISSION,
    "unauthenticated",
    "forbidden",
    "unreadable-workbook",
    "unprocessable-workbook",
    "unavailable",
)
_REFUSED[422]["content"] |= _FILE
_NOT_GIVEN: Final = problems("unauthenticated", "forbidden", "not-found", "unprocessable-request", "unavailable")


def reading(forms: Forms, reports: Reports, store: Store) -> APIRouter:
    routes = APIRouter(tags=["workbooks"])

    @routes.get(
        "/v1/templates/{region}/{period}.xlsx",
        summary="The form of a region and period, to be filled in",
        description="With last quarter's figures beside the cells. A browser may send the key as a password (Basic).",
        response_class=Response,
        responses=_NOT_GIVEN | problems("unknown-period") | {200: {"description": "The workbook.", "content": _FILE}},
    )
    async def template(
        caller: Annotated[KeyRow, requires_on_page(READ)],
        region: RegionCode,
        period: Annotated[str, Path(max_length=32)],
    ) -> Response:
        require_view(caller, region)
        of_period = quarter(period)
        lists = forms.lists(region, of_period)
        if lists is None:
            raise Problem(404, "not-found", f"Region {region} reports nothing for {of_period.text}.")
        return as_file(await forms.template(region, of_period, lists), f"spm-{region}-{of_period.text}.xlsx")

    @routes.get(
        "/v1/submissions/{submission_id}/workbook.xlsx",
        summary="A report as a workbook, with what was found in it marked",
        description="Mend the marked cells and hand the workbook in again: it replaces this report.",
        response_class=Response,
        responses=_NOT_GIVEN | {200: {"description": "The workbook.", "content": _FILE}},
    )
    async def judged(
        caller: Annotated[KeyRow, requires_on_page(READ)], submission_id: Annotated[str, Path(max_length=128)]
    ) -> Response:
        report = await reports.report(submission_id)
        if report is None or not caller.may_act_for(report.region_code):
            raise Problem(404, "not-found", "No report has this id.")
        known = await store.submission(submission_id) or {}
        findings = [Finding.model_validate(row, strict=False) for row in known.get("judged", {}).get("findings", [])]
        try:
            file = await forms.judged(report, findings)
        except NotReadable as refusal:
            raise Problem(404, "not-found", f"{refusal}") from None
        return as_file(file, f"spm-{report.region_code}-{report.period}-{submission_id[:8]}.xlsx")

    return routes


def writing(forms: Forms, admission: Admission, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["workbooks"])

    @routes.post(
        "/v1/workbooks",
        status_code=202,
        summary="Hand in a report as a workbook",
        description="The same as `POST /v1/submissions` with the report that the workbook says. With "
        f"`Accept: {MEDIA_TYPE}` faults come back as the workbook, its cells marked and listed on the first sheet.",
        response_model=Receipt,
        responses=_REFUSED | {202: ACCEPTED},
        openapi_extra=_TAKEN,
    )
    async def hand_in(request: Request, caller: Annotated[KeyRow, requires(WRITE)]) -> Response:
        key = key_of(request.headers.getlist("idempotency-key"))
        handed_in = await read_workbook(forms, await read_bytes(request, MEDIA_TYPE, FILE_BYTES_MAX))
        now = clock.now()
        require_region(caller, handed_in.region_code)
        report = handed_in.reading.report
        if report is None:
            return await _faulty(request, forms, handed_in)
        arrival = Arrival.of(
            report, client_id=caller.client_id, key=key, imported_at=None, recorded_at=now, route=ROUTE
        )
        receipt, repeated = await admission.admit(arrival)
        headers = {"Location": receipt.status_url} | ({"Idempotency-Replayed": "true"} if repeated else {})
        return Response(receipt.model_dump_json(), status_code=202, media_type=JSON, headers=headers)

    return routes


async def read_workbook(forms: Forms, file: bytes) -> HandedIn:
    """Raises:
    Problem: it is no workbook, or not the form.
    """
    try:
        return await forms.read(file)
    except NotAWorkbook as refusal:
        raise Problem(415, "unsupported-media-type", f"{refusal}") from None
    except NotReadable as refusal:
        raise Problem(422, "unreadable-workbook", f"{refusal}") from None


async def _faulty(request: Request, forms: Forms, handed_in: HandedIn) -> Response:
    """The marked workbook, or the same as problem+json.

    Raises:
        Problem: the caller does not ask for a workbook.
    """
    if MEDIA_TYPE in request.headers.get("accept", ""):
        name = f"spm-{handed_in.region_code}-{handed_in.period.text}-kesalahan.xlsx"
        return as_file(await forms.marked(handed_in), name, status=422)
    faults = handed_in.reading.faults
    text = f"{len(faults)} cells cannot be taken. Nothing was kept. Mend them and send the workbook again."
    raise Problem(422, "unprocessable-workbook", text, errors=[_told(handed_in, fault) for fault in faults])


def _told(handed_in: HandedIn, fault: Fault) -> Told:
    sheet, cell = handed_in.sheets.address_of(fault.place)
    detail = f"{fault.message.id} / {fault.message.en}"
    return Told(code=fault.code, pointer=fault.pointer, detail=detail, sheet=sheet, cell=cell)


def as_file(file: bytes, name: str, *, status: int = 200) -> Response:
    return Response(
        file, status, media_type=MEDIA_TYPE, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
