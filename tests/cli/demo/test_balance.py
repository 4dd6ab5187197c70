from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from cli.demo.balance import differences, expected_notices, overdue
from cli.demo.flow import Found
from cli.demo.plan import Plan
from contracts.notice import NoticeKind
from contracts.verdict import VerdictOutcome
from regulation.law import Law
from services.scoring.domain.audit import Audit
from services.scoring.domain.differences import Difference


def as_planned(plan: Plan, law: Law) -> Found:
    """What the system says when all goes as planned; every index is 0, below any path."""
    returned = plan.outcomes[VerdictOutcome.RETURNED]
    ledger = {
        "total": {"sent": len(plan.reports), "pending": 0, "superseded": plan.revised},
        "verdicts": {outcome.value: count for outcome, count in plan.outcomes.items()},
        "scored": len(plan.reports) - returned,
        "overdue": overdue(plan, law),
        "balanced": True,
    }
    stories = {
        report.key: {
            "submission_id": report.key,
            "outcome": report.outcome.value,
            "findings_by_code": [{"code": code} for code in report.codes],
            "on_time": not report.late,
            "scorecard": None if report.outcome is VerdictOutcome.RETURNED else {"index_pct": "0"},
        }
        for report in plan.reports
    }
    awards = [
        {
            "category": category,
            "nominees": [{"region_code": place.region_code} for place in ranked],
            "winners": [place.region_code for place in ranked[:3]],
        }
        for category, ranked in plan.podium.places.items()
    ]
    found = Found(ledger, stories, award={"awards": awards}, attainment={}, notices={}, audit=Audit("digest", ()))
    delivered = {(str(kind), "delivered"): count for kind, count in expected_notices(plan, found, law).items()}
    return replace(found, notices=delivered)


def told(plan: Plan, law: Law, found: Found) -> list[str]:
    return differences(plan, found, law, expected_notices(plan, found, law))


def test_nothing_is_said_when_all_went_as_planned(small_plan: Plan, law: Law) -> None:
    assert told(small_plan, law, as_planned(small_plan, law)) == []


def test_notices_are_expected_for_each_fact_and_office(small_plan: Plan, law: Law) -> None:
    expected = expected_notices(small_plan, as_planned(small_plan, law), law)
    assert expected[NoticeKind.REPORT_OVERDUE] == 2 * (546 * 4 - len(small_plan.reported))
    assert (
        expected[NoticeKind.ACHIEVEMENT_DEFICIENCY]
        == len(small_plan.reports) - expected[NoticeKind.SUBMISSION_RETURNED]
    )
    assert (expected[NoticeKind.AWARD_NOMINATED], expected[NoticeKind.AWARD_WON]) == (30, 18)


def first_story(found: Found) -> Any:
    return next(story for story in found.stories.values() if story["outcome"] == "accepted")


def lose_a_report(found: Found) -> None:
    found.ledger["total"]["sent"] -= 1


def supersede_too_little(found: Found) -> None:
    found.ledger["total"]["superseded"] -= 1


def be_unbalanced(found: Found) -> None:
    found.ledger["balanced"] = False


def return_a_good_one(found: Found) -> None:
    first_story(found)["outcome"] = "returned"


def find_too_much(found: Found) -> None:
    first_story(found)["findings_by_code"].append({"code": "served-within-target"})


def mistake_a_deadline(found: Found) -> None:
    first_story(found)["on_time"] ^= True


def forget_a_scorecard(found: Found) -> None:
    first_story(found)["scorecard"] = None


def swap_nominees(found: Found) -> None:
    found.award["awards"][0]["nominees"].reverse()


def crown_nobody(found: Found) -> None:
    found.award["awards"][0]["winners"].clear()


@pytest.mark.parametrize(
    ("go_wrong", "sentence"),
    [
        (lose_a_report, "The ledger of 2023 counts 95 sent, planned were 96."),
        (supersede_too_little, "superseded, planned were"),
        (be_unbalanced, "says itself that it does not balance"),
        (return_a_good_one, "is returned, planned was accepted."),
        (find_too_much, "has findings ['served-within-target'], planned were []."),
        (mistake_a_deadline, "planned was the contrary."),
        (forget_a_scorecard, "was accepted and has no scorecard."),
        (swap_nominees, "Nominees of provinsi are"),
        (crown_nobody, "Nobody won the award of provinsi."),
    ],
)
def test_each_difference_is_a_sentence(
    small_plan: Plan, law: Law, go_wrong: Callable[[Found], None], sentence: str
) -> None:
    found = deepcopy(as_planned(small_plan, law))
    go_wrong(found)
    assert any(sentence in said for said in told(small_plan, law, found))


@pytest.mark.parametrize(
    ("moved_to", "sentence"),
    [
        (None, "29 notices of kind award_nominated, expected were 30."),
        ("given_up", "1 of 30 notices of kind award_nominated were not delivered."),
    ],
)
def test_a_notice_that_is_lost_or_given_up_is_told(
    small_plan: Plan, law: Law, moved_to: str | None, sentence: str
) -> None:
    found = as_planned(small_plan, law)
    notices = dict(found.notices)
    notices["award_nominated", "delivered"] -= 1
    if moved_to:
        notices["award_nominated", moved_to] = 1
    assert told(small_plan, law, replace(found, notices=notices)) == [sentence]


def test_a_sample_of_the_ledger_that_was_out_of_balance_is_told(small_plan: Plan, law: Law) -> None:
    found = replace(as_planned(small_plan, law), imbalances=("Sample 3 of the ledger is out of balance by 1.",))
    assert told(small_plan, law, found) == list(found.imbalances)


def test_a_bundle_that_does_not_verify_is_told(small_plan: Plan, law: Law) -> None:
    forged = Audit("digest", (Difference("/bundle/figures/7/index_pct", "99", "90"),))
    found = replace(as_planned(small_plan, law), audit=forged)
    assert told(small_plan, law, found) == [
        "The bundle of edition 2024 says at /bundle/figures/7/index_pct: 99; recomputed: 90."
    ]
