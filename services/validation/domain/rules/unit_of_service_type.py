from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def unit_of_service_type(case: Case) -> Iterator[Violation]:
    """Recipients are counted in the unit of their service type, in whatever case it is written.

    Of service types of another level ``service_types_of_level`` speaks.
    """
    known = case.services
    for position, service in enumerate(case.submission.services):
        unit, row = service.recipients.unit, known.get(service.service_type)
        if row is not None and unit != row.unit and unit.casefold() != row.unit.casefold():
            yield case.breach(position, "recipients/unit", found=unit, expected=row.unit)
