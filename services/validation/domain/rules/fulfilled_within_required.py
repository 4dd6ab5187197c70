from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, exceeds, plain


def fulfilled_within_required(case: Case) -> Iterator[Violation]:
    """Of no quality item more is fulfilled than required; silent where either amount is missing."""
    for position, service in enumerate(case.submission.services):
        for place, item in enumerate(service.quality):
            if exceeds(item.fulfilled, item.required):
                yield Violation(
                    f"/services/{position}/quality/{place}/fulfilled",
                    found=plain(item.fulfilled),
                    expected=f"≤ {plain(item.required)}",
                    service_type=service.service_type,
                )
