from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def quality_reported(case: Case) -> Iterator[Violation]:
    """Whoever has people to serve tells of at least one item of quality; a missing target asks for none."""
    for position, service in enumerate(case.submission.services):
        if not service.quality and service.recipients.target:
            expected = "butir mutu / items of quality"
            yield case.breach(position, "quality", found=None, expected=expected)
