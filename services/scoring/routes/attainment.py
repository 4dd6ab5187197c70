"""What the nation and its provinces attained."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from chassis.access import EVERY_REGION, KeyRow
from chassis.http import require_region, requires
from chassis.openapi import refusal
from chassis.problems import Problem
from contracts.message import PeriodText
from contracts.quarter import Quarter
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.nation import KindStanding, nation
from services.scoring.domain.rollup import Rollup, nation_rollup, province_rollups
from services.scoring.domain.rounding import shown
from services.scoring.routes.scorecards import SCOPE
from services.scoring.store import Store


class Attainment(BaseModel):
    period: str
    bands: dict[str, int]
    """Regions in each band, of all kinds; highest first."""
    kinds: list[KindStanding]


class ShownRollup(BaseModel):
    """The index of an area, unrounded and as shown, with how many regions it rests on."""

    area: str
    name: str
    must_report: int
    scored: int
    index_pct: Decimal | None
    index_shown: Decimal | None
    completeness_pct: Decimal | None
    expected_pct: Decimal
    sectors: Mapping[str, Decimal | None]
    law_row: str


class Rollups(BaseModel):
    period: str
    nation: ShownRollup
    provinces: list[ShownRollup]


def attainment_routes(law: Law, store: Store) -> APIRouter:
    router = APIRouter(
        prefix="/v1/attainment",
        tags=["scorecards"],
        responses=refusal("not-found", 404, "No scorecard of 2023Q4 is here."),
    )

    @router.get("", summary="Regions by band and kind; for keys of every region")
    async def attainment(period: PeriodText, caller: Annotated[KeyRow, requires(SCOPE)]) -> Attainment:
        require_region(caller, EVERY_REGION)
        try:
            kinds = nation(law, Quarter.parse(period), await store.figures_of([period]))
        except RegulationError as silent:
            raise Problem(404, "not-found", str(silent)) from silent
        bands = {band: sum(kind.bands[band] for kind in kinds) for band in kinds[0].bands}
        return Attainment(period=period, bands=bands, kinds=list(kinds))

    @router.get("/areas", summary="The index of the nation and of each province; for keys of every region")
    async def areas(period: PeriodText, caller: Annotated[KeyRow, requires(SCOPE)]) -> Rollups:
        require_region(caller, EVERY_REGION)
        quarter, figures = Quarter.parse(period), await store.figures_of([period])
        sectors = await store.sector_indices([one.submission_id for one in figures])
        try:
            whole = nation_rollup(law, quarter, figures, sectors)
            provinces = province_rollups(law, quarter, figures, sectors)
            decimals = law.index_choices(quarter.last_day).display_decimals
        except RegulationError as silent:
            raise Problem(404, "not-found", str(silent)) from silent
        return Rollups(
            period=period,
            nation=_shown(whole, decimals),
            provinces=[_shown(province, decimals) for province in provinces],
        )

    return router


def _shown(rollup: Rollup, decimals: int) -> ShownRollup:
    return ShownRollup(
        area=rollup.area,
        name=rollup.name,
        must_report=rollup.must_report,
        scored=rollup.scored,
        index_pct=rollup.index_pct,
        index_shown=None if rollup.index_pct is None else shown(rollup.index_pct, decimals),
        completeness_pct=rollup.completeness_pct,
        expected_pct=rollup.expected_pct,
        sectors=rollup.sectors,
        law_row=rollup.row_id,
    )
