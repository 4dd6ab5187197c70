from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation


def service_has_spending(case: Case, *, served_pct_min: Decimal) -> Iterator[Violation]:
    """Where many were served some of the allocated budget is spent; silent where one of the figures is missing."""
    columns = case.columns
    for position, realised in enumerate(columns.realised):
        if realised != 0 or not columns.allocated[position]:
            continue
        target, served = columns.targets[position], columns.served[position]
        if target and served and served * 100 >= served_pct_min * target:
            expected = f"> 0 (terlayani / served: {served} / {target})"
            yield case.breach(position, "budget/realised", found=realised, expected=expected)
