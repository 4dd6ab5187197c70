from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation


def report_is_not_the_last_again(case: Case, *, services_min: Decimal) -> Iterator[Violation]:
    """A report does not repeat the counts and the rupiah of an earlier quarter in every service type.

    A missing figure is unlike any other. One of few service types with anything to count may stand still.
    """
    then, now = case.before, case.columns
    if then is None or (now.served, now.realised) != (then.served, then.realised):
        return
    if sum(1 for served in now.served if served) >= services_min:
        expected = f"≠ {then.period}"
        yield Violation("/services", found=case.submission.period, expected=expected)
