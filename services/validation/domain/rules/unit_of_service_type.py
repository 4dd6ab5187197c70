from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def unit_of_service_type(case: Case) -> Iterator[Violation]:
    """Recipients are counted in the unit of their service type, in whatever case it is written.

    Of service types of another level ``service_types_of_level`` speaks.
    """
    for position, service in enumerate(case.submission.services):
        known = case.services.get(service.service_type)
        unit = service.recipients.unit
        if known is not None and unit != known.unit and unit.casefold() != known.unit.casefold():
            yield case.breach(position, "recipients/unit", found=unit, expected=known.unit)
