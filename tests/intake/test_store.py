from typing import Any

import pytest
import pytest_asyncio

from chassis.errors import Conflict
from chassis.mongo import Database, Document
from contracts.period import PeriodState
from services.intake.domain import kept
from services.intake.domain.period import deadline_marks
from services.intake.store.submissions import Store
from tests.intake.reports import (
    ANOTHER_KOTA,
    KOTA,
    NOW,
    PERIOD,
    SECOND,
    judged,
    period,
    received,
    scored,
    submission,
)

FACT = received()


@pytest_asyncio.fixture
async def store(database: Database) -> Store:
    store = Store(database)
    await store.prepare()
    return store


def attempt(name: str = "first", **changes: Any) -> Document:
    return kept.received(FACT) | {"published": False, "attempt": name, "begun_at": NOW} | changes


async def test_indexes_may_be_made_again(store: Store) -> None:
    await store.prepare()


async def test_one_attempt_at_a_time_pursues_a_report(store: Store) -> None:
    assert await store.begin([attempt()]) == []
    copy, other = attempt("second"), attempt("third", _id="another")
    assert await store.begin([copy, other]) == [copy]
    assert await store.submission(FACT.submission_id) == attempt()


async def test_an_attempt_is_taken_back_by_itself_alone(store: Store) -> None:
    await store.begin([attempt()])
    await store.take_back([FACT.submission_id], "second")
    assert await store.submission(FACT.submission_id) is not None
    await store.take_back([FACT.submission_id, "another"], "first")
    assert await store.submission(FACT.submission_id) is None


async def test_of_two_that_take_over_one_wins(store: Store) -> None:
    await store.begin([attempt()])
    assert await store.take_over(attempt("second"), "first")
    assert not await store.take_over(attempt("third"), "first")
    assert await store.submission(FACT.submission_id) == attempt("second")


async def test_a_verdict_outlives_the_attempt_that_it_was_read_before_the_report_of(store: Store) -> None:
    """The log had the report, and nobody here knew it yet."""
    await store.begin([attempt()])
    verdict = kept.judged(judged(FACT), NOW)
    await store.add_stage([verdict])
    await store.take_back([FACT.submission_id], "first")
    await store.clear_away(NOW + SECOND)
    assert not await store.take_over(attempt("second"), "first")
    await store.add_received([(kept.logged(FACT, 7), NOW)])
    assert await store.submission(FACT.submission_id) == kept.logged(FACT, 7) | verdict | {
        "published": True,
        "logged_at": NOW,
    }


async def test_what_is_left_of_attempts_is_cleared_away_and_nothing_else(store: Store) -> None:
    known = {"_id": "known", "published": True}
    young = attempt(_id="young", begun_at=NOW + SECOND)
    await store.begin([attempt(), young, known])
    await store.clear_away(NOW + SECOND)
    assert await store.submissions([FACT.submission_id, "young", "known"]) == {"young": young, "known": known}


async def test_a_published_report_is_no_attempt_any_more(store: Store) -> None:
    await store.begin([attempt()])
    assert await store.has_attempts(PERIOD, since=NOW)
    await store.published([FACT.submission_id], "first")
    assert not await store.has_attempts(PERIOD, since=NOW)
    assert await store.submission(FACT.submission_id) == kept.received(FACT) | {"published": True}
    await store.take_back([FACT.submission_id, "another"], "first")
    assert await store.submission(FACT.submission_id) is not None


async def test_attempts_of_other_periods_and_of_the_past_are_not_in_the_way(store: Store) -> None:
    await store.begin([attempt()])
    assert not await store.has_attempts("2023Q3", since=NOW)
    assert not await store.has_attempts(PERIOD, since=NOW + SECOND)
    assert not await store.has_attempts(PERIOD, since=NOW - 2 * SECOND, until=NOW - SECOND)
    assert await store.has_attempts(PERIOD, since=NOW - SECOND, until=NOW)


async def test_an_attempt_is_as_old_as_itself_and_not_as_its_report(store: Store) -> None:
    """A report may have waited behind the others of its batch."""
    await store.begin([attempt(begun_at=NOW + 60 * SECOND)])
    assert await store.has_attempts(PERIOD, since=NOW + 45 * SECOND, until=NOW)
    assert await store.has_others_under_way(KOTA, PERIOD, "another", since=NOW + 45 * SECOND)


async def test_what_the_log_has_first_replaces_what_an_attempt_noted(store: Store) -> None:
    await store.begin([attempt()])
    in_the_log = received(now=NOW - 30 * SECOND)
    await store.add_received(
        [(kept.logged(in_the_log, 7), NOW), (kept.logged(received(now=NOW + SECOND), 8), NOW + SECOND)]
    )
    assert await store.submission(FACT.submission_id) == kept.logged(in_the_log, 7) | {
        "published": True,
        "logged_at": NOW,
    }


