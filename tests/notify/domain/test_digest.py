from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from contracts.message import Message
from contracts.notice import NoticeKind
from contracts.recipient import Channel, RecipientChangedV1, Role, Subscription
from contracts.verdict import VerdictOutcome
from contracts.week import OpenMatter, ReportToCome, UnreadByOffice, WeekSummedUpV1
from regulation.law import Law
from services.notify.domain.digest import (
    LATE_MAX,
    attainment_of,
    matters_of_week,
    reports_to_come,
    unread_of,
    week_to_sum_up,
)
from services.notify.domain.facts import Facts, WeeklyDigest
from services.notify.domain.notice import Mailbox, Matter
from services.notify.domain.recipients import notices_of
from services.notify.domain.situation import Card, Standing, Verdict
from tests.notify.messages import DUE, judged, returned, scorecard, sector
from tests.notify.messages import office as registered

MONDAY = datetime(2024, 1, 15, tzinfo=UTC)
"""Seven o'clock in Jakarta."""
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WANTED = Subscription(kind=NoticeKind.WEEKLY_DIGEST, since=MONDAY - DAY)
SEED = (Mailbox(role=Role.TEAM, address="tim@seed.example"),)


def summed_up(**changes: object) -> WeekSummedUpV1:
    line = OpenMatter(kind=NoticeKind.REPORT_OVERDUE, period="2023Q2", told_at=MONDAY - 9 * DAY, notice_id="n")
    fact = WeekSummedUpV1(
        region_code="64.71",
        week="2024-W03",
        began_at=MONDAY,
        stated_at=MONDAY + SECOND,
        open=(line,),
        open_in_all=1,
    )
    return fact.model_copy(update=changes)


def matter(law: Law, **changes: object) -> Matter:
    message = summed_up(**changes)
    [told] = matters_of_week(message, message.event_id, law)
    return told


def office(*wanted: Subscription, **changes: object) -> RecipientChangedV1:
    return registered(MONDAY - 30 * DAY).model_copy(update={"subscriptions": wanted} | changes)


@pytest.mark.parametrize(
    ("now", "week"),
    [
        (MONDAY - SECOND, None),
        (MONDAY, "2024-W03"),
        (MONDAY + LATE_MAX - SECOND, "2024-W03"),
        (MONDAY + LATE_MAX, None),
        (datetime(2024, 12, 30, tzinfo=UTC), "2025-W01"),
        (datetime(2027, 1, 4, tzinfo=UTC), "2027-W01"),
        (datetime(2020, 12, 28, 1, tzinfo=UTC), "2020-W53"),
    ],
)
def test_a_week_is_summed_up_from_its_monday_morning_on_and_not_long_after(now: datetime, week: str | None) -> None:
    found = week_to_sum_up(now)
    assert (found and found.text) == week
    assert found is None or found.began_at.astimezone(UTC).hour == 0


@pytest.mark.parametrize(
    ("row", "is_told"),
    [
        (office(), False),
        (office(WANTED), True),
        (office(WANTED.model_copy(update={"since": MONDAY})), True),
        (office(WANTED.model_copy(update={"since": MONDAY + SECOND})), False),
        (office(WANTED.model_copy(update={"until": MONDAY})), False),
        (office(WANTED.model_copy(update={"until": MONDAY + SECOND})), True),
        (office(WANTED, unreachable_since=MONDAY), False),
        (office(WANTED, active_until=MONDAY), False),
        (office(WANTED, channel=Channel.INBOX, address=None), False),
        (office(role=Role.SYSTEM, channel=Channel.WEBHOOK), False),
    ],
)
def test_who_asked_for_it_by_then_is_mailed_it_and_nobody_else(
    row: RecipientChangedV1, law: Law, *, is_told: bool
) -> None:
    assert bool(notices_of(matter(law), [row], SEED)) == is_told


def test_an_address_of_the_file_did_not_ask(law: Law) -> None:
    assert notices_of(matter(law), (), SEED) == []


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, True),
        ({"open": (), "open_in_all": 0}, False),
        ({"open": (), "open_in_all": 0, "unread": (UnreadByOffice(office=Role.TEAM, notices=1),)}, True),
        ({"open": (), "open_in_all": 0, "unread": (UnreadByOffice(office=Role.HEAD, notices=1),)}, False),
        (
            {
                "open": (),
                "open_in_all": 0,
                "due": (ReportToCome(period="2023Q4", due_at=MONDAY + DAY, returned=False),),
            },
            True,
        ),
    ],
)
def test_an_office_for_which_nothing_is_open_gets_none(changes: dict[str, object], law: Law, *, is_told: bool) -> None:
    assert bool(notices_of(matter(law, **changes), [office(WANTED)], SEED)) == is_told


def test_a_week_of_a_region_is_one_fact_whatever_was_found() -> None:
    assert summed_up().event_id == summed_up(open=(), open_in_all=0).event_id
    assert summed_up().event_id != summed_up(week="2024-W04").event_id


@pytest.mark.parametrize(
    ("standing", "now", "coming"),
    [
        ({}, DUE - 14 * DAY, [("2023Q4", False)]),
        ({}, DUE - 14 * DAY - SECOND, []),
        ({}, DUE, [("2023Q4", False)]),
        ({}, DUE + SECOND, []),
        ({"judged": Verdict.of(returned())}, DUE - DAY, [("2023Q4", True)]),
        (dict.fromkeys(("judged", "accepted"), Verdict.of(judged(outcome=VerdictOutcome.ACCEPTED))), DUE - DAY, []),
    ],
)
def test_a_report_is_told_of_while_its_deadline_comes_within_two_weeks(
    standing: dict[str, object], now: datetime, coming: list[tuple[str, bool]], law: Law
) -> None:
    known = {"2023Q4": Standing.model_validate({"region_code": "64.71", "period": "2023Q4"} | standing)}
    assert [(one.period, one.returned) for one in reports_to_come("64.71", known, law, now)] == coming


def test_unread_is_what_an_office_was_told_and_never_opened() -> None:
    told = [("a", Role.TEAM), ("a", Role.TEAM), ("a", Role.SECRETARY), ("b", Role.TEAM)]
    read = {"a": {Role.SECRETARY: MONDAY}, "b": {Role.HEAD: MONDAY}}
    assert unread_of(told, read) == [UnreadByOffice(office=Role.TEAM, notices=2)]


def test_sectors_stand_lowest_first_and_rounded_as_the_law_shows_figures(law: Law) -> None:
    card = Card.of(scorecard("71.2543", "75", sectors=[sector("edu", "91.4", {}), sector("health", "38.199", {})]))
    known = {"2023Q3": Standing(region_code="64.71", period="2023Q3", card=card)}
    facts: Facts = matter(law, attainment=attainment_of(known)).facts
    assert isinstance(facts, WeeklyDigest)
    assert facts.standing is not None
    assert [line.index_pct for line in facts.standing.sectors] == [Decimal("38.20"), Decimal("91.40")]
    assert facts.standing.index_pct == Decimal("71.25")
    assert attainment_of({}) is None


def test_other_facts_are_no_week(law: Law) -> None:
    message: Message = returned()
    assert matters_of_week(message, message.event_id, law) == []
