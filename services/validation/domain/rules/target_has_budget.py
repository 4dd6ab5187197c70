from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def target_has_budget(case: Case) -> Iterator[Violation]:
    """Whoever has people to serve has money for it; a missing allocation is none, a missing target asks for none."""
    targets, allocated = case.columns.targets, case.columns.allocated
    for position, (target, rupiah) in enumerate(zip(targets, allocated, strict=True)):
        if target and not rupiah:
            yield case.breach(position, "budget/allocated", found=rupiah, expected="> 0")
