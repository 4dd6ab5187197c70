from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import gaps


def quality_amounts_reported(case: Case) -> Iterator[Violation]:
    """Every item of quality states what is required and what is fulfilled; zero is an amount, nothing is not."""
    columns = case.columns
    for part, amounts in (("required", columns.required), ("fulfilled", columns.fulfilled)):
        for place in gaps(amounts):
            yield case.item_breach(place, part, found=None, expected="≥ 0")
