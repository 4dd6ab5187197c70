from collections.abc import Iterator
from decimal import Decimal
from operator import attrgetter

from services.validation.domain.case import Case, Violation
from services.validation.domain.outliers import Limits
from services.validation.domain.usual import percent, told, unusual_among_peers


def attainment_usual_among_peers(
    case: Case,
    *,
    n_min: Decimal,
    z_max: Decimal,
    modified_z_max: Decimal,
    margin_max: Decimal,
    measures_min: Decimal,
    distance_ratio_min: Decimal,
) -> Iterator[Violation]:
    """The share of people served is about that of other regions of the same level, in the same quarter.

    Silent while no figures of peers were fixed before the report, where fewer than ``n_min`` regions gave the figure,
    and where a count is missing or the target is nobody.
    """
    limits = Limits(*map(float, (n_min, z_max, modified_z_max, margin_max, measures_min, distance_ratio_min)))
    for position, outlier in unusual_among_peers(case, case.columns.served, attrgetter("attainment"), limits):
        found = f"{case.columns.served[position]} ({percent(outlier.figure)})"
        yield case.breach(position, "recipients/served", found=found, expected=told(outlier, percent))
