from collections.abc import Iterator
from decimal import Decimal
from operator import attrgetter

from services.validation.domain.case import Case, Violation
from services.validation.domain.outliers import Limits
from services.validation.domain.usual import rupiah, told, unusual_among_peers


def budget_per_person_usual_among_peers(
    case: Case,
    *,
    n_min: Decimal,
    z_max: Decimal,
    modified_z_max: Decimal,
    margin_max: Decimal,
    measures_min: Decimal,
    distance_ratio_min: Decimal,
) -> Iterator[Violation]:
    """The rupiah allocated for each person of the target are about those of other regions of the same level.

    Silent while no figures of peers were fixed before the report, where fewer than ``n_min`` regions gave the figure,
    and where a figure is missing or the target is nobody.
    """
    limits = Limits(*map(float, (n_min, z_max, modified_z_max, margin_max, measures_min, distance_ratio_min)))
    for position, outlier in unusual_among_peers(case, case.columns.allocated, attrgetter("budget_per_target"), limits):
        found = f"{case.columns.allocated[position]} ({rupiah(outlier.figure)})"
        yield case.breach(position, "budget/allocated", found=found, expected=told(outlier, rupiah))
