"""A receipt is given for what the log has and for nothing else, whatever breaks in between."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock
from chassis.errors import Retryable
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mongo import Database, Document
from chassis.problems import Problem
from contracts.period import PeriodState
from contracts.submission import SubmissionReceivedV1
from services.intake.domain import kept
from services.intake.domain.arrival import Arrival
from services.intake.metrics import IntakeMetrics
from services.intake.routes.admission import Admission
from services.intake.routes.announcement import Announcement
from services.intake.routes.commit import ABANDONED_AFTER
from services.intake.store.keys import Keys
from services.intake.store.reports import Reports
from services.intake.store.submissions import Store
from tests.intake.reports import KOTA, NOW, PERIOD, SECOND, SIGNER, arrival, period, submission
from tests.running import settings_for

REGIONS = ["64", KOTA]
Before = Callable[[], Awaitable[object]]


class Log(Publisher):
    """A log in memory; ``before`` may fail, wait or interfere."""

    def __init__(self) -> None:
        super().__init__(settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1"), "test", linger_ms=0)
        self.events: list[Event] = []
        self.before: Before | None = None

    async def publish(self, events: Iterable[Event]) -> None:
        if self.before is not None:
            await self.before()
        self.events += events

    @property
    def reports(self) -> list[SubmissionReceivedV1]:
        received = [event for event in self.events if event.headers["ce_type"] == SubmissionReceivedV1.TYPE]
        return [SubmissionReceivedV1.model_validate_json(event.value) for event in received]


class House:
    """Admission and announcement on one database, with a log in memory and a clock that stands still."""

    def __init__(self, database: Database, store: type[Store] = Store) -> None:
        self.store = store(database)
        self.reports = Reports(database)
        self.keys = Keys(database)
        self.log = Log()
        self.clock = FixedClock(NOW)
        self.registry = CollectorRegistry()
        self.metrics = IntakeMetrics(self.registry)
        self.admission = Admission(self.store, self.log, self.clock, self.metrics, SIGNER)
        self.announcement = Announcement(self.store, self.log, self.clock, REGIONS, lambda _: (-14, -7, -1, 1, 7))

    async def order(self, revision: int, state: PeriodState = PeriodState.OPEN) -> None:
        change = period(revision, state)
        await self.store.change_period(change)
        await self.announcement.announce(change)

    def impatient(self) -> Admission:
        return Admission(self.store, self.log, self.clock, self.metrics, SIGNER, within_s=0.3)

    def count(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest_asyncio.fixture
async def house(database: Database) -> House:
    house = House(database)
    await house.store.prepare()
    await house.order(1)
    return house


def under_way(attempt: str, of: Arrival | None = None) -> Document:
    """What an attempt notes before it publishes."""
    noted = {"published": False, "attempt": attempt, "begun_at": NOW}
    return kept.received((of or arrival()).received(period().due_at)) | noted


async def away() -> None:
    raise Retryable("Kafka does not answer")


async def test_an_admitted_report_is_in_the_log_and_known(house: House) -> None:
    receipt, repeated = await house.admission.admit(arrival())
    assert not repeated
    assert [report.submission_id for report in house.log.reports] == [receipt.submission_id]
    assert await house.store.submission(receipt.submission_id) == kept.received(house.log.reports[0]) | {
        "published": True
    }
    assert house.count("spm_reports_received_total", outcome="on_time") == 1


async def test_a_repetition_gets_the_same_receipt_even_after_closing(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    await house.order(2, PeriodState.CLOSED)
    again, repeated = await house.admission.admit(arrival(now=NOW + SECOND))
    assert (again, repeated) == (first, True)
    assert len(house.log.reports) == 1
    assert house.count("spm_idempotent_replays_total") == 1


async def slowly() -> None:
    await asyncio.sleep(0.2)


async def test_of_copies_sent_at_once_one_is_taken_and_the_others_are_told_to_come_again(house: House) -> None:
    house.log.before = slowly
    answers = await asyncio.gather(*(house.admission.admit(arrival()) for _ in range(5)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Problem)]
    assert [(each.status, each.slug, each.headers) for each in refused] == 4 * [
        (409, "request-in-flight", {"Retry-After": "1"})
    ]
    assert len(house.log.reports) == 1


async def test_copies_that_wait_get_equal_receipts(house: House) -> None:
    house.log.before = slowly
    answers = await asyncio.gather(*(house.admission.admit(arrival(now=NOW + n * SECOND), wait_s=5) for n in range(5)))
    assert len({receipt.model_dump_json() for receipt, _ in answers}) == 1
    assert sorted(repeated for _, repeated in answers) == [False, True, True, True, True]
    assert len(house.log.reports) == 1


async def test_a_key_is_good_for_one_report(house: House) -> None:
    await house.admission.admit(arrival())
    with pytest.raises(Problem) as refused:
        await house.admission.admit(arrival(submission(served=801)))
    assert (refused.value.status, refused.value.slug) == (422, "idempotency-key-reused")
    assert len(house.log.reports) == 1


async def test_without_the_log_nothing_is_admitted_and_the_repetition_has_its_own_time(house: House) -> None:
    house.log.before = away
    with pytest.raises(Retryable):
        await house.admission.admit(arrival())
    assert await house.store.submission(arrival().submission_id) is None
    house.log.before = None
    receipt, repeated = await house.admission.admit(arrival(now=NOW + SECOND))
    assert (receipt.arrived_at, repeated) == (NOW + SECOND, False)


async def test_behind_a_report_that_did_not_reach_the_log_none_of_its_request_does(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again, the first would stand behind the second, and be taken for the later one."""
    monkeypatch.setattr("services.intake.routes.admission.BATCH_REPORTS", 1)
    both = [arrival(submission(served=served), None) for served in (1, 2)]
    sending = asyncio.create_task(house.admission.admit_all(both))
    other = asyncio.create_task(house.admission.admit(arrival(submission(served=3))))

    async def away_once() -> None:
        house.log.before = None
        raise Retryable("Kafka does not answer")

    house.log.before = away_once
    with pytest.raises(Retryable):
        await sending
    await other
    assert [report.submission.services[0].recipients.served for report in house.log.reports] == [3]
    await house.admission.admit_all(both)
    assert [report.submission.services[0].recipients.served for report in house.log.reports] == [3, 1, 2]


