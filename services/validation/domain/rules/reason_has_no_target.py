from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def reason_has_no_target(case: Case) -> Iterator[Violation]:
    """Whoever says why there is no target states none; a missing target is asked for by ``counts_reported``."""
    for position, service in enumerate(case.submission.services):
        if service.no_target_reason is not None and service.recipients.target:
            yield case.breach(position, "recipients/target", found=service.recipients.target, expected="0")
