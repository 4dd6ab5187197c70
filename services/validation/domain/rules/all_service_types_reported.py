from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def all_service_types_reported(case: Case) -> Iterator[Violation]:
    """Every service type that the region must serve is reported; an unknown region has none to miss."""
    reported = {service.service_type for service in case.submission.services}
    for name in case.services:
        if name not in reported:
            yield Violation("/services", found=NOT_REPORTED, expected=name, service_type=name)
