"""The nation at a glance."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from fastapi.responses import HTMLResponse

from contracts.quarter import Quarter, quarters_of
from regulation.law import Law
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.glance import Group, groups
from services.scoring.domain.rollup import SectorIndices, nation_rollup, province_rollups
from services.scoring.domain.rounding import mean
from services.scoring.pages import charts
from services.scoring.pages.frame import Frame, View
from services.scoring.pages.language import Tongue
from services.scoring.pages.standing import SILENT, Standing, Yardstick, expected_year, year_lines
from services.scoring.store import Store

_BAR: Final = 100.0
_SCORECARDS_KEPT_MAX: Final = 8_192


class SectorMemory:
    """The sector indices of scorecards that were looked at; a scorecard never changes, so each is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Mapping[str, Decimal | None]] = {}

    async def of(self, submission_ids: Sequence[str]) -> SectorIndices:
        unknown = [one for one in submission_ids if one not in self._known]
        found = await self._store.sector_indices(unknown)
        if len(self._known) + len(found) > _SCORECARDS_KEPT_MAX:
            self._known.clear()
            found = await self._store.sector_indices(submission_ids)
        self._known |= found
        return {one: self._known[one] for one in submission_ids}


async def nation_page(
    law: Law, store: Store, frame: Frame, memory: SectorMemory, *, view: View, quarter: Quarter, periods: Sequence[str]
) -> HTMLResponse:
    """Raises:
    RegulationError: the law is silent on the quarter's last day.
    """
    tongue, year = view.tongue, quarters_of(quarter.fiscal_year)
    found = await store.figures_of([one.text for one in year])
    by_period: dict[str, list[QuarterFigures]] = {one.text: [] for one in year}
    for figures in found:
        by_period[figures.period].append(figures)
    now = by_period[quarter.text]
    yardstick = Yardstick.of(law, quarter, tongue)
    counted = groups(law, quarter, now)
    expected = expected_year(law, quarter)
    attained = {one: mean([each.index_pct for each in by_period[one.text]]) for one in year if by_period[one.text]}
    indices = await memory.of([one.submission_id for one in now])
    rollup = nation_rollup(law, quarter, now, indices)
    return frame.page(
        "nation",
        view,
        quarter=quarter,
        periods=[Quarter.parse(period) for period in periods],
        yardstick=yardstick,
        groups=counted,
        counts=_counts(yardstick, counted),
        bars=[_distribution(tongue, yardstick, group) for group in counted],
        legend=[*yardstick.standings, silent(tongue)],
        rollup=rollup,
        provinces=province_rollups(law, quarter, now, indices),
        sectors=_sector_bars(law, tongue, rollup.sectors),
        lines=year_lines(tongue, expected, attained),
        year=[(one, expected[one], attained.get(one), len(by_period[one.text])) for one in year],
    )


def silent(tongue: Tongue) -> Standing:
    return Standing(SILENT, tongue.say("Belum ada laporan diterima", "No accepted report"))


def _counts(yardstick: Yardstick, counted: Sequence[Group]) -> dict[str, list[int]]:
    """Of each standing, the number of regions in each group."""
    by_group = [yardstick.counted(group) for group in counted]
    return {one.key: [numbers[place][1] for numbers in by_group] for place, one in enumerate(yardstick.standings)}


def _distribution(tongue: Tongue, yardstick: Yardstick, group: Group) -> charts.StackedBar:
    last = silent(tongue)
    parts = [(one.key, one.words, number) for one, number in yardstick.counted(group)]
    return charts.stacked(tongue.kind(group.kind), [*parts, (last.key, last.words, group.silent)], width=_BAR)


def _sector_bars(law: Law, tongue: Tongue, means: Mapping[str, Decimal | None]) -> list[charts.Bar]:
    return [
        charts.bar(tongue.name(law.sectors[sector]), pct, tongue.number(pct), width=_BAR)
        for sector, pct in means.items()
        if pct is not None
    ]
