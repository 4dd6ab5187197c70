from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def region_reports(case: Case) -> Iterator[Violation]:
    """The region exists and must report; an administrative unit's services are reported by its provinsi."""
    if case.region is None:
        expected = "kode wilayah terdaftar / a registered region code"
    elif not case.region.reports_spm:
        expected = case.region.parent or "daerah otonom / an autonomous region"
    else:
        return
    yield Violation("/region_code", found=case.submission.region_code, expected=expected)
