"""What a region was told: a list of matters, and one notice with what its offices said to it. Works without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.clock import Clock
from chassis.http import require_region
from chassis.pages import Frame, View, from_own_site
from chassis.problems import Problem
from contracts.message import RegionCode
from contracts.notice import NoticeAcknowledgedV1, NoticeKind
from contracts.quarter import Quarter
from contracts.recipient import Role
from regulation.law import Law
from services.notify.certificates.papers import TITLES
from services.notify.domain import wording
from services.notify.domain.cursor import Cursor, cursor_at, place_of
from services.notify.domain.matters import region_name
from services.notify.mailer.letters import Letters
from services.notify.register import Acknowledgements, AwardQuestions
from services.notify.routes.readers import Reader, Readers
from services.notify.store.certificates import CertificateStore
from services.notify.store.matters import KeptMatter, MatterStore, Wanted
from services.notify.store.notices import KeptNotice, NoticeStore
from services.notify.store.situations import SituationStore

ROWS_A_PAGE: Final = 50
NoticeId = Annotated[str, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class Row:
    matter: KeptMatter
    notice: KeptNotice
    """The one to the reader's own office, where there is one."""
    subject: str
    unread: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    frame: Frame
    notices: NoticeStore
    matters: MatterStore
    situations: SituationStore
    certificates: CertificateStore
    acknowledgements: Acknowledgements
    questions: AwardQuestions
    law: Law
    letters: Letters
    clock: Clock

    async def regions(self, view: View, reader: Reader) -> Response:
        """Whoever sees one region goes there at once."""
        mine = [region for region in self.law.regions.reporting() if reader.may_act_for(region.code)]
        wanted = view.query.get("region", "")
        chosen = next((region for region in mine if region.code == wanted), None)
        if chosen or len(mine) == 1:
            return RedirectResponse(view.link(f"/inbox/{(chosen or mine[0]).code}"), 303)
        counted = await self.matters.count_open([region.code for region in mine]) if reader.offices else {}
        return self.frame.page("regions", view, reader=reader, regions=mine, counted=counted)

    async def listed(self, view: View, reader: Reader, region: str, cursor: Cursor) -> Response:
        if not reader.may_act_for(region):
            return self.nothing(view, reader, region)
        roles = reader.roles_in(region)
        wanted = _wanted(view, roles)
        after = place_of(cursor)
        found = await self.matters.page(region, wanted, after=after, limit=ROWS_A_PAGE + 1)
        shown = found[:ROWS_A_PAGE]
        standings = await self.situations.of_region(region)
        return self.frame.page(
            "inbox",
            view,
            reader=reader,
            region=region,
            region_name=region_name(region, self.law),
            rows=await self.rows(region, shown, roles),
            older=cursor_at(shown[-1].fact_at, shown[-1].id) if len(found) > len(shown) else None,
            wanted=wanted,
            narrowed=wanted != Wanted() or cursor is not None,
            kinds=wording.KINDS,
            roles=wording.ROLES,
            quarters=[Quarter.parse(period) for period in standings],
            certificates=[] if cursor else await self.certificates.of_region(region),
            titles=TITLES,
        )

    async def rows(self, region: str, shown: Sequence[KeptMatter], roles: Sequence[Role]) -> list[Row]:
        told: dict[str, list[KeptNotice]] = {}
        for kept in await self.notices.of_facts(region, [matter.fact_id for matter in shown]):
            told.setdefault(kept.notice.matter.id, []).append(kept)
        read = await self.matters.read_by(region, [matter.id for matter in shown])
        rows = []
        for matter in shown:
            theirs = sorted(told.get(matter.id, ()), key=lambda kept: kept.notice.recipient.role not in roles)
            if theirs:
                unread = bool(roles) and not set(roles) & set(read.get(matter.id, {}))
                rows.append(Row(matter, theirs[0], self.letters.subject(theirs[0].notice), unread))
        return rows

    async def notice(self, view: View, reader: Reader, region: str, notice_id: str) -> Response:
        kept = await self.notices.find(region, notice_id) if reader.may_act_for(region) else None
        matter = await self.matters.find(kept.notice.matter.id) if kept else None
        if kept is None or matter is None:
            return self.nothing(view, reader, region)
        roles = reader.roles_in(region)
        await self.matters.opened(matter, roles, self.clock.now())
        told = await self.notices.of_facts(region, [matter.fact_id])
        return self.frame.page(
            "notice",
            view,
            reader=reader,
            region=region,
            region_name=region_name(region, self.law),
            matter=matter,
            kept=kept,
            subject=self.letters.subject(kept.notice),
            fragment=self.letters.fragment(kept.notice),
            told=[one for one in told if one.notice.matter.id == matter.id],
            opened=(await self.matters.read_by(region, [matter.id])).get(matter.id, {}),
            may_acknowledge=[role for role in roles if matter.asks and role not in matter.acknowledged],
            roles=wording.ROLES,
            channels=wording.CHANNELS,
            kinds=wording.KINDS,
            states=wording.STATES,
        )

    async def acknowledge(self, view: View, reader: Reader, region: str, notice_id: str, role: str) -> Response:
        kept = await self.notices.find(region, notice_id)
        matter = await self.matters.find(kept.notice.matter.id) if kept else None
        if matter is None:
            return self.nothing(view, reader, region)
        office = next((one for one in reader.roles_in(region) if one == role), None)
        if office is None:
            text = f"An office of region {region} acknowledges a notice; sign in with an address that is registered."
            raise Problem(403, "forbidden", text, region=region)
        await self.acknowledgements.add(_acknowledged(matter, office, self.clock.now()))
        return RedirectResponse(view.link(f"/inbox/{region}/{notice_id}"), 303)

    def nothing(self, view: View, reader: Reader, region: str) -> HTMLResponse:
        """The same for what is another's and for what there is not."""
        return self.frame.missing(
            view,
            f"Tidak ada yang dapat dibaca di sini dari daerah {region}.",
            f"There is nothing of region {region} to be read here.",
            reader=reader,
        )


