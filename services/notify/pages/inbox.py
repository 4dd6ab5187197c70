"""The inbox of a region, for a browser; and every letter as an example."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from chassis.access import KeyRow
from chassis.http import require_view, requires_on_page
from chassis.problems import Problem
from contracts.message import RegionCode
from contracts.notice import NoticeKind
from regulation.law import Law
from services.notify.certificates.papers import TITLES
from services.notify.domain import examples, wording
from services.notify.domain.cursor import Cursor, cursor_after, place_of
from services.notify.mailer.letters import Letter, Letters, environment
from services.notify.store.certificates import CertificateStore
from services.notify.store.notices import KeptNotice, NoticeStore

SCOPE: Final = "notices:read"
ROWS_A_PAGE: Final = 100

Reader = Annotated[KeyRow, requires_on_page(SCOPE)]


@dataclass(frozen=True, slots=True)
class _Row:
    kept: KeptNotice
    subject: str


@dataclass(frozen=True, slots=True)
class _Sample:
    kind: NoticeKind
    letter: Letter
    fragment: Markup


def inbox_pages(store: NoticeStore, certificates: CertificateStore, law: Law, letters: Letters) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["inbox"])
    templates = environment()

    def page(name: str, **context: Any) -> HTMLResponse:
        template = templates.get_template(f"pages/{name}.html")
        return HTMLResponse(template.render(kinds=wording.KINDS, states=wording.STATES, **context))

    @router.get("/inbox/{region}", summary="A region's notices, newest first")
    async def inbox(reader: Reader, region: RegionCode, cursor: Cursor = None) -> HTMLResponse:
        require_view(reader, region)
        found = await store.newest(region=region, after=place_of(cursor), limit=ROWS_A_PAGE)
        older = f"/inbox/{region}?cursor={cursor_after(found[-1].notice)}" if len(found) == ROWS_A_PAGE else None
        known = law.regions.get(region)
        return page(
            "inbox",
            region=region,
            region_name=known.name if known else region,
            rows=[_Row(kept, letters.subject(kept.notice)) for kept in found],
            older=older,
            certificates=[] if cursor else await certificates.of_region(region),
            titles=TITLES,
        )

    @router.get("/inbox/{region}/{notice_id}", summary="The text of one notice")
    async def notice(
        reader: Reader, region: RegionCode, notice_id: Annotated[str, Path(max_length=64)]
    ) -> HTMLResponse:
        require_view(reader, region)
        kept = await store.find(region, notice_id)
        if kept is None:
            raise Problem(404, "not-found", f"Region {region} has no notice {notice_id}; see /inbox/{region}.")
        return page("notice", kept=kept, subject=letters.subject(kept.notice), fragment=letters.fragment(kept.notice))

    @router.get("/preview", summary="Every letter with synthetic facts")
    async def preview(_: Reader) -> HTMLResponse:
        notices = [examples.example_of(facts) for facts in examples.FACTS]
        samples = [_Sample(each.matter.kind, letters.letter(each), letters.fragment(each)) for each in notices]
        return page("preview", samples=samples)

    return router
