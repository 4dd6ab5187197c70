from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy


def allocation_like_last_year(case: Case, *, fall_pct_max: Decimal) -> Iterator[Violation]:
    """A service type that still has people to serve keeps most of last year's allocation.

    Silent where either figure is missing; where nothing is allocated at all ``target_has_budget`` speaks.
    """
    then, now = case.year_before, case.columns
    if then is None:
        return
    for position, (target, rupiah, before) in enumerate(zip(now.targets, now.allocated, then.allocated, strict=True)):
        if target and rupiah and before and rupiah * 100 < (100 - fall_pct_max) * before:
            expected = f"≥ {before} - {tidy(fall_pct_max)}% ({then.period})"
            yield case.breach(position, "budget/allocated", found=rupiah, expected=expected)
