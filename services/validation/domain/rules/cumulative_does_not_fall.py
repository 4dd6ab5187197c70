from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, exceeds


def cumulative_does_not_fall(case: Case) -> Iterator[Violation]:
    """Served and realised count from January, so they are not below the accepted report of an earlier quarter.

    Silent where the year has no earlier accepted report, or either of two figures is missing.
    """
    if case.earlier is None:
        return
    for position, service in enumerate(case.submission.services):
        before = case.earlier.figures.get(service.service_type)
        if before is None:
            continue
        for part, now, then in (
            ("recipients/served", service.recipients.served, before.served),
            ("budget/realised", service.budget.realised, before.realised),
        ):
            if exceeds(then, now):
                yield Violation(
                    f"/services/{position}/{part}",
                    found=f"{now}",
                    expected=f"≥ {then} ({case.earlier.period})",
                    service_type=service.service_type,
                )
