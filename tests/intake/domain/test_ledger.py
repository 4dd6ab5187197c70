import pytest

from services.intake.domain.ledger import Ledger

EVEN = {
    "sent": 10,
    "pending": 1,
    "judged": 9,
    "accepted": 5,
    "accepted_with_warnings": 3,
    "returned": 1,
    "scored": 8,
    "superseded": 2,
    "overdue": 4,
}


def test_a_ledger_balances_when_every_report_has_one_place() -> None:
    assert Ledger(**EVEN).balanced


@pytest.mark.parametrize("figure", ["sent", "pending", "judged", "accepted", "accepted_with_warnings", "returned"])
def test_one_report_too_many_anywhere_is_seen(figure: str) -> None:
    assert not Ledger(**(EVEN | {figure: EVEN[figure] + 1})).balanced
