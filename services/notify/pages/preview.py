"""Every letter as an example, so that words are reviewed like code."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from chassis.pages import Frame, View
from contracts.notice import NoticeKind
from services.notify.domain import examples, wording
from services.notify.mailer.letters import Letter, Letters
from services.notify.routes.readers import Reader, Readers


@dataclass(frozen=True, slots=True)
class _Sample:
    kind: NoticeKind
    letter: Letter
    fragment: Markup


def preview_page(frame: Frame, letters: Letters, readers: Readers) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["inbox"])

    @router.get("/preview", summary="Every letter with synthetic facts")
    async def preview(request: Request, reader: Annotated[Reader, readers.required]) -> HTMLResponse:
        notices = [examples.example_of(facts) for facts in examples.FACTS]
        samples = [_Sample(each.matter.kind, letters.letter(each), letters.fragment(each)) for each in notices]
        return frame.page("preview", View.of(request), reader=reader, samples=samples, kinds=wording.KINDS)

    return router
