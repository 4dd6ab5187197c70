from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy
from services.validation.domain.comparison import Missing, breaks, within_pct


def allocation_changes_little(case: Case, *, change_pct_max: Decimal) -> Iterator[Violation]:
    """The year's allocation stays about what it was earlier in the year; silent where either figure is missing.

    Where nothing is allocated, then or now, ``target_has_budget`` speaks.
    """
    then, allocated = case.before, case.columns.allocated
    if then is None:
        return
    for position in breaks(allocated, within_pct(change_pct_max), then.allocated, missing=Missing.SKIP_IF_ANY):
        if not (allocated[position] and then.allocated[position]):
            continue
        expected = f"{then.allocated[position]} ± {tidy(change_pct_max)}% ({then.period})"
        yield case.breach(position, "budget/allocated", found=allocated[position], expected=expected)
