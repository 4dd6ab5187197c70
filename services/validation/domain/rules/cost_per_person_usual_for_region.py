from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation
from services.validation.domain.outliers import Limits
from services.validation.domain.usual import rupiah, told, unusual_costs


def cost_per_person_usual_for_region(
    case: Case,
    *,
    n_min: Decimal,
    z_max: Decimal,
    modified_z_max: Decimal,
    margin_max: Decimal,
    measures_min: Decimal,
    distance_ratio_min: Decimal,
) -> Iterator[Violation]:
    """The rupiah spent for each person served since January are about those of the region's earlier quarters.

    Silent while fewer than ``n_min`` quarters are known, and where a figure is missing or nobody was served.
    """
    if len(case.history) < n_min:
        return
    limits = Limits(*map(float, (n_min, z_max, modified_z_max, margin_max, measures_min, distance_ratio_min)))
    for position, outlier in unusual_costs(case, limits):
        found = f"{case.columns.realised[position]} ({rupiah(outlier.figure)})"
        yield case.breach(position, "budget/realised", found=found, expected=told(outlier, rupiah))
