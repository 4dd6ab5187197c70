from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_MOST, Missing, breaks


def realised_reported(case: Case) -> Iterator[Violation]:
    """Allocated and realised rupiah are both stated or neither; a target without any has its own rule."""
    realised, allocated = case.columns.realised, case.columns.allocated
    for position in breaks(realised, AT_MOST, allocated, missing=Missing.SKIP_IF_ALL):
        if realised[position] is None:
            expected = f"≥ 0 (alokasi / allocated: {allocated[position]})"
            yield case.breach(position, "budget/realised", found=None, expected=expected)
