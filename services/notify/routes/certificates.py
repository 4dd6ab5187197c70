"""Certificates as PDF."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from chassis.http import require_view
from chassis.problems import Problem
from contracts.message import RegionCode
from services.notify.certificates.press import Press
from services.notify.domain.certificate import Certificate, Issued, Paper, latest
from services.notify.routes.readers import Reader, Readers
from services.notify.store.certificates import CertificateStore

_PDF = "application/pdf"


def router(store: CertificateStore, press: Press, readers: Readers) -> APIRouter:
    routes = APIRouter(prefix="/v1/certificates", tags=["certificates"])

    @routes.get(
        "/{edition_year}/{category}/{region}.pdf",
        summary="A winner's or nominee's certificate, or the letter that states a nominee's rank",
        response_class=Response,
        responses={
            200: {"content": {_PDF: {"schema": {"type": "string", "format": "binary"}}}},
            404: {"description": "None was issued to the region, it was withdrawn, or the region is not the key's."},
        },
    )
    async def certificate(
        reader: Annotated[Reader, readers.required],
        edition_year: Annotated[int, Path(ge=2022, le=2100)],
        category: Annotated[str, Path(max_length=40)],
        region: RegionCode,
        paper: Annotated[
            Paper | None, Query(description="By itself the winner's certificate once announced, else the nominee's.")
        ] = None,
    ) -> Response:
        require_view(reader, region)
        issued = [
            one
            for one in await store.of_region(region)
            if (one.certificate.edition_year, one.certificate.category) == (edition_year, category)
        ]
        found = _chosen(issued, paper)
        name = f"{found.paper}-{edition_year}-{category}-{region}.pdf"
        disposition = {"Content-Disposition": f'inline; filename="{name}"'}
        return Response(await press.pdf(found), media_type=_PDF, headers=disposition)

    return routes


def _chosen(issued: list[Issued], paper: Paper | None) -> Certificate:
    """Raises:
    Problem: 404.
    """
    asked = (Paper.WINNER, Paper.NOMINEE) if paper is None else (paper,)
    found = [one for one in (latest(issued, each) for each in asked) if one is not None]
    standing = next((one for one in found if one.withdrawn is None), None)
    if standing is not None:
        return standing.certificate
    words = ", ".join(asked)
    for one in found:
        if one.withdrawn is not None:
            text = f"{one.certificate.number} was withdrawn by correction {one.withdrawn.step}."
            raise Problem(404, "not-found", text)
    raise Problem(404, "not-found", f"No certificate ({words}) was issued to this region in this category and edition.")
