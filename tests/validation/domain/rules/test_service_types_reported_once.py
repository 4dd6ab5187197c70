import pytest

from regulation.law import Law
from services.validation.domain.rules.service_types_reported_once import service_types_reported_once
from tests.validation.reports import KOTA, UNKNOWN, case, service, submission

TWICE = "edu.kab.basic"


@pytest.mark.parametrize("code", [KOTA, UNKNOWN])
def test_each_repetition_points_to_the_first(law: Law, code: str) -> None:
    report = submission(
        service("social.kab.child_out"), service(TWICE), service(TWICE), service(TWICE), region_code=code
    )
    violations = list(service_types_reported_once(case(law, report)))
    assert [found.pointer for found in violations] == ["/services/2/service_type", "/services/3/service_type"]
    assert {found.expected for found in violations} == {"satu kali, seperti pada / once, as at /services/1"}
