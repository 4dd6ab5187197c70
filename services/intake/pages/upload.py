"""Where clerks get the form of their region and hand it in again, without software of their own."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from chassis.access import KeyRow
from chassis.clock import Clock
from chassis.http import BODY_LIMIT, requires_on_page
from chassis.pages import Frame, View, from_own_site
from chassis.problems import Problem
from contracts.message import Bilingual
from contracts.period import PeriodChangedV1
from contracts.quarter import Quarter
from contracts.scopes import Scope
from regulation.law import Law
from regulation.rows import Region
from services.intake.domain.arrival import Arrival
from services.intake.domain.period import shut
from services.intake.domain.status import Receipt
from services.intake.domain.workbook.kinds import words
from services.intake.routes.openapi import problems
from services.intake.sheets.forms import Forms, HandedIn
from services.intake.sheets.reading import FILE_BYTES_MAX, NotReadable
from services.intake.sheets.writing import MEDIA_TYPE

WRITE: Final[Scope] = "submissions:write"
_FORM_BYTES: Final = 16 * 1024
"""What the form itself adds to its file."""
_TOLD: Final[Mapping[str, Bilingual]] = {
    "period-not-open": words(
        "Pengisian untuk periode ini tidak dibuka. Laporan belum diterima.",
        "Entry of this period is not open. The report was not taken.",
    ),
    "newer-report": words(
        "Sudah ada laporan yang lebih baru daripada yang akan digantikan buku kerja ini. Unduh lagi formulirnya; di "
        "dalamnya ada isi laporan yang terbaru.",
        "There is a newer report than the one that this workbook is to replace. Download the form again; it has what "
        "the newest report says.",
    ),
    "request-in-flight": words(
        "Laporan yang sama sedang diproses. Tunggu beberapa detik, lalu kirim lagi.",
        "The same report is on its way. Wait some seconds and send it again.",
    ),
}


class Admission(Protocol):
    async def admit(self, arrival: Arrival) -> tuple[Receipt, bool]: ...


class Calendar(Protocol):
    async def periods(self) -> list[PeriodChangedV1]: ...


_FIELD: Final = "workbook"
_FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [_FIELD],
                    "properties": {_FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    },
    BODY_LIMIT: FILE_BYTES_MAX + _FORM_BYTES,
}
_ANSWERS: Final = problems("unauthenticated", "forbidden", "unprocessable-request", "unavailable") | {
    404: {"description": "There is no such region, or it is another's."}
}
_HANDED_IN: Final = problems("bad-request", "cross-site-form", "period-not-open", "body-too-large", "unavailable") | {
    202: {"description": "The log has the report."},
    422: {"description": "No form, or one with faults: a page that lists them and holds the marked workbook."},
}
Clerk = Annotated[KeyRow, requires_on_page(WRITE)]
Code = Annotated[str, Path(max_length=16)]


def upload_pages(
    calendar: Calendar, forms: Forms, admission: Admission, law: Law, frame: Frame, clock: Clock
) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"])
    pages = _Pages(calendar, forms, admission, law, frame, clock)
    router.get("/upload", summary="To the own region's page", responses=_ANSWERS)(pages.own)
    router.get("/upload/{region}", summary="The form, and where it is handed in", responses=_ANSWERS)(pages.asked)
    router.post(
        "/upload/{region}",
        summary="Hand in the form",
        dependencies=[from_own_site],
        responses=_ANSWERS | _HANDED_IN,
        openapi_extra=_FORM,
    )(pages.handed_in)
    return router


@dataclass(frozen=True, slots=True)
class _Pages:
    calendar: Calendar
    forms: Forms
    admission: Admission
    law: Law
    frame: Frame
    clock: Clock

    async def own(self, request: Request, clerk: Clerk) -> Response:
        """A key of every region is led to where a region is chosen."""
        view = View.of(request)
        return RedirectResponse(view.link(f"/upload/{clerk.home}" if clerk.home else "/reports"), 303)

    async def asked(self, request: Request, region: Code, clerk: Clerk) -> Response:
        view, known = View.of(request), self._region(region, clerk)
        return self._nobody(view, region) if known is None else await self._page(view, known)

    async def handed_in(self, request: Request, region: Code, clerk: Clerk) -> Response:
        view, known = View.of(request), self._region(region, clerk)
        if known is None:
            return self._nobody(view, region)
        try:
            form = await self.forms.read(await _file_of(request))
        except NotReadable as refusal:
            return await self._page(view, known, status=422, refusal=refusal.words)
        if form.region_code != region:
            told = words(
                f"Buku kerja ini milik daerah {form.region_code}, bukan {region}.",
                f"This workbook is of region {form.region_code}, not {region}.",
            )
            return await self._page(view, known, status=422, refusal=told)
        if form.reading.report is None:
            return await self._faulty(view, known, form)
        arrival = Arrival.of(
            form.reading.report,
            client_id=clerk.client_id,
            key=None,
            imported_at=None,
            recorded_at=self.clock.now(),
        )
        try:
            receipt, _ = await self.admission.admit(arrival)
        except Problem as problem:
            if problem.slug not in _TOLD:
                raise
            return await self._page(view, known, status=problem.status, refusal=_TOLD[problem.slug])
        return await self._page(view, known, status=202, receipt=receipt)

    async def _faulty(self, view: View, region: Region, form: HandedIn) -> Response:
        marked = b64encode(await self.forms.marked(form)).decode()
        rows = [(form.address_of(fault), fault.message) for fault in form.reading.faults]
        name = f"spm-{form.region_code}-{form.period.text}-kesalahan.xlsx"
        return await self._page(
            view, region, status=422, faults=rows, marked=f"data:{MEDIA_TYPE};base64,{marked}", marked_name=name
        )

    async def _page(
        self,
        view: View,
        region: Region,
        *,
        status: int = 200,
        refusal: Bilingual | None = None,
        receipt: Receipt | None = None,
        faults: list[tuple[str, Bilingual]] | None = None,
        marked: str = "",
        marked_name: str = "",
    ) -> HTMLResponse:
        now = self.clock.now()
        periods = [Quarter.parse(each.period) for each in await self.calendar.periods() if shut(each, now) is None]
        return self.frame.page(
            "upload",
            view,
            status=status,
            region=region,
            periods=[(quarter, view.language.period(quarter)) for quarter in periods],
            refusal=refusal,
            receipt=receipt,
            faults=faults or [],
            marked=marked,
            marked_name=marked_name,
        )

    def _region(self, code: str, clerk: KeyRow) -> Region | None:
        region = self.law.regions.get(code)
        return region if region is not None and region.reports_spm and clerk.may_act_for(code) else None

    def _nobody(self, view: View, code: str) -> HTMLResponse:
        """The same for a region that is another's and for one that there is not."""
        return self.frame.missing(
            view,
            f"Kunci ini tidak dapat melapor untuk daerah {code}.",
            f"This key cannot report for region {code}.",
        )


async def _file_of(request: Request) -> bytes:
    """Read here and not by FastAPI, which would take a form apart before it knows who sends it."""
    async with request.form(max_files=1, max_fields=1) as form:
        sent = form.get(_FIELD)
        return await sent.read() if isinstance(sent, UploadFile) else b""
