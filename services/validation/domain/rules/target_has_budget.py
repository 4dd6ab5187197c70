from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, plain


def target_has_budget(case: Case) -> Iterator[Violation]:
    """Whoever has people to serve has money for it; a missing allocation is none, a missing target asks for none."""
    for position, service in enumerate(case.submission.services):
        if service.recipients.target and not service.budget.allocated:
            yield Violation(
                f"/services/{position}/budget/allocated",
                found=plain(service.budget.allocated),
                expected="> 0",
                service_type=service.service_type,
            )