async def test_each_report_that_has_its_receipt_gains_its_own_place_in_the_log_once(store: Store) -> None:
    facts = [received(key=f"kunci-{number}") for number in range(3)]
    await store.begin(
        [kept.received(fact) | {"published": False, "attempt": "first", "begun_at": NOW} for fact in facts]
    )
    answered, unanswered = facts[:2], facts[2]
    await store.published([fact.submission_id for fact in answered], "first")
    for later in range(2):
        at = NOW + later * SECOND
        await store.add_received((kept.logged(fact, 7 * later + place), at) for place, fact in enumerate(facts))
    known = await store.submissions([fact.submission_id for fact in facts])
    for place, fact in enumerate([*answered, unanswered]):
        assert known[fact.submission_id] == kept.logged(fact, place) | {"published": True, "logged_at": NOW}


async def test_stages_may_come_in_any_order_and_again(store: Store) -> None:
    verdict, card = kept.judged(judged(FACT), NOW), kept.scored(scored(FACT), NOW)
    await store.add_stage([card])
    assert await store.page(KOTA, None, None, 10) == []
    await store.add_stage([verdict, card])
    await store.add_received([(kept.logged(FACT, 7), NOW)])
    await store.add_stage([kept.judged(judged(FACT), NOW + SECOND)])
    expected = kept.logged(FACT, 7) | verdict | card | {"published": True, "logged_at": NOW}
    assert await store.submission(FACT.submission_id) == expected


async def test_nothing_to_write_is_no_mistake(store: Store) -> None:
    await store.add_received([])
    await store.add_stage([])
    await store.add_notices([])
    await store.add_overdue([])
    await store.add_marks([])
    await store.add_periods([])


async def test_pages_list_each_report_once_the_newest_first(store: Store) -> None:
    reports = [received(key=f"kunci-{number}", now=NOW + number // 2 * SECOND) for number in range(5)]
    elsewhere = received(submission(ANOTHER_KOTA), "kunci-lain")
    await store.add_received((kept.logged(fact, 7), NOW) for fact in [*reports, elsewhere])
    await store.begin([attempt(_id="unanswered")])
    found: list[Document] = []
    place = None
    while page := await store.page(KOTA, PERIOD, place, 2):
        found += page
        place = page[-1]["received"]["recorded_at"], page[-1]["_id"]
    expected = sorted(reports, key=lambda fact: (fact.recorded_at, fact.submission_id), reverse=True)
    assert [document["_id"] for document in found] == [fact.submission_id for fact in expected]
    assert len(await store.page(None, None, None, 10)) == 6
    assert await store.page(KOTA, "2023Q3", None, 10) == []


async def test_a_successor_is_the_report_that_supersedes(store: Store) -> None:
    later = received(key="kunci-2")
    await store.add_received((kept.logged(fact, 7), NOW) for fact in (FACT, later))
    await store.add_stage([kept.judged(judged(later, revision=2, supersedes=FACT.submission_id), NOW)])
    first, second = [await store.submission(fact.submission_id) for fact in (FACT, later)]
    assert first is not None
    assert second is not None
    assert await store.successor_of(first) == later.submission_id
    assert await store.successor_of(second) is None


async def test_the_marks_of_one_revision_and_day_are_known_by_their_regions(store: Store) -> None:
    marks = deadline_marks(period(), 1, [KOTA, ANOTHER_KOTA]) + deadline_marks(period(2), 7, [KOTA])
    await store.add_marks(map(kept.mark, marks))
    await store.add_marks(map(kept.mark, marks))
    assert await store.marked(period(), 1) == {KOTA, ANOTHER_KOTA}
    assert await store.marked(period(2), 7) == {KOTA}
    assert await store.marked(period(), 7) == await store.marked(period(2), 1) == set()


async def test_a_period_moves_one_revision_at_a_time(store: Store) -> None:
    await store.change_period(period())
    await store.change_period(period(2, PeriodState.CLOSED))
    for stale in (period(), period(2), period(4)):
        with pytest.raises(Conflict):
            await store.change_period(stale)
    assert await store.period(PERIOD) == period(2, PeriodState.CLOSED)


async def test_a_change_is_unannounced_until_the_log_has_it(store: Store) -> None:
    await store.change_period(period())
    assert await store.unannounced() == [period()]
    assert await store.announced(period())
    assert await store.unannounced() == []
    await store.change_period(period(2, PeriodState.CLOSED))
    assert not await store.announced(period())
    assert await store.unannounced() == [period(2, PeriodState.CLOSED)]
    await store.add_periods([period(2, PeriodState.CLOSED)])
    assert await store.unannounced() == []
    await store.add_periods([period()])
    assert await store.unannounced() == [period(2, PeriodState.CLOSED)], "compaction would keep the older one"


async def test_an_older_revision_never_replaces_a_newer_one(store: Store) -> None:
    await store.add_periods([period(), period(3), period(2, PeriodState.CLOSED)])
    assert await store.period(PERIOD) == period(3)
    assert await store.periods() == [period(3)]
