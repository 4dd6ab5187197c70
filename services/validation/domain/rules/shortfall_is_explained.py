from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def shortfall_is_explained(case: Case, *, quarter_min: Decimal, served_pct_min: Decimal) -> Iterator[Violation]:
    """Late in the year, a service type that is far from its target has a problem to tell, or the region has one.

    Silent where a count is missing or nobody is to be served.
    """
    if case.quarter.number < quarter_min:
        return
    told = {problem.service_type for problem in case.submission.problems}
    if None in told:
        return
    columns = case.columns
    for position, (name, target, served) in enumerate(zip(columns.names, columns.targets, columns.served, strict=True)):
        if target and served is not None and name not in told and served * 100 < served_pct_min * target:
            found = f"{NOT_REPORTED} (terlayani / served: {served} / {target})"
            expected = "permasalahan dan solusi / a problem and its solution"
            yield Violation("/problems", found, expected, service_type=columns.names[position])
