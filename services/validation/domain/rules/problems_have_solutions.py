from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def problems_have_solutions(case: Case) -> Iterator[Violation]:
    """Every problem comes with what is done about it."""
    for position, problem in enumerate(case.submission.problems):
        if problem.solution is None:
            pointer = f"/problems/{position}/solution"
            expected = "solusi tertulis / a written solution"
            yield Violation(pointer, NOT_REPORTED, expected, service_type=problem.service_type)
