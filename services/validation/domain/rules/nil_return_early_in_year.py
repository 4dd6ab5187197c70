from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy


def nil_return_early_in_year(case: Case, *, quarter_max: Decimal) -> Iterator[Violation]:
    """Only in the first quarters of a year may it be that nothing was delivered since January."""
    if case.submission.nil_return is not None and case.quarter.number > quarter_max:
        expected = f"≤ {case.quarter.fiscal_year}Q{tidy(quarter_max)}"
        yield Violation("/nil_return", found=case.submission.period, expected=expected)
