from datetime import UTC, datetime, timedelta

import pytest

from contracts.award import AwardState
from contracts.quarter import Quarter
from contracts.verdict import Severity, VerdictOutcome
from regulation.law import Law
from services.notify.domain.situation import (
    AwardStanding,
    Card,
    Duty,
    Missed,
    Standing,
    Verdict,
    latest_scored,
    quarter_lines,
    quarters_due,
    weak_sectors,
)
from tests.notify.messages import DUE, award, finding, judged, overdue, returned, scorecard, sector

NOW = datetime(2024, 2, 5, 3, tzinfo=UTC)
RETURNED = Verdict.of(returned())
ACCEPTED = Verdict.of(judged([finding(Severity.WARNING)], outcome=VerdictOutcome.ACCEPTED_WITH_WARNINGS, number=2))


def standing(**parts: object) -> Standing:
    return Standing.model_validate({"region_code": "64.71", "period": "2023Q4"} | parts)


@pytest.mark.parametrize(
    ("known", "now", "duty"),
    [
        (standing(), DUE - timedelta(days=60), Duty.NOT_YET_OPEN),
        (standing(), DUE - timedelta(days=1), Duty.AWAITED),
        (standing(), DUE + timedelta(seconds=1), Duty.OVERDUE),
        (standing(missed=Missed.of(overdue())), DUE - timedelta(days=1), Duty.OVERDUE),
        (standing(judged=RETURNED), NOW, Duty.RETURNED),
        (standing(judged=RETURNED, accepted=ACCEPTED), NOW, Duty.ACCEPTED),
    ],
)
def test_a_quarter_stands_as_the_last_fact_says(known: Standing, now: datetime, duty: Duty, law: Law) -> None:
    [line] = quarter_lines("64.71", [Quarter(2023, 4)], {"2023Q4": known}, law, now)
    assert line.duty is duty


def test_a_deadline_that_a_fact_told_of_counts_more_than_the_calendar(law: Law) -> None:
    later = DUE + timedelta(days=7)
    missed = Missed.of(overdue().model_copy(update={"due_at": later}))
    [line] = quarter_lines("64.71", [Quarter(2023, 4)], {"2023Q4": standing(missed=missed)}, law, NOW)
    assert line.due_at == later


def test_the_running_quarter_the_one_before_and_those_that_lack_something_are_shown() -> None:
    known = {
        "2022Q4": standing(period="2022Q4", judged=RETURNED, accepted=ACCEPTED),
        "2023Q1": standing(period="2023Q1", missed=Missed.of(overdue())),
    }
    assert quarters_due(known, NOW) == [Quarter(2024, 1), Quarter(2023, 4), Quarter(2023, 1)]


def test_the_day_in_jakarta_says_which_quarter_runs() -> None:
    assert quarters_due({}, datetime(2023, 12, 31, 17, 30, tzinfo=UTC))[0] == Quarter(2024, 1)


def test_the_last_quarter_with_a_scorecard_is_the_one_that_is_shown() -> None:
    card = Card.of(scorecard("71"))
    known = {"2023Q2": standing(period="2023Q2", card=card), "2023Q3": standing(period="2023Q3", judged=RETURNED)}
    assert latest_scored(known) == known["2023Q2"]
    assert latest_scored({}) is None


def test_sectors_below_the_path_are_named_weakest_first() -> None:
    sectors = [
        sector("edu", "99", {}),
        sector("health", "38", {}),
        sector("social", None, {}),
        sector("order", "75", {}),
    ]
    card = Card.of(scorecard("70", "90", sectors=sectors))
    assert [one.sector for one in weak_sectors(card)] == ["health", "order"]


def test_warnings_without_a_reason_are_counted_apart_from_errors() -> None:
    findings = [finding(), finding(Severity.WARNING), finding(Severity.WARNING, justified=True)]
    verdict = Verdict.of(judged(findings))
    assert (verdict.errors, verdict.open_warnings) == (1, 1)


def test_a_region_finds_its_place_among_nominees_and_winners() -> None:
    told = AwardStanding.of(award(AwardState.DECIDED, winners=["64.72", "64.71"], revision=2))
    placed = told.place_of("64.71")
    assert placed is not None
    assert (placed.rank, told.won_place("64.71"), told.won_place("64.74")) == (1, 2, None)
    assert told.place_of("64.02") is None
