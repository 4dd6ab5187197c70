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
    guided: "tuple[Candidate, ...]" = ()
    """Of a provinsi: its kabupaten and kota that must report, for the criteria that look at them."""

    @property
    def last(self) -> QuarterFigures | None:
        """The figures of the year as a whole: they are cumulative."""
        *_, last = self.year.values()
        return last

    @property
    def accepted(self) -> tuple[QuarterFigures, ...]:
        return tuple(figures for figures in self.year.values() if figures is not None)


def candidates(
    law: Law, category: AwardCategory, fiscal_year: int, figures: Iterable[QuarterFigures]
) -> tuple[Candidate, ...]:
    """Every region that the category admits, in the order of the codes, with or without figures."""
    known = {(quarter.region_code, quarter.period): quarter for quarter in figures}
    quarters = quarters_of(fiscal_year)

    def candidate(region: Region, guided: tuple[Candidate, ...] = ()) -> Candidate:
        return Candidate(region, {quarter: known.get((region.code, quarter.text)) for quarter in quarters}, guided)

    def guided_by(region: Region) -> tuple[Candidate, ...]:
        return tuple(candidate(row) for row in law.regions.reporting() if row.parent == region.code)

    admitted = [law.regions[code] for code in sorted(law.regions) if category.admits(law.regions[code])]
    return tuple(candidate(row, guided_by(row) if category.judged_on == "guided_regions" else ()) for row in admitted)
