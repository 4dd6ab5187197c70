from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def nil_return_stands_alone(case: Case) -> Iterator[Violation]:
    """Whoever says that nothing was delivered reports no service type beside it."""
    if case.submission.nil_return is not None and case.submission.services:
        found = f"{len(case.submission.services)} jenis pelayanan / service types"
        yield Violation("/nil_return", found=found, expected="0")
