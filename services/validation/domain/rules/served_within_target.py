from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, exceeds


def served_within_target(case: Case) -> Iterator[Violation]:
    """People served do not exceed people targeted; where a count is missing, ``counts_reported`` speaks."""
    for position, service in enumerate(case.submission.services):
        recipients = service.recipients
        if exceeds(recipients.served, recipients.target):
            yield Violation(
                f"/services/{position}/recipients/served",
                found=f"{recipients.served}",
                expected=f"≤ {recipients.target}",
                service_type=service.service_type,
            )
