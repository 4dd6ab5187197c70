from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def no_target_has_no_spending(case: Case) -> Iterator[Violation]:
    """Where nobody is to be served no budget is spent; a missing figure is asked for by other rules."""
    targets, realised = case.columns.targets, case.columns.realised
    if 0 not in targets:
        return
    for position, (target, rupiah) in enumerate(zip(targets, realised, strict=True)):
        if target == 0 and rupiah:
            yield case.breach(position, "budget/realised", found=rupiah, expected="0")
