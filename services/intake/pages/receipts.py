"""The receipt on paper, and the page on which anybody finds out whether one is genuine."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import segno
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from chassis.access import KeyRow
from chassis.http import requires_on_page
from chassis.pages import Frame, View
from regulation.law import Law
from services.intake.domain.proof import TEXT_CHARS_MAX, Genuine, NotGenuineError, Signer, verified, verified_file
from services.intake.domain.receipt_words import DOUBTS, GENUINE, NOT_GENUINE, PROVES, lines
from services.intake.pages.reports import no_report
from services.intake.routes.openapi import problems
from services.intake.routes.reading import own_report
from services.intake.routes.stories import READ
from services.intake.store.submissions import Store

_REFUSED: Final = problems("unauthenticated", "forbidden", "unprocessable-request", "unavailable")


def receipt_pages(store: Store, signer: Signer, law: Law, frame: Frame, *, own_url: str) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"])
    pages = _Pages(store, signer, law, frame, own_url.rstrip("/"))
    gone = _REFUSED | {404: {"description": "No report has this number, or it belongs to another region."}}
    router.get("/receipts/{submission_id}", summary="A receipt to be printed", responses=gone)(pages.printed)
    router.get("/verify", summary="Whether a receipt is genuine: public, asks no database")(pages.verify)
    return router


@dataclass(frozen=True, slots=True)
class _Pages:
    store: Store
    signer: Signer
    law: Law
    frame: Frame
    own_url: str

    async def printed(
        self,
        request: Request,
        submission_id: Annotated[str, Path(max_length=128)],
        reader: Annotated[KeyRow, requires_on_page(READ)],
    ) -> Response:
        view = View.of(request)
        document = await own_report(self.store, submission_id, reader)
        if document is None:
            return no_report(self.frame, view)
        genuine = verified(self.signer.receipt(document).proof, self.signer.keys)
        return self.frame.page(
            "receipt",
            view,
            genuine=genuine,
            told=self._told(genuine, view),
            proves=PROVES,
            verify_page=f"{self.own_url}/verify",
            code=segno.make_qr(self._question(genuine.proof), error="m").svg_data_uri(border=4, scale=3),
        )

    async def verify(
        self, request: Request, proof: Annotated[str, Query(description="A proof, or a whole receipt file.")] = ""
    ) -> Response:
        view = View.of(request)
        given = proof.strip()
        if not given:
            return self.frame.page("verify", view, given="", verdict=None)
        try:
            genuine = self._checked(given)
        except NotGenuineError as fault:
            given, why, detail = given[:TEXT_CHARS_MAX], DOUBTS[fault.doubt], str(fault)
            return self.frame.page("verify", view, given=given, verdict=NOT_GENUINE, why=why, detail=detail, told=[])
        told = self._told(genuine, view)
        return self.frame.page("verify", view, given=given, verdict=GENUINE, why=PROVES, detail="", told=told)

    def _checked(self, given: str) -> Genuine:
        """Of a whole file, of the address in the printed code, or of the proof alone.

        Raises:
            NotGenuineError: it is not.
        """
        if given.startswith("{"):
            return verified_file(given.encode(), self.signer.keys)
        if given.startswith(("http://", "https://")):
            given = parse_qs(urlsplit(given[:TEXT_CHARS_MAX]).query).get("proof", [""])[0]
        return verified("".join(given.split()), self.signer.keys)

    def _told(self, genuine: Genuine, view: View) -> list[tuple[str, str]]:
        region = self.law.regions.get(genuine.statement.region_code)
        return lines(genuine, view.language, region.name if region else None)

    def _question(self, proof: str) -> str:
        return f"{self.own_url}/verify?{urlencode({'proof': proof})}"
