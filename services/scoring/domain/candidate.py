"""A region and its year, as the awards compare it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts.quarter import Quarter, quarters_of
from regulation.award_rows import AwardCategory
from regulation.law import Law
from regulation.rows import Region
from services.scoring.domain.figures import QuarterFigures


@dataclass(frozen=True, slots=True)
class Candidate:
    region: Region
    year: Mapping[Quarter, QuarterFigures | None]
    """Every quarter in its order; None where no report was accepted."""

    @property
    def last(self) -> QuarterFigures | None:
        """The figures of the year as a whole: they are cumulative."""
        return self.year[max(self.year)]

    @property
    def accepted(self) -> tuple[QuarterFigures, ...]:
        return tuple(figures for figures in self.year.values() if figures is not None)


def candidates(
    law: Law, category: AwardCategory, fiscal_year: int, figures: Iterable[QuarterFigures]
) -> tuple[Candidate, ...]:
    """Every region of the category's kinds in the order of the codes, with or without figures."""
    known = {(quarter.region_code, quarter.period): quarter for quarter in figures}
    quarters = quarters_of(fiscal_year)
    regions = sorted((row for row in law.regions.values() if row.kind in category.region_kinds), key=lambda r: r.code)
    return tuple(
        Candidate(row, {quarter: known.get((row.code, quarter.text)) for quarter in quarters}) for row in regions
    )
