from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_MOST, Missing, breaks


def served_within_target(case: Case) -> Iterator[Violation]:
    """People served do not exceed people targeted; where a count is missing, ``counts_reported`` speaks."""
    served, targets = case.columns.served, case.columns.targets
    for position in breaks(served, AT_MOST, targets, missing=Missing.SKIP_IF_ANY):
        expected = f"≤ {targets[position]}"
        yield case.breach(position, "recipients/served", found=served[position], expected=expected)
