import pytest

from regulation.law import Law
from services.validation.domain.rules.realised_within_allocated import realised_within_allocated
from tests.validation.reports import case, service, submission


@pytest.mark.parametrize(
    ("allocated", "realised"),
    [(100, 99), (100, 100), (0, 0), (None, 90), (100, None), (None, None), (0, None), (None, 0)],
)
def test_it_holds(law: Law, allocated: int | None, realised: int | None) -> None:
    assert not list(realised_within_allocated(case(law, submission(service(allocated=allocated, realised=realised)))))


@pytest.mark.parametrize(("allocated", "realised"), [(100, 101), (0, 1), (10**15 - 1, 10**15)])
def test_it_is_broken_by_one_rupiah_too_much(law: Law, allocated: int, realised: int) -> None:
    report = submission(service("edu.kab.paud"), service(allocated=allocated, realised=realised))
    (violation,) = realised_within_allocated(case(law, report))
    assert violation.pointer == "/services/1/budget/realised"
    assert (violation.found, violation.expected) == (str(realised), f"≤ {allocated}")
    assert violation.service_type == "edu.kab.basic"
