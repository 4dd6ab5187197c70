from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_LEAST, Missing, breaks


def quality_amounts_reported(case: Case) -> Iterator[Violation]:
    """Every item of quality states what is required and what is fulfilled; zero is an amount, nothing is not."""
    columns = case.columns
    none = [0] * len(columns.items)
    for part, amounts in (("required", columns.required), ("fulfilled", columns.fulfilled)):
        for place in breaks(amounts, AT_LEAST, none, missing=Missing.NEVER_SKIP):
            yield case.item_breach(place, part, found=amounts[place], expected="≥ 0")
