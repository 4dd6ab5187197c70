from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import gaps


def counts_reported(case: Case) -> Iterator[Violation]:
    """Target and served are both stated; zero is a count, nothing is not."""
    columns = case.columns
    for part, counts in (("recipients/target", columns.targets), ("recipients/served", columns.served)):
        for position in gaps(counts):
            yield case.breach(position, part, found=None, expected="≥ 0")
