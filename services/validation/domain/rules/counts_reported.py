from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_LEAST, Missing, breaks


def counts_reported(case: Case) -> Iterator[Violation]:
    """Target and served are both stated; zero is a count, nothing is not."""
    targets, served = case.columns.targets, case.columns.served
    none = [0] * len(targets)
    for part, counts in (("recipients/target", targets), ("recipients/served", served)):
        for position in breaks(counts, AT_LEAST, none, missing=Missing.NEVER_SKIP):
            yield case.breach(position, part, found=counts[position], expected="≥ 0")
