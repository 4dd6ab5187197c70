import pytest

from regulation.law import Law
from services.validation.domain.case import NOT_REPORTED
from services.validation.domain.rulebook import services_of
from services.validation.domain.rules.all_service_types_reported import all_service_types_reported
from tests.validation.reports import JAKARTA, KOTA, PERIOD, PROVINSI, UNKNOWN, case, faultless, service, submission


@pytest.mark.parametrize("code", [KOTA, PROVINSI, JAKARTA])
def test_a_whole_report_misses_nothing(law: Law, code: str) -> None:
    assert not list(all_service_types_reported(case(law, faultless(law, region_code=code))))


@pytest.mark.parametrize(("code", "count"), [(KOTA, 29), (PROVINSI, 14), (JAKARTA, 43), (UNKNOWN, 0)])
def test_an_empty_report_misses_the_whole_list_in_the_order_of_the_law(law: Law, code: str, count: int) -> None:
    violations = list(all_service_types_reported(case(law, submission(region_code=code))))
    assert [found.service_type for found in violations] == list(services_of(law, code, PERIOD))
    assert len(violations) == count


def test_one_missing_service_type_is_named(law: Law) -> None:
    whole = faultless(law)
    report = submission(*whole.services[1:])
    (violation,) = all_service_types_reported(case(law, report))
    name = whole.services[0].service_type
    assert (violation.pointer, violation.found, violation.expected) == ("/services", NOT_REPORTED, name)
    assert violation.service_type == name


def test_a_service_type_with_nothing_filled_in_is_reported_all_the_same(law: Law) -> None:
    whole = faultless(law)
    first = service(whole.services[0].service_type, target=None, served=None, allocated=None, realised=None)
    assert not list(all_service_types_reported(case(law, submission(first, *whole.services[1:]))))
