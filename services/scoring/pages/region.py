"""A region's scorecard: what it attained, how its year goes, and where it loses most."""

from collections.abc import Mapping
from typing import Final

from fastapi.responses import HTMLResponse

from contracts.quarter import Quarter
from contracts.scorecard import ScorecardUpdatedV1
from regulation.law import Law
from regulation.rows import Region, ServiceType
from services.scoring.domain.league import Choice, league
from services.scoring.domain.losses import losses
from services.scoring.domain.rounding import total
from services.scoring.pages import charts
from services.scoring.pages.frame import Frame, View
from services.scoring.pages.language import Tongue
from services.scoring.pages.standing import Yardstick, expected_year, year_lines
from services.scoring.store import Store

LOSSES_SHOWN_MAX: Final = 8
_BAR: Final = 100.0


async def region_page(law: Law, store: Store, frame: Frame, *, view: View, region: Region) -> HTMLResponse:
    """Raises:
    RegulationError: the law is silent on the quarter's last day.
    """
    found = {one.period: one for one in await store.figures_of_region(region.code)}
    asked = view.chosen("period", tuple(found))
    province = law.regions[region.parent or region.code]
    if not found:
        return frame.page("region_silent", view, region=region, province=province)
    figures = found[asked or max(found)]
    quarter = Quarter.parse(figures.period)
    scorecard = (await store.scorecards_of([figures.submission_id]))[figures.submission_id]
    revisions = await store.revisions(region.code, figures.period)
    kindred = league(law, await store.figures_of([figures.period]), Choice(region.kind))
    lost = losses(scorecard.sectors, scorecard.expected_pct)
    year = expected_year(law, quarter)
    return frame.page(
        "region",
        view,
        region=region,
        province=province,
        quarter=quarter,
        periods=[Quarter.parse(period) for period in sorted(found)],
        figures=figures,
        scorecard=scorecard,
        revisions=[kept.figures for kept in revisions],
        yardstick=Yardstick.of(law, quarter, view.tongue),
        rank=next((place.rank for place in kindred if place.region.code == region.code), None),
        ranked=sum(place.rank is not None for place in kindred),
        lines=year_lines(
            view.tongue,
            year,
            {one: each.index_pct for each in found.values() if (one := Quarter.parse(each.period)) in year},
        ),
        year=[(one, expected, found.get(one.text)) for one, expected in year.items()],
        services=service_rows(law, region, quarter),
        sectors=law.sectors,
        sector_bars=_sector_bars(law, view.tongue, scorecard),
        lost=lost[:LOSSES_SHOWN_MAX],
        lost_in_sum=total([loss.points for loss in lost]),
        lost_more=len(lost[LOSSES_SHOWN_MAX:]),
    )


def service_rows(law: Law, region: Region, quarter: Quarter) -> Mapping[str, ServiceType]:
    return {row.id: row for row in law.service_types(region, quarter.last_day)}


def _sector_bars(law: Law, tongue: Tongue, scorecard: ScorecardUpdatedV1) -> list[charts.Bar]:
    return [
        charts.bar(tongue.name(law.sectors[one.sector]), one.index_pct, tongue.number(one.index_pct), width=_BAR)
        for one in scorecard.sectors
        if one.index_pct is not None
    ]
