from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def counts_reported(case: Case) -> Iterator[Violation]:
    """Target and served are both stated; zero is a count, nothing is not."""
    for position, service in enumerate(case.submission.services):
        recipients = service.recipients
        if recipients.target is None:
            yield _missing(f"/services/{position}/recipients/target", service.service_type)
        if recipients.served is None:
            yield _missing(f"/services/{position}/recipients/served", service.service_type)


def _missing(pointer: str, service_type: str) -> Violation:
    return Violation(pointer, found=NOT_REPORTED, expected="≥ 0", service_type=service_type)
