"""One edition of the SPM Awards, put together from its rows."""

from dataclasses import dataclass
from decimal import Decimal

from regulation.award_rows import (
    AwardCategory,
    AwardCriterion,
    Edition,
    EditionRow,
    EligibilityRule,
    Panel,
    ReportingPoint,
    TieBreak,
)
from regulation.errors import RegulationError
from regulation.reading import Rows


@dataclass(frozen=True)
class AwardEdition:
    edition_year: int
    fiscal_year: int
    title: str
    categories: tuple[AwardCategory, ...]
    """Those that are given; a category that is switched off stays in its file."""
    criteria: tuple[AwardCriterion, ...]
    """Of every category that is given; ask ``criteria_of`` for those of one."""
    reporting_points: tuple[ReportingPoint, ...]
    eligibility: tuple[EligibilityRule, ...]
    tie_breaks: tuple[TieBreak, ...]
    """In the order in which they speak."""
    panel: Panel
    row_ids: tuple[str, ...]

    def category(self, category_id: str) -> AwardCategory:
        for category in self.categories:
            if category.id == category_id:
                return category
        given = ", ".join(category.id for category in self.categories)
        raise RegulationError(f"Edition {self.edition_year} gives no award {category_id!r}; it gives {given}.")

    def criteria_of(self, category_id: str) -> tuple[AwardCriterion, ...]:
        """The category's own criteria, else those of the edition."""
        own = tuple(row for row in self.criteria if row.category == category_id)
        return own or tuple(row for row in self.criteria if row.category is None)

    def points(self, outcome: str) -> Decimal:
        """What a quarter's report is worth: ``on_time``, ``late`` or ``missing``."""
        for point in self.reporting_points:
            if point.id == outcome:
                return point.points
        raise RegulationError(f"Edition {self.edition_year} has no reporting points for {outcome!r}.")


def assemble_edition(rows: Rows, edition: Edition) -> AwardEdition:
    year = edition.edition_year
    categories = tuple(row for row in rows.of(AwardCategory) if row.edition_year == year and row.enabled)
    given = {None, *(row.id for row in categories)}
    criteria = tuple(row for row in rows.of(AwardCriterion) if row.edition_year == year and row.category in given)
    reporting_points = tuple(row for row in rows.of(ReportingPoint) if row.edition_year == year)
    eligibility = tuple(row for row in rows.of(EligibilityRule) if row.edition_year == year)
    tie_breaks = tuple(row for row in rows.of(TieBreak) if row.edition_year == year)
    panel = next((row for row in rows.of(Panel) if row.edition_year == year), None)
    if panel is None:
        raise RegulationError(f"Edition {year} does not say whether a panel sits; add its row to [[panels]].")
    used: tuple[tuple[EditionRow, ...], ...] = (
        categories,
        criteria,
        reporting_points,
        eligibility,
        tie_breaks,
        (panel,),
    )
    return AwardEdition(
        edition_year=year,
        fiscal_year=edition.fiscal_year,
        title=edition.title,
        categories=categories,
        criteria=criteria,
        reporting_points=reporting_points,
        eligibility=eligibility,
        tie_breaks=tuple(sorted(tie_breaks, key=lambda row: row.place)),
        panel=panel,
        row_ids=(edition.row_id, *(row.row_id for group in used for row in group)),
    )
