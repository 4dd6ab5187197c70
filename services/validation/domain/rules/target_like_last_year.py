from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy
from services.validation.domain.comparison import Missing, breaks, within_pct


def target_like_last_year(case: Case, *, change_pct_max: Decimal) -> Iterator[Violation]:
    """The people entitled are about as many as last year; an event's victims may be many or none.

    Silent where either figure is missing.
    """
    then, targets = case.year_before, case.columns.targets
    if then is None:
        return
    for position in breaks(targets, within_pct(change_pct_max), then.targets, missing=Missing.SKIP_IF_ANY):
        known = case.services.get(case.columns.names[position])
        if known is not None and not known.conditional:
            expected = f"{then.targets[position]} ± {tidy(change_pct_max)}% ({then.period})"
            yield case.breach(position, "recipients/target", found=targets[position], expected=expected)
