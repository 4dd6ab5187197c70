"""Look at an edition of the SPM Awards: the live ranking, what stands, and everything needed to recompute it."""

from typing import Annotated, Final

from fastapi import APIRouter, Response
from pydantic import BaseModel

from chassis.access import KeyRow
from chassis.http import requires
from chassis.openapi import refusal
from chassis.problems import Problem
from contracts.award import AwardStep
from services.scoring.domain.bundle import bundle_of
from services.scoring.domain.edition_view import (
    ExcludedRegion,
    RankedRegion,
    ShownEdition,
    excluded_with_names,
    view_of,
    with_names,
)
from services.scoring.domain.nomination import standing
from services.scoring.routes.award_desk import AwardDesk, periods_of

WRITE: Final = "awards:write"
READ: Final = "awards:read"


class ShownRanking(BaseModel):
    """Provisional until nominated: a report that comes later changes it."""

    category: str
    ranked: list[RankedRegion]
    excluded: list[ExcludedRegion]


def award_routes(desk: AwardDesk) -> APIRouter:
    router = APIRouter(
        prefix="/v1/awards/{edition_year}",
        tags=["awards"],
        responses=refusal("edition-unknown", 404, "There is no edition of 2031; there are 2023, 2024."),
    )
    law = desk.law

    @router.get("", summary="What became of each category, and every step that was taken")
    async def edition(edition_year: int, caller: Annotated[KeyRow, requires(READ)]) -> ShownEdition:
        given = desk.edition(edition_year)
        return view_of(law, given, await desk.store.progress(edition_year), insider=WRITE in caller.scopes)

    @router.get("/ranking", summary="How the regions stand now; provisional", dependencies=[requires(READ)])
    async def ranking(edition_year: int, category: str) -> ShownRanking:
        edition = desk.edition(edition_year)
        row = desk.category(edition, category)
        found, _ = standing(law, edition, row, await desk.store.figures_of(periods_of(edition)))
        return ShownRanking(
            category=row.id,
            ranked=with_names(law, found.ranked),
            excluded=excluded_with_names(law, found.excluded),
        )

    @router.get(
        "/bundle",
        summary="Everything needed to recompute the edition offline: spm award verify",
        responses=refusal("award-step-missing", 409, "The edition is not nominated yet: nothing to recompute."),
    )
    async def bundle(edition_year: int, caller: Annotated[KeyRow, requires(READ)]) -> Response:
        edition = desk.edition(edition_year)
        progress = await desk.store.progress(edition_year)
        nomination = progress.found(AwardStep.NOMINATED)
        awaited = AwardStep.NOMINATED if WRITE in caller.scopes else AwardStep.ANNOUNCED
        if nomination is None or progress.found(awaited) is None:
            raise Problem(
                409, "award-step-missing", f"{edition.title} is not {awaited} yet; there is no bundle before."
            )
        written = bundle_of(law, edition, progress, await desk.frozen(nomination))
        return Response(written, media_type="application/json")

    return router
