from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def service_types_of_level(case: Case) -> Iterator[Violation]:
    """Each service type stands in the list of the region's level; of an unknown region ``region_reports`` speaks."""
    if case.region is None or case.services.keys() >= case.position.keys():
        return
    expected = f"jenis pelayanan {case.region.kind} / a service type of a {case.region.kind}"
    for position, name in enumerate(case.columns.names):
        if name not in case.services and case.position[name] == position:
            yield case.breach(position, "service_type", found=name, expected=expected)
