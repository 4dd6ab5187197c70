from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation


def budget_per_recipient_plausible(case: Case, *, rupiah_min: Decimal, rupiah_max: Decimal) -> Iterator[Violation]:
    """The allocation for one recipient lies between two amounts; else it is hardly in whole rupiah.

    Silent where target or allocation is missing or zero: ``target_has_budget`` speaks then.
    """
    least, most = int(rupiah_min), int(rupiah_max)
    targets, allocated = case.columns.targets, case.columns.allocated
    for position, (target, rupiah) in enumerate(zip(targets, allocated, strict=True)):
        if target and rupiah and not least * target <= rupiah <= most * target:
            expected = f"≥ {least * target}, ≤ {most * target}"
            yield case.breach(position, "budget/allocated", found=rupiah, expected=expected)
