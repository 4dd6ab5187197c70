from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def justifications_name_a_rule(case: Case) -> Iterator[Violation]:
    """A justification names a rule that is in force; else it clears nothing."""
    for position, reason in enumerate(case.submission.justifications):
        if reason.rule not in case.rules_in_force:
            expected = "kode aturan yang berlaku / the code of a rule in force"
            yield Violation(f"/justifications/{position}/rule", found=reason.rule, expected=expected)
