from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def requirement_is_above_zero(case: Case) -> Iterator[Violation]:
    """Whoever has people to serve needs some of every item that is listed; a missing amount is not zero."""
    if 0 not in case.columns.required:
        return
    for position, service in enumerate(case.submission.services):
        if service.recipients.target:
            for place, item in enumerate(service.quality):
                if item.required == 0:
                    yield case.breach(position, f"quality/{place}/required", found=item.required, expected="> 0")
