from decimal import Decimal

import pytest

from regulation.law import Law
from services.validation.domain.rules.fulfilled_within_required import fulfilled_within_required
from tests.validation.reports import case, item, service, submission

Amount = int | Decimal | None


@pytest.mark.parametrize(
    ("required", "fulfilled"),
    [
        (100, 99),
        (100, 100),
        (Decimal("100.0"), 100),
        (Decimal("0.5"), Decimal("0.5")),
        (0, 0),
        (None, 90),
        (100, None),
        (None, None),
        (0, None),
        (None, 0),
    ],
)
def test_it_holds(law: Law, required: Amount, fulfilled: Amount) -> None:
    report = submission(service(quality=[item(required, fulfilled)]))
    assert not list(fulfilled_within_required(case(law, report)))


@pytest.mark.parametrize(
    ("required", "fulfilled", "found", "expected"),
    [
        (100, 101, "101", "≤ 100"),
        (0, 1, "1", "≤ 0"),
        (Decimal("0.5"), Decimal("0.5001"), "0.5001", "≤ 0.5"),
        (Decimal("1E+3"), Decimal("1.1E+3"), "1100", "≤ 1000"),
    ],
)
def test_it_is_broken_by_the_smallest_excess(
    law: Law, required: Amount, fulfilled: Amount, found: str, expected: str
) -> None:
    report = submission(service("edu.kab.paud"), service(quality=[item(), item(required, fulfilled), item()]))
    (violation,) = fulfilled_within_required(case(law, report))
    assert violation.pointer == "/services/1/quality/1/fulfilled"
    assert (violation.found, violation.expected) == (found, expected)
    assert violation.service_type == "edu.kab.basic"
