import pytest

from regulation.law import Law
from services.validation.domain.rules.region_reports import region_reports
from tests.validation.reports import ADMINISTRATIVE, JAKARTA, KOTA, PROVINSI, UNKNOWN, case, submission


@pytest.mark.parametrize("code", [KOTA, PROVINSI, JAKARTA])
def test_a_region_that_must_report_is_welcome(law: Law, code: str) -> None:
    assert not list(region_reports(case(law, submission(region_code=code))))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(ADMINISTRATIVE, JAKARTA, id="an administrative unit reports through its provinsi"),
        pytest.param(UNKNOWN, "kode wilayah terdaftar / a registered region code", id="an unknown code"),
    ],
)
def test_a_region_that_does_not_report_is_found(law: Law, code: str, expected: str) -> None:
    (violation,) = region_reports(case(law, submission(region_code=code)))
    assert violation.pointer == "/region_code"
    assert violation.found == code
    assert violation.expected == expected
    assert violation.service_type is None