async def test_a_log_that_does_not_answer_in_time_is_away(house: House) -> None:
    house.log.before = asyncio.Event().wait
    with pytest.raises(TimeoutError):
        await house.impatient().admit(arrival())
    assert await house.store.submission(arrival().submission_id) is None


@pytest.mark.parametrize(("served", "since_s"), [(1, 0), (2, 16)])
async def test_an_attempt_whose_process_died_is_taken_over_with_its_time_where_it_said_the_same(
    house: House, served: int, since_s: int
) -> None:
    """It may stand in the log already; another content then has a time of its own."""
    await house.store.begin([under_way("died", arrival(submission(served=1)))])
    house.clock.instant = NOW + ABANDONED_AFTER + SECOND
    again = arrival(submission(served=served), now=house.clock.instant)
    receipts = await asyncio.gather(*(house.admission.admit(again, wait_s=5) for _ in range(3)))
    assert {receipt.arrived_at for receipt, _ in receipts} == {NOW + since_s * SECOND}
    assert [report.arrived_at for report in house.log.reports] == [NOW + since_s * SECOND]


@pytest.mark.parametrize("wait_s", [0, 0.2])
async def test_an_attempt_that_may_live_is_left_alone(house: House, wait_s: float) -> None:
    alive = under_way("alive")
    await house.store.begin([alive])
    with pytest.raises(Problem, match="on its way") as refused:
        await house.admission.admit(arrival(), wait_s=wait_s)
    assert refused.value.slug == "request-in-flight"
    assert await house.store.submission(arrival().submission_id) == alive
    assert house.log.reports == []


class Swallowing(Store):
    """As a driver that is cleaning up may: the first cancellation is lost in it."""

    async def begin(self, documents: Sequence[Document]) -> list[Document]:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1)
        return await super().begin(documents)


