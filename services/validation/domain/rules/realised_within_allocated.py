from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_MOST, Missing, breaks


def realised_within_allocated(case: Case) -> Iterator[Violation]:
    """Rupiah spent do not exceed rupiah allocated; silent where either is missing."""
    realised, allocated = case.columns.realised, case.columns.allocated
    for position in breaks(realised, AT_MOST, allocated, missing=Missing.SKIP_IF_ANY):
        expected = f"≤ {allocated[position]}"
        yield case.breach(position, "budget/realised", found=realised[position], expected=expected)
