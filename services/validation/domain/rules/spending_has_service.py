from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation


def spending_has_service(case: Case, *, realised_pct_min: Decimal) -> Iterator[Violation]:
    """Where much of the budget is spent somebody was served; silent where one of the figures is missing."""
    columns = case.columns
    if 0 not in columns.served:
        return
    for position, served in enumerate(columns.served):
        allocated, realised = columns.allocated[position], columns.realised[position]
        if served != 0 or not (columns.targets[position] and allocated and realised):
            continue
        if realised * 100 >= realised_pct_min * allocated:
            expected = f"> 0 (realisasi / realised: {realised} / {allocated})"
            yield case.breach(position, "recipients/served", found=served, expected=expected)
