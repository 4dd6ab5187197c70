from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, exceeds


def realised_within_allocated(case: Case) -> Iterator[Violation]:
    """Rupiah spent do not exceed rupiah allocated; silent where either is missing."""
    for position, service in enumerate(case.submission.services):
        budget = service.budget
        if exceeds(budget.realised, budget.allocated):
            yield Violation(
                f"/services/{position}/budget/realised",
                found=f"{budget.realised}",
                expected=f"≤ {budget.allocated}",
                service_type=service.service_type,
            )
