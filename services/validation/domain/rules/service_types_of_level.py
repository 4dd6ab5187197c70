from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def service_types_of_level(case: Case) -> Iterator[Violation]:
    """Each service type is reported once and stands in the list of the region's level.

    An unknown region has no list; ``region_reports`` speaks then, and only what is written twice is found here.
    """
    first_at: dict[str, int] = {}
    for position, service in enumerate(case.submission.services):
        name = service.service_type
        pointer = f"/services/{position}/service_type"
        if name in first_at:
            expected = f"satu kali, seperti pada / once, as at /services/{first_at[name]}"
            yield Violation(pointer, found=name, expected=expected, service_type=name)
        elif case.region is not None and name not in case.services:
            expected = f"jenis pelayanan {case.region.kind} / a service type of a {case.region.kind}"
            yield Violation(pointer, found=name, expected=expected, service_type=name)
        first_at.setdefault(name, position)
