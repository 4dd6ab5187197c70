from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def nil_return_before_figures(case: Case) -> Iterator[Violation]:
    """What was delivered earlier in the year cannot be undone: a nil return follows no report with figures."""
    if case.submission.nil_return is None or case.earlier is None:
        return
    delivered = sum(figures.served or 0 for figures in case.earlier.figures.values())
    if delivered:
        expected = f"≥ {delivered} ({case.earlier.period})"
        yield Violation("/nil_return", found="laporan nihil / a nil return", expected=expected)
