import pytest

from contracts.verdict import VerdictOutcome
from services.intake.domain.ledger import Balance, Count, Entry, ledger_of

EVEN = {
    "sent": 12,
    "accepted": 6,
    "accepted_with_warnings": 2,
    "returned": 2,
    "superseded": 2,
    "pending": 1,
    "discarded": 1,
    "unlogged": 0,
    "unsent": 0,
}


def test_a_row_balances_when_every_report_has_one_place() -> None:
    assert Balance(**EVEN).balanced


@pytest.mark.parametrize("figure", ["sent", "accepted", "returned", "superseded", "pending", "discarded"])
@pytest.mark.parametrize("more", [-1, 1])
def test_one_report_too_many_or_too_few_anywhere_is_seen(figure: str, more: int) -> None:
    upset = Balance(**(EVEN | {figure: EVEN[figure] + more}))
    assert (upset.balanced, upset.difference) == (False, 1)


def test_one_report_lost_and_one_that_nobody_sent_do_not_make_up_for_each_other() -> None:
    upset = Balance(**(EVEN | {"unlogged": 1, "unsent": 1}))
    assert (upset.balanced, upset.difference) == (False, 2)


def test_what_is_missing_in_one_row_is_not_made_up_for_by_another() -> None:
    ledger = ledger_of(
        [
            Count("kota-a", "2023Q4", Entry.SENT, 2),
            Count("kota-a", "2023Q4", Entry.ACCEPTED, 1),
            Count("kota-b", "2023Q4", Entry.SENT, 1),
            Count("kota-b", "2023Q4", Entry.ACCEPTED, 2),
        ],
        overdue=0,
    )
    assert (ledger.total.difference, ledger.difference, ledger.balanced) == (0, 2, False)


def test_rows_are_of_one_client_and_period_and_accepted_holds_those_with_warnings() -> None:
    ledger = ledger_of(
        [
            Count("kota-b", "2023Q4", Entry.SENT, 1),
            Count("kota-b", "2023Q4", Entry.PENDING, 1),
            Count("kota-a", "2023Q4", Entry.SENT, 3),
            Count("kota-a", "2023Q4", Entry.ACCEPTED, 1),
            Count("kota-a", "2023Q4", Entry.ACCEPTED_WITH_WARNINGS, 1),
            Count("kota-a", "2023Q4", Entry.SUPERSEDED, 1),
            Count("kota-a", "2023Q4", Entry.VERDICT_ACCEPTED, 2),
            Count("kota-a", "2023Q4", Entry.VERDICT_ACCEPTED_WITH_WARNINGS, 1),
            Count("kota-a", "2023Q3", Entry.SENT, 1),
            Count("kota-a", "2023Q3", Entry.RETURNED, 1),
            Count("kota-a", "2023Q3", Entry.VERDICT_RETURNED, 1),
            Count("kota-a", "2023Q4", Entry.SCORED, 2),
        ],
        overdue=4,
    )
    assert [(row.client_id, row.period, row.sent) for row in ledger.rows] == [
        ("kota-a", "2023Q3", 1),
        ("kota-a", "2023Q4", 3),
        ("kota-b", "2023Q4", 1),
    ]
    assert (ledger.rows[1].accepted, ledger.rows[1].accepted_with_warnings) == (2, 1)
    assert (ledger.total.sent, ledger.total.accepted, ledger.scored, ledger.overdue) == (5, 2, 2, 4)
    assert ledger.verdicts == {
        VerdictOutcome.ACCEPTED: 2,
        VerdictOutcome.ACCEPTED_WITH_WARNINGS: 1,
        VerdictOutcome.RETURNED: 1,
    }
    assert ledger.balanced


def test_a_ledger_without_a_report_balances() -> None:
    assert ledger_of([], overdue=0).balanced