def _wanted(view: View, roles: Sequence[Role]) -> Wanted:
    kind = view.chosen("kind", tuple(NoticeKind))
    try:
        period = Quarter.parse(view.query.get("period", "")).text
    except ValueError:
        period = None
    unread_by = frozenset(roles) if "unread" in view.query else frozenset[Role]()
    return Wanted(NoticeKind(kind) if kind else None, period, open="open" in view.query, unread_by=unread_by)


def _acknowledged(matter: KeptMatter, office: Role, at: datetime) -> NoticeAcknowledgedV1:
    return NoticeAcknowledgedV1(
        matter_id=matter.id,
        kind=matter.kind,
        region_code=matter.region_code,
        office=office,
        acknowledged_at=at,
        fact_id=matter.fact_id,
        submission_id=matter.submission_id,
    )


def inbox_pages(inbox: Inbox, readers: Readers) -> APIRouter:
    router = APIRouter(prefix="/inbox", default_response_class=HTMLResponse, tags=["inbox"])
    who = readers.required

    @router.get("", summary="The regions whose inbox the reader sees")
    async def regions(request: Request, reader: Annotated[Reader, who]) -> Response:
        return await inbox.regions(View.of(request), reader)

    @router.get("/{region}", summary="What a region was told, newest first")
    async def listed(
        request: Request, reader: Annotated[Reader, who], region: RegionCode, cursor: Cursor = None
    ) -> Response:
        return await inbox.listed(View.of(request), reader, region, cursor)

    @router.get("/{region}/{notice_id}", summary="One notice, and what became of it")
    async def notice(
        request: Request, reader: Annotated[Reader, who], region: RegionCode, notice_id: NoticeId
    ) -> Response:
        return await inbox.notice(View.of(request), reader, region, notice_id)

    @router.post(
        "/{region}/{notice_id}/acknowledge",
        summary="Take note of it as an office of the region; by a session alone",
        dependencies=[from_own_site],
    )
    async def acknowledge(
        request: Request,
        reader: Annotated[Reader, who],
        region: RegionCode,
        notice_id: NoticeId,
        office: Annotated[str, Form(max_length=100)] = "",
    ) -> Response:
        require_region(reader, region)
        return await inbox.acknowledge(View.of(request), reader, region, notice_id, office)

    return router
