from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation
from services.validation.domain.outliers import Limits
from services.validation.domain.usual import percent, told, unusual_paces


def served_pace_usual_for_region(
    case: Case,
    *,
    n_min: Decimal,
    z_max: Decimal,
    modified_z_max: Decimal,
    margin_max: Decimal,
    measures_min: Decimal,
    distance_ratio_min: Decimal,
) -> Iterator[Violation]:
    """A quarter serves about the share of the annual target that the region's earlier quarters served.

    Silent while fewer than ``n_min`` quarters are known, and where a figure is missing or falls:
    ``cumulative_does_not_fall`` speaks then.
    """
    if len(case.history) < n_min:
        return
    limits = Limits(*map(float, (n_min, z_max, modified_z_max, margin_max, measures_min, distance_ratio_min)))
    for position, outlier in unusual_paces(case, limits):
        if outlier.figure >= 0:
            found = f"{case.columns.served[position]} ({percent(outlier.figure)})"
            yield case.breach(position, "recipients/served", found=found, expected=told(outlier, percent))
