from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def service_types_reported_once(case: Case) -> Iterator[Violation]:
    """No service type stands twice in a report."""
    names = case.columns.names
    if len(names) == len(case.position):
        return
    for position, name in enumerate(names):
        if (first := case.position[name]) != position:
            expected = f"satu kali, seperti pada / once, as at /services/{first}"
            yield case.breach(position, "service_type", found=name, expected=expected)
