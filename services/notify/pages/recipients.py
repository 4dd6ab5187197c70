"""Who of a region is told: seen, added, removed and taken in from a file by its officials. Works without scripts."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from chassis.access import KeyRow
from chassis.http import require_region, require_view, requires_on_page
from chassis.pages import Frame, View, from_own_site
from chassis.problems import Fault, Problem
from contracts.message import RegionCode
from contracts.recipient import Role
from regulation.law import Law
from services.notify.domain import wording
from services.notify.domain.recipients import ON_REQUEST, OPTIONAL, READERS
from services.notify.domain.roster import COLUMNS, NewRecipient, faults_of
from services.notify.routes.recipients import RecipientId, RecipientRow, Roster, as_text, refused
from services.notify.routes.webhooks import Endpoints

_PREFIX: Final = "/recipients/{region}"
_OFFICES: Final = [role for role in Role if role is not Role.SYSTEM]
_MUTABLE: Final = {role: sorted(kind for kind in OPTIONAL if role in READERS[kind]) for role in _OFFICES}

Reader = Annotated[KeyRow, requires_on_page("recipients:read")]
Writer = Annotated[KeyRow, requires_on_page("recipients:write")]


class _Filled(BaseModel):
    """The form as it was filled in; what was left empty is not there."""

    role: str = ""
    channel: str = ""
    sector: str = ""
    address: str = ""

    def recipient(self, region: str) -> NewRecipient:
        given = {name: text.strip() for name, text in self.model_dump().items() if text.strip()}
        try:
            return NewRecipient.model_validate(given | {"region": region})
        except ValidationError as error:
            raise refused(faults_of(error)) from None


class RecipientPage:
    def __init__(self, frame: Frame, roster: Roster, endpoints: Endpoints, law: Law) -> None:
        self._frame = frame
        self.roster = roster
        self._endpoints = endpoints
        self._law = law

    async def shown(
        self, view: View, region: str, *, status: int = 200, said: str = "", faults: Sequence[Fault] = ()
    ) -> HTMLResponse:
        known = self._law.regions.get(region)
        return self._frame.page(
            "recipients",
            view,
            status=status,
            reader=None,
            region=region,
            region_name=known.name if known else region,
            rows=[RecipientRow.of(row) for row in await self.roster.listed(region)],
            webhooks=await self._endpoints.listed(region),
            roles={role: wording.ROLES[role] for role in _OFFICES},
            channels=wording.CHANNELS,
            kinds=wording.KINDS,
            optional=_MUTABLE,
            on_request=sorted(ON_REQUEST),
            sectors=self._law.sectors,
            columns=",".join(COLUMNS),
            said=said,
            faults=faults,
        )

    async def after(self, view: View, region: str, act: Awaitable[Any]) -> Response:
        """Back to the list when it was done; else the list with what was wrong."""
        try:
            await act
        except Problem as problem:
            return await self.shown(view, region, status=problem.status, said=problem.detail, faults=problem.errors)
        return RedirectResponse(view.link(f"/recipients/{region}"), 303)


def recipient_pages(page: RecipientPage) -> list[APIRouter]:
    return [_reading(page), _writing(page), _choosing(page)]


def _list(request: Request, region: str) -> View:
    """The list itself, which is shown in answer to a form too."""
    return replace(View.of(request), path=f"/recipients/{region}")


def _own(writer: Writer, region: RegionCode) -> KeyRow:
    """Raises:
    Problem: 403. Asked before anything else, for what goes wrong is shown on the region's own page.
    """
    require_region(writer, region)
    return writer


OwnWriter = Annotated[KeyRow, Depends(_own)]


def _reading(page: RecipientPage) -> APIRouter:
    routes = APIRouter(prefix=_PREFIX, default_response_class=HTMLResponse, tags=["recipients"])

    @routes.get("", summary="Who of the region is told, and forms to change it")
    async def shown(request: Request, reader: Reader, region: RegionCode) -> HTMLResponse:
        require_view(reader, region)
        return await page.shown(_list(request, region), region)

    return routes


def _writing(page: RecipientPage) -> APIRouter:
    routes = APIRouter(prefix=_PREFIX, dependencies=[from_own_site], tags=["recipients"])
    roster = page.roster

    @routes.post("", summary="Register an office")
    async def add(request: Request, writer: OwnWriter, region: RegionCode, new: Annotated[_Filled, Form()]) -> Response:
        async def registered() -> None:
            await roster.add(writer, new.recipient(region))

        return await page.after(_list(request, region), region, registered())

    @routes.post("/import", summary="Register the offices of a CSV file, or only check it")
    async def take_in(
        request: Request,
        writer: OwnWriter,
        region: RegionCode,
        file: Annotated[UploadFile, File()],
        check: Annotated[str, Form()] = "",
    ) -> Response:
        try:
            done = await roster.take_in(writer, as_text(await file.read()), dry_run=bool(check))
        except Problem as problem:
            return await page.shown(
                _list(request, region), region, status=problem.status, said=problem.detail, faults=problem.errors
            )
        view = _list(request, region)
        did = ("akan ditambahkan", "would be added") if done.dry_run else ("ditambahkan", "added")
        known = view.language.say("sudah terdaftar", "known already")
        return await page.shown(view, region, said=f"{done.added} {view.language.say(*did)}; {done.known} {known}.")

    @routes.post("/{recipient_id}/remove", summary="Tell it no longer")
    async def remove(request: Request, writer: OwnWriter, region: RegionCode, recipient_id: RecipientId) -> Response:
        return await page.after(_list(request, region), region, roster.remove(writer, recipient_id))

    return routes


def _choosing(page: RecipientPage) -> APIRouter:
    routes = APIRouter(prefix=_PREFIX, dependencies=[from_own_site], tags=["recipients"])
    roster = page.roster

    @routes.post("/{recipient_id}/mutes", summary="Say which optional kinds it does not want")
    async def mute(
        request: Request,
        writer: OwnWriter,
        region: RegionCode,
        recipient_id: RecipientId,
        kinds: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        wanted = frozenset(kind for kind in OPTIONAL if kind in (kinds or ()))
        return await page.after(_list(request, region), region, roster.mute(writer, recipient_id, wanted))

    @routes.post("/{recipient_id}/subscriptions", summary="Say what it is mailed on request")
    async def subscribe(
        request: Request,
        writer: OwnWriter,
        region: RegionCode,
        recipient_id: RecipientId,
        kinds: Annotated[list[str] | None, Form()] = None,
    ) -> Response:
        wanted = frozenset(kind for kind in ON_REQUEST if kind in (kinds or ()))
        return await page.after(_list(request, region), region, roster.subscribe(writer, recipient_id, wanted))

    return routes
