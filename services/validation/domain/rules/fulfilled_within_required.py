from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, written
from services.validation.domain.comparison import AT_MOST, Missing, breaks


def fulfilled_within_required(case: Case) -> Iterator[Violation]:
    """Of no quality item more is fulfilled than required; where an amount is missing, another rule asks for it."""
    fulfilled, required = case.columns.fulfilled, case.columns.required
    for place in breaks(fulfilled, AT_MOST, required, missing=Missing.SKIP_IF_ANY):
        expected = f"≤ {written(required[place])}"
        yield case.item_breach(place, "fulfilled", found=fulfilled[place], expected=expected)
