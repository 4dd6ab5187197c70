"""The ledger as it is counted from the database: what balances, and what must not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from chassis.clock import FixedClock
from chassis.mongo import Database
from contracts.operation import Settlement
from contracts.period import PeriodState
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from services.intake.domain import kept
from services.intake.domain.ledger import SHOWN_WITHIN, Ledger
from services.intake.metrics import LedgerMetrics
from services.intake.routes.ledger import LedgerWatch
from services.intake.routes.past import Past
from services.intake.store.ledger import LedgerStore
from services.intake.store.submissions import Store
from tests.intake.reports import (
    ANOTHER_KOTA,
    KOTA,
    NOW,
    PERIOD,
    SECOND,
    judged,
    overdue,
    period,
    received,
    scored,
    set_aside,
    submission,
)
from tests.running import settings_for

LATER = NOW + SHOWN_WITHIN + SECOND
FACTS = [received(key=f"kunci-{number}") for number in range(4)]
FIRST, SECOND_FACT, THIRD, FOURTH = FACTS
ELSEWHERE = received(submission(ANOTHER_KOTA), "kunci-lain").model_copy(update={"client_id": "kota-lain"})


class Books:
    """A database into which a test writes what happened."""

    def __init__(self, database: Database) -> None:
        self.store = Store(database)
        self.ledgers = LedgerStore(database)

    async def receipt(self, *facts: SubmissionReceivedV1) -> None:
        """Handed out; the log has not shown it yet."""
        for fact in facts:
            await self.store.begin([kept.received(fact) | {"published": False, "attempt": "first", "begun_at": NOW}])
            await self.store.published([fact.submission_id], "first")

    async def logged(self, *facts: SubmissionReceivedV1) -> None:
        await self.store.add_received((kept.logged(fact, 7), NOW) for fact in facts)

    async def verdicts(self, *verdicts: SubmissionJudgedV1) -> None:
        await self.store.add_stage(kept.judged(verdict, NOW) for verdict in verdicts)

    async def weigh(self, now: datetime = LATER, periods: Sequence[str] | None = None, **of: str) -> Ledger:
        return await self.ledgers.ledger(now, periods, client_id=of.get("client"))


@pytest_asyncio.fixture
async def books(database: Database) -> Books:
    books = Books(database)
    await books.store.prepare()
    return books


async def test_each_report_has_one_place_superseded_first_then_its_verdict(books: Books) -> None:
    await books.receipt(*FACTS[:2])
    await books.logged(*FACTS, ELSEWHERE)
    await books.store.begin(
        [kept.received(FIRST) | {"_id": "unanswered", "published": False, "attempt": "first", "begun_at": NOW}]
    )
    await books.verdicts(
        judged(FIRST),
        judged(SECOND_FACT, VerdictOutcome.ACCEPTED_WITH_WARNINGS, revision=2),
        judged(THIRD, VerdictOutcome.RETURNED, revision=3),
        judged(ELSEWHERE, VerdictOutcome.ACCEPTED_WITH_WARNINGS),
    )
    await books.store.add_stage([kept.scored(scored(FIRST), NOW)])
    ledger = await books.weigh()
    mine, other = ledger.rows
    assert mine.model_dump() == {
        "client_id": "kota-contoh",
        "period": PERIOD,
        "sent": 4,
        "accepted": 0,
        "accepted_with_warnings": 0,
        "returned": 1,
        "superseded": 2,
        "pending": 1,
        "discarded": 0,
        "unlogged": 0,
        "unsent": 0,
        "difference": 0,
        "balanced": True,
    }
    assert (other.client_id, other.accepted, other.accepted_with_warnings) == ("kota-lain", 1, 1)
    assert (ledger.balanced, ledger.total.sent, ledger.scored) == (True, 5, 1)
    assert list(ledger.verdicts.values()) == [1, 2, 1]


async def test_a_report_that_operators_discarded_is_pending_no_more_until_it_is_judged_all_the_same(
    books: Books,
) -> None:
    aside, again = set_aside(FIRST), set_aside(SECOND_FACT)
    await books.store.add_settled([kept.settled(aside, 3), kept.settled(again, 4)])
    assert (await books.weigh()).rows == (), "what is settled of reports that the log has not shown says nothing"
    await books.logged(*FACTS[:3])
    total = (await books.weigh()).total
    assert (total.sent, total.pending, total.discarded, total.balanced) == (3, 1, 2, True)

    back = set_aside(FIRST, Settlement.REPLAYED)
    await books.store.add_settled([kept.settled(back, 5), kept.settled(aside, 3)])
    await books.verdicts(judged(SECOND_FACT))
    total = (await books.weigh()).total
    assert (total.accepted, total.pending, total.discarded, total.balanced) == (1, 2, 0, True)


async def test_a_discarded_report_without_a_receipt_in_the_log_is_not_missing_there(books: Books) -> None:
    await books.receipt(FIRST)
    await books.store.add_settled([kept.settled(set_aside(FIRST), 3)])
    total = (await books.weigh()).total
    assert (total.sent, total.discarded, total.unlogged, total.balanced) == (1, 1, 0, True)


async def test_it_is_read_by_period_region_and_client(books: Books) -> None:
    await books.logged(*FACTS, ELSEWHERE)
    assert (await books.weigh(periods=["2023Q3"])).rows == ()
    assert (await books.weigh(periods=[PERIOD, "2023Q3"])).total.sent == 5
    assert (await books.weigh(client="kota-lain")).total.sent == 1
    of_region = await books.ledgers.ledger(LATER, region_codes=[KOTA])
    assert [row.client_id for row in of_region.rows] == ["kota-contoh"]


async def test_a_receipt_is_on_its_way_into_the_log_for_a_minute(books: Books) -> None:
    await books.receipt(FIRST)
    young = (await books.weigh(NOW + SHOWN_WITHIN)).total
    assert (young.sent, young.pending, young.unlogged, young.balanced) == (1, 1, 0, True)


async def test_a_receipt_that_the_log_never_shows_upsets_the_ledger(books: Books) -> None:
    await books.receipt(FIRST)
    await books.logged(SECOND_FACT)
    lost = await books.weigh()
    assert (lost.total.sent, lost.total.pending, lost.total.unlogged) == (2, 1, 1)
    assert (lost.balanced, lost.difference) == (False, 1)
    await books.logged(FIRST)
    assert (await books.weigh()).balanced


async def test_a_verdict_on_a_report_that_nobody_sent_upsets_the_ledger(books: Books) -> None:
    await books.verdicts(judged(FIRST))
    assert (await books.weigh(NOW + SHOWN_WITHIN)).balanced, "the report may be read in a moment"
    forged = await books.weigh()
    assert (forged.total.unsent, forged.balanced, forged.difference) == (1, False, 1)
    await books.receipt(SECOND_FACT)
    both = await books.weigh()
    assert (both.total.unlogged, both.total.unsent, both.balanced) == (1, 1, False)


async def test_a_verdict_under_another_client_than_the_receipt_upsets_both_rows(books: Books) -> None:
    await books.logged(FIRST)
    await books.verdicts(judged(FIRST).model_copy(update={"client_id": "kota-lain"}))
    ledger = await books.weigh()
    assert [row.balanced for row in ledger.rows] == [False, False]
    assert ledger.difference == 2


async def test_stages_that_come_before_the_report_upset_nothing(books: Books) -> None:
    await books.store.add_stage([kept.scored(scored(FIRST), NOW)])
    assert (await books.weigh(NOW)).balanced


async def test_overdue_counts_for_the_current_revision_of_the_period_alone(books: Books) -> None:
    await books.store.add_overdue([kept.overdue(overdue()), kept.overdue(overdue()), kept.overdue(overdue(KOTA))])
    await books.store.add_periods([period(2, PeriodState.CLOSED)])
    assert (await books.weigh()).overdue == 2
    assert (await books.ledgers.ledger(LATER, region_codes=[KOTA])).overdue == 1
    await books.store.add_periods([period(3)])
    assert (await books.weigh()).overdue == 0


@pytest.mark.parametrize(("wait", "imbalance"), [(timedelta(0), 0), (SHOWN_WITHIN + SECOND, 1)])
async def test_the_watch_shows_the_ledger_and_raises_the_alarm(books: Books, wait: timedelta, imbalance: int) -> None:
    registry = CollectorRegistry()
    past = Past("intake", books.store, settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1"))
    await books.receipt(FIRST)
    await books.logged(SECOND_FACT)
    with capture_logs() as told:
        await LedgerWatch(books.ledgers, past, LedgerMetrics(registry), FixedClock(NOW + wait)).sample()
    assert registry.get_sample_value("spm_ledger_imbalance") == imbalance
    assert registry.get_sample_value("spm_ledger_unlogged") == imbalance
    assert registry.get_sample_value("spm_ledger_reports", {"place": "sent"}) == 2
    assert (registry.get_sample_value("spm_ledger_sampled_timestamp_seconds") or 0) > 0
    assert [(line["event"], line["log_level"]) for line in told] == [("ledger.unbalanced", "error")] * imbalance


class Weighing(LedgerStore):
    """Notes which periods were weighed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.weighed: list[str] = []

    async def ledger(self, now: datetime, periods: Sequence[str] | None = None, **narrower: Any) -> Ledger:
        self.weighed += periods or ()
        return await super().ledger(now, periods, **narrower)


