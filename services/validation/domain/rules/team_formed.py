from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def team_formed(case: Case) -> Iterator[Violation]:
    """The report names the implementation team with its decree."""
    if case.submission.team is None:
        yield Violation("/team", found=NOT_REPORTED, expected="SK Tim Penerapan SPM / the team's decree")
