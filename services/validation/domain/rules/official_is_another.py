from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, written


def official_is_another(case: Case) -> Iterator[Violation]:
    """Whoever answers for the report is not the one who fills it in."""
    author, official = case.submission.submitted_by, case.submission.accountable_official
    if (author.role, author.unit) == (official.role, official.unit):
        expected = "pejabat lain / another official"
        yield Violation("/accountable_official", found=written(official.role), expected=expected)
