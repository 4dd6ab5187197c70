"""What a region attained, and the nation as a whole."""

from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.access import EVERY_REGION, KeyRow
from chassis.http import require_region, requires
from chassis.problems import Problem
from contracts.message import Bilingual, PeriodText, RegionCode
from contracts.quarter import Quarter
from contracts.scorecard import ScorecardUpdatedV1
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.basis import basis_of
from services.scoring.domain.nation import KindStanding, nation
from services.scoring.store import Store

SCOPE: Final = "scorecards:read"


class ShownScorecard(BaseModel):
    """The scorecard, unrounded, and what of it is shown to people."""

    region_name: str
    index_shown: Decimal
    band_name: Bilingual
    scorecard: ScorecardUpdatedV1


class Attainment(BaseModel):
    period: str
    bands: dict[str, int]
    """Regions in each band, of all kinds; highest first."""
    kinds: list[KindStanding]


def scorecard_routes(law: Law, store: Store) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["scorecards"])

    @router.get("/scorecards/{region}/{period}", summary="The scorecard of the report that counts")
    async def scorecard(
        region: RegionCode, period: PeriodText, caller: Annotated[KeyRow, requires(SCOPE)]
    ) -> ShownScorecard:
        require_region(caller, region)
        found = await store.scorecard(region, period)
        if found is None:
            raise Problem(404, "not-found", f"No report of {region} for {period} was accepted and scored.")
        basis = basis_of(law, region, Quarter.parse(period))
        band = basis.band_of(found.index_pct)
        return ShownScorecard(
            region_name=law.regions[region].name,
            index_shown=basis.shown(found.index_pct),
            band_name=Bilingual(id=band.name_id, en=band.name_en),
            scorecard=found,
        )

    @router.get("/attainment", summary="Regions by band and kind; for keys of every region")
    async def attainment(period: PeriodText, caller: Annotated[KeyRow, requires(SCOPE)]) -> Attainment:
        require_region(caller, EVERY_REGION)
        try:
            kinds = nation(law, Quarter.parse(period), await store.figures_of([period]))
        except RegulationError as silent:
            raise Problem(404, "not-found", str(silent)) from silent
        bands = {band: sum(kind.bands[band] for kind in kinds) for band in kinds[0].bands}
        return Attainment(period=period, bands=bands, kinds=list(kinds))

    return router
