from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def all_service_types_reported(case: Case) -> Iterator[Violation]:
    """Every service type that the region must serve is reported, or a nil return answers for all of them.

    An unknown region has none to miss.
    """
    if case.submission.nil_return is not None or case.position.keys() >= case.services.keys():
        return
    for name in case.services:
        if name not in case.position:
            yield Violation("/services", found=NOT_REPORTED, expected=name, service_type=name)