async def test_the_limit_holds_though_a_cancellation_is_swallowed(database: Database) -> None:
    house = House(database, Swallowing)
    await house.store.add_periods([period()])
    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            await house.impatient().admit(arrival())
    assert house.log.reports == []
    assert await house.store.submission(arrival().submission_id) is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([], "was never opened. Open now: no period."),
        ([period(), period(2, PeriodState.CLOSED)], "is closed since"),
        ([period(opens_at=NOW + SECOND)], "opens at"),
        ([period(2, PeriodState.CLOSED), period(period="2023Q3")], "Open now: 2023Q3."),
    ],
)
async def test_a_report_outside_its_entry_is_told_what_is_open(
    database: Database, changes: list[Any], text: str
) -> None:
    house = House(database)
    await house.store.add_periods(changes)
    with pytest.raises(Problem, match=text) as refused:
        await house.admission.admit(arrival())
    assert (refused.value.status, refused.value.slug) == (409, "period-not-open")
    assert house.log.events == []


async def test_closing_waits_for_the_reports_that_were_let_in(house: House) -> None:
    """The mark of a region stands behind every report that got a receipt."""
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        house.log.before = None
        entered.set()
        await go_on.wait()

    house.log.before = slowly
    sending = asyncio.create_task(house.admission.admit(arrival()))
    await entered.wait()
    closing = asyncio.create_task(house.order(2, PeriodState.CLOSED))
    done, _ = await asyncio.wait([closing], timeout=0.5)
    assert not done
    go_on.set()
    await sending
    await closing
    kinds = [event.headers["ce_type"].split(".")[3] for event in house.log.events]
    assert kinds == ["period-changed", "submission-received", "entry-closed", "entry-closed", "period-changed"]


async def test_a_report_that_meets_the_closing_on_its_way_is_not_let_in(database: Database) -> None:
    class Overtaken(Store):
        """Entry closes between the first look and the note."""

        async def begin(self, documents: Sequence[Document]) -> list[Document]:
            refused = await super().begin(documents)
            await self.change_period(period(2, PeriodState.CLOSED))
            return refused

    house = House(database, Overtaken)
    await house.order(1)
    with pytest.raises(Problem) as refused:
        await house.admission.admit(arrival())
    assert refused.value.slug == "period-not-open"
    assert house.log.reports == []
    assert not await house.store.has_attempts(PERIOD, since=NOW - SECOND)


async def test_a_report_that_waited_long_for_its_turn_is_no_abandoned_attempt(house: House) -> None:
    """Neither a copy nor the closing passes by it, though it came to the door long ago."""
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        entered.set()
        await go_on.wait()

    house.log.before = slowly
    sending = asyncio.create_task(house.admission.admit(arrival(now=NOW - 2 * ABANDONED_AFTER)))
    await entered.wait()
    assert await house.store.has_attempts(PERIOD, since=NOW - ABANDONED_AFTER)
    with pytest.raises(Problem, match="on its way"):
        await house.admission.admit(arrival())
    go_on.set()
    await sending
    assert len(house.log.reports) == 1


async def test_a_change_that_could_not_be_announced_is_made_up_for(house: House) -> None:
    house.log.before = away
    with pytest.raises(Retryable):
        await house.order(2, PeriodState.CLOSED)
    house.log.before = None
    await house.announcement.make_up()
    await house.announcement.make_up()
    assert [event.headers["ce_subject"] for event in house.log.events[1:]] == [
        "64/2023Q4/2",
        "64.71/2023Q4/2",
        "2023Q4/2",
    ]


async def test_a_change_overtaken_on_its_way_is_followed_by_the_current_one(house: House) -> None:
    async def overtaken() -> None:
        house.log.before = None
        await house.order(3)

    await house.store.change_period(period(2))
    house.log.before = overtaken
    await house.announcement.announce(period(2))
    assert [event.headers["ce_subject"] for event in house.log.events[1:]] == ["2023Q4/3", "2023Q4/2", "2023Q4/3"]
