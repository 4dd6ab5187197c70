from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def service_types_stay(case: Case) -> Iterator[Violation]:
    """A service type under which somebody was served earlier in the year is still in the report.

    Of a nil return ``nil_return_before_figures`` speaks.
    """
    if case.earlier is None or case.submission.nil_return is not None:
        return
    for name, figures in case.earlier.figures.items():
        if figures.served and name not in case.position:
            expected = f"≥ {figures.served} ({case.earlier.period}, {name})"
            yield Violation("/services", found=NOT_REPORTED, expected=expected, service_type=name)
