import pytest

from regulation.law import Law
from services.validation.domain.rules.served_within_target import served_within_target
from tests.validation.reports import case, service, submission


@pytest.mark.parametrize(
    ("target", "served"), [(100, 99), (100, 100), (0, 0), (None, 90), (100, None), (None, None), (0, None), (None, 0)]
)
def test_it_holds(law: Law, target: int | None, served: int | None) -> None:
    assert not list(served_within_target(case(law, submission(service(target=target, served=served)))))


@pytest.mark.parametrize(("target", "served"), [(100, 101), (0, 1)])
def test_it_is_broken_by_one_person_too_many(law: Law, target: int, served: int) -> None:
    report = submission(service("edu.kab.paud"), service(target=target, served=served))
    (violation,) = served_within_target(case(law, report))
    assert violation.pointer == "/services/1/recipients/served"
    assert (violation.found, violation.expected) == (str(served), f"≤ {target}")
    assert violation.service_type == "edu.kab.basic"
