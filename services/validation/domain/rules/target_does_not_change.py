from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy
from services.validation.domain.comparison import Missing, breaks, within_pct


def target_does_not_change(case: Case, *, change_pct_max: Decimal) -> Iterator[Violation]:
    """The annual target stays what it was earlier in the year; silent where either figure is missing."""
    then, targets = case.before, case.columns.targets
    if then is None:
        return
    for position in breaks(targets, within_pct(change_pct_max), then.targets, missing=Missing.SKIP_IF_ANY):
        expected = f"{then.targets[position]} ± {tidy(change_pct_max)}% ({then.period})"
        yield case.breach(position, "recipients/target", found=targets[position], expected=expected)
