"""How a quarter's index is judged in words: by its band at the year's end, by the path before it.

Figures are cumulative, so before the fourth quarter even the best region is in the lowest band: the band would only
frighten. What tells then is whether the index stands where an even year would.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from contracts.quarter import Quarter, quarters_of
from regulation.law import Law
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.glance import Group
from services.scoring.pages import charts
from services.scoring.pages.language import Tongue

SILENT = "silent"
_LINES_WIDTH, _LINES_HEIGHT = 380.0, 170.0


@dataclass(frozen=True, slots=True)
class Standing:
    key: str
    """Names its colour in ``templates/style.css``."""
    words: str


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What the figures of one quarter are held against."""

    quarter: Quarter
    expected_pct: Decimal
    by_band: bool
    standings: tuple[Standing, ...]
    """Best first."""

    @classmethod
    def of(cls, law: Law, quarter: Quarter, tongue: Tongue) -> "Yardstick":
        """Raises:
        RegulationError: the law is silent on the quarter's last day.
        """
        expected = law.expected_path(quarter.number, quarter.last_day)
        by_band = quarter == quarters_of(quarter.fiscal_year)[-1]
        bands = tuple(Standing(band.id, tongue.name(band)) for band in law.bands(quarter.last_day))
        paths = (
            Standing("on_path", tongue.say("Pada jalur", "On the path")),
            Standing("below_path", tongue.say("Di bawah jalur", "Below the path")),
        )
        return cls(quarter, expected.expected_pct, by_band, bands if by_band else paths)

    def standing(self, figures: QuarterFigures) -> Standing:
        if self.by_band:
            return next(band for band in self.standings if band.key == figures.band)
        return self.standings[0 if figures.index_pct >= self.expected_pct else 1]

    def counted(self, group: Group) -> list[tuple[Standing, int]]:
        """How many regions of the group stand so."""
        if self.by_band:
            return [(band, group.bands[band.key]) for band in self.standings]
        above, below = self.standings
        return [(above, group.on_path), (below, group.reported - group.on_path)]


def expected_year(law: Law, quarter: Quarter) -> dict[Quarter, Decimal]:
    """Where each quarter of the year should stand at its end."""
    year = quarters_of(quarter.fiscal_year)
    return {one: law.expected_path(one.number, one.last_day).expected_pct for one in year}


def year_lines(
    tongue: Tongue, expected: Mapping[Quarter, Decimal], attained: Mapping[Quarter, Decimal]
) -> charts.Lines:
    """The year's path, and what was attained in the quarters that are known."""
    return charts.lines(
        [(tongue.quarter(one), pct, tongue.exact(pct)) for one, pct in expected.items()],
        [(attained[one], tongue.number(attained[one])) if one in attained else None for one in expected],
        width=_LINES_WIDTH,
        height=_LINES_HEIGHT,
    )
