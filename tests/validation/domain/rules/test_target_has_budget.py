import pytest

from regulation.law import Law
from services.validation.domain.case import NOT_REPORTED
from services.validation.domain.rules.target_has_budget import target_has_budget
from tests.validation.reports import case, service, submission


@pytest.mark.parametrize(
    ("target", "allocated"), [(1, 1), (100, 100), (0, 0), (0, None), (None, 0), (None, None), (None, 1), (0, 1)]
)
def test_it_holds(law: Law, target: int | None, allocated: int | None) -> None:
    assert not list(target_has_budget(case(law, submission(service(target=target, allocated=allocated)))))


@pytest.mark.parametrize(
    ("target", "allocated", "found"), [(1, 0, "0"), (100, 0, "0"), (1, None, NOT_REPORTED), (100, None, NOT_REPORTED)]
)
def test_people_to_serve_without_money_are_found(law: Law, target: int, allocated: int | None, found: str) -> None:
    report = submission(service("edu.kab.paud"), service(target=target, allocated=allocated))
    (violation,) = target_has_budget(case(law, report))
    assert violation.pointer == "/services/1/budget/allocated"
    assert (violation.found, violation.expected) == (found, "> 0")
    assert violation.service_type == "edu.kab.basic"