class Watched:
    """A watch on a nation whose quarters of 2022 are long judged; each sample comes a day after the one before."""

    def __init__(self, books: Books, database: Database) -> None:
        self.accounts, self.registry = Weighing(database), CollectorRegistry()
        past = Past("intake", books.store, settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1"))
        self._clock = FixedClock(NOW)
        self._watch = LedgerWatch(self.accounts, past, LedgerMetrics(self.registry), self._clock)

    async def weighs(self) -> list[str]:
        """The periods of the next sample."""
        self.accounts.weighed.clear()
        self._clock.instant += timedelta(days=1)
        await self._watch.sample()
        return list(self.accounts.weighed)

    def shown(self, name: str) -> float | None:
        return self.registry.get_sample_value(name)


OLD = ["2022Q1", "2022Q2", "2022Q3", "2022Q4"]


def of_period(text: str, number: int) -> SubmissionReceivedV1:
    return received(submission(period=text), f"{text}-{number}")


@pytest_asyncio.fixture
async def watched(books: Books, database: Database) -> Watched:
    old = [of_period(text, 1) for text in OLD]
    await books.logged(*old)
    await books.verdicts(*map(judged, old))
    return Watched(books, database)


async def test_of_many_quiet_periods_one_is_weighed_a_sample_and_each_in_its_turn(watched: Watched) -> None:
    assert await watched.weighs() == OLD, "nothing is known after a start"
    assert [await watched.weighs() for _ in range(5)] == [[text] for text in (*OLD, OLD[0])]
    assert watched.registry.get_sample_value("spm_ledger_reports", {"place": "accepted"}) == 4


async def test_a_period_is_weighed_while_a_report_waits_and_once_more_when_it_is_judged(
    books: Books, watched: Watched
) -> None:
    await watched.weighs()
    late = of_period(OLD[2], 2)
    await books.logged(late)
    assert await watched.weighs() == [OLD[0], OLD[2]]
    assert await watched.weighs() == [OLD[1], OLD[2]]
    await books.verdicts(judged(late, revision=2))
    assert await watched.weighs() == [OLD[2], OLD[3]]
    assert watched.registry.get_sample_value("spm_ledger_reports", {"place": "superseded"}) == 1
    assert await watched.weighs() == [OLD[0]]


async def test_what_is_lost_from_a_quiet_period_is_found_in_its_turn_and_watched_until_it_is_mended(
    books: Books, watched: Watched
) -> None:
    await watched.weighs()
    forged = judged(of_period(OLD[1], 3)).model_copy(update={"revision": 2})
    await books.verdicts(forged)
    assert (await watched.weighs(), watched.shown("spm_ledger_imbalance")) == ([OLD[0]], 0)
    assert (await watched.weighs(), watched.shown("spm_ledger_imbalance")) == ([OLD[1]], 1)
    assert (await watched.weighs(), watched.shown("spm_ledger_imbalance")) == ([OLD[1], OLD[2]], 1)
    await books.logged(of_period(OLD[1], 3))
    assert (await watched.weighs(), watched.shown("spm_ledger_imbalance")) == ([OLD[1], OLD[3]], 0)
    assert await watched.weighs() == [OLD[0]]
