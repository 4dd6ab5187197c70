import pytest

from regulation.law import Law
from services.validation.domain.rules.service_types_of_level import service_types_of_level
from tests.validation.reports import (
    ADMINISTRATIVE,
    JAKARTA,
    KOTA,
    PROVINSI,
    UNKNOWN,
    case,
    faultless,
    service,
    submission,
)

OF_KAB = "edu.kab.basic"
OF_PROV = "edu.prov.secondary"
OF_NOBODY = "edu.kab.astronomy"


@pytest.mark.parametrize("code", [KOTA, PROVINSI, JAKARTA])
def test_the_whole_list_of_the_region_belongs_to_it(law: Law, code: str) -> None:
    assert not list(service_types_of_level(case(law, faultless(law, region_code=code))))


@pytest.mark.parametrize(
    ("code", "name", "holds"),
    [
        (KOTA, OF_KAB, True),
        (KOTA, OF_PROV, False),
        (KOTA, OF_NOBODY, False),
        (PROVINSI, OF_PROV, True),
        (PROVINSI, OF_KAB, False),
        (JAKARTA, OF_PROV, True),
        (JAKARTA, OF_KAB, True),
        (ADMINISTRATIVE, OF_KAB, True),
        (ADMINISTRATIVE, OF_PROV, False),
        pytest.param(UNKNOWN, OF_NOBODY, True, id="an unknown region has no list to belong to"),
    ],
)
def test_a_service_type_belongs_to_the_level(law: Law, code: str, name: str, holds: bool) -> None:  # noqa: FBT001 - a column of the table
    violations = list(service_types_of_level(case(law, submission(service(name), region_code=code))))
    assert [(found.pointer, found.found, found.service_type) for found in violations] == (
        [] if holds else [("/services/0/service_type", name, name)]
    )


def test_the_expected_text_names_the_kind_of_region(law: Law) -> None:
    (violation,) = service_types_of_level(case(law, submission(service(OF_PROV))))
    assert violation.expected == "jenis pelayanan kota / a service type of a kota"


def test_a_foreign_service_type_that_stands_twice_is_foreign_once(law: Law) -> None:
    violations = list(service_types_of_level(case(law, submission(service(OF_PROV), service(OF_PROV)))))
    assert [found.pointer for found in violations] == ["/services/0/service_type"]
