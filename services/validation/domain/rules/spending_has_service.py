from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation


def spending_has_service(case: Case, *, realised_pct_min: Decimal, target_min: Decimal) -> Iterator[Violation]:
    """Where much of the budget is spent somebody was served; of few it may be that none was served yet.

    Silent where one of the figures is missing.
    """
    columns = case.columns
    for position, served in enumerate(columns.served):
        if served != 0 or (columns.targets[position] or 0) < target_min:
            continue
        allocated, realised = columns.allocated[position], columns.realised[position]
        if allocated and realised and realised * 100 >= realised_pct_min * allocated:
            expected = f"> 0 (realisasi / realised: {realised} / {allocated})"
            yield case.breach(position, "recipients/served", found=served, expected=expected)
