from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def problems_name_own_services(case: Case) -> Iterator[Violation]:
    """A problem that names a service type names one that the region must serve; an unknown region has no list."""
    if case.region is None:
        return
    expected = f"jenis pelayanan {case.region.kind} / a service type of a {case.region.kind}"
    for position, problem in enumerate(case.submission.problems):
        name = problem.service_type
        if name is not None and name not in case.services:
            yield Violation(f"/problems/{position}/service_type", found=name, expected=expected, service_type=name)
