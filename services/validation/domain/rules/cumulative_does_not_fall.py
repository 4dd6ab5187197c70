from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_LEAST, Missing, breaks


def cumulative_does_not_fall(case: Case) -> Iterator[Violation]:
    """Served and realised count from January, so they are not below the accepted report of an earlier quarter.

    Silent where the year has no earlier accepted report, or either of two figures is missing.
    """
    then, now = case.before, case.columns
    if then is None:
        return
    for part, figures, before in (
        ("recipients/served", now.served, then.served),
        ("budget/realised", now.realised, then.realised),
    ):
        for position in breaks(figures, AT_LEAST, before, missing=Missing.SKIP_IF_ANY):
            expected = f"≥ {before[position]} ({then.period})"
            yield case.breach(position, part, found=figures[position], expected=expected)
