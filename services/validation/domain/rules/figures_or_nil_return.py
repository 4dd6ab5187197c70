from collections.abc import Iterator

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def figures_or_nil_return(case: Case) -> Iterator[Violation]:
    """A report holds a service type, or says that nothing was delivered; silence is neither."""
    if not case.submission.services and case.submission.nil_return is None:
        expected = "jenis pelayanan, atau laporan nihil / service types, or a nil return"
        yield Violation("/services", found=NOT_REPORTED, expected=expected)
