"""A deadline that nears or has passed is marked in each region's stream, once, whatever breaks or runs beside it."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from chassis.errors import Retryable
from chassis.events import Event, Received, decode
from chassis.mongo import Database
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, PeriodState
from services.intake.handlers import Reader
from tests.intake.reports import DUE, KOTA, NOW, PERIOD, SECOND, arrival, period
from tests.intake.test_admission import REGIONS, House, away

DAY = timedelta(days=1)
H1, H7 = DUE + DAY, DUE + 7 * DAY
MARKS = {DeadlineNearsV1.TYPE, DeadlinePassedV1.TYPE}


@pytest_asyncio.fixture
async def house(database: Database) -> House:
    house = House(database)
    await house.store.prepare()
    await house.order(1)
    return house


def marks_in(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.headers["ce_type"] in MARKS]


def subjects(house: House) -> list[str]:
    return [event.headers["ce_subject"] for event in marks_in(house.log.events)]


async def read_back(house: House, events: Iterable[Event]) -> None:
    records = [
        Received(decode(event.topic, event.wire_headers, event.value)[1], event.id, event.topic, 0, 0, NOW)
        for event in marks_in(events)
    ]
    await Reader(house.store, house.reports, house.keys).submission_received(records)


async def test_each_day_after_the_deadline_is_marked_for_every_region_once(house: House) -> None:
    for now in (DUE, H1 - SECOND, H1, H1 + SECOND, H7, H7 + DAY):
        await house.announcement.mark_deadlines(now)
        await read_back(house, house.log.events)
    assert subjects(house) == [f"{code}/{PERIOD}/1/{days}" for days in (1, 7) for code in REGIONS]
    assert {event.headers["ce_causationid"] for event in marks_in(house.log.events)} == {period().event_id}


async def test_each_reminder_before_the_deadline_is_marked_for_every_region_once(house: House) -> None:
    for days in (14, 7, 1):
        for now in (DUE - days * DAY - SECOND, DUE - days * DAY, DUE - days * DAY + SECOND):
            await house.announcement.mark_deadlines(now)
            await read_back(house, house.log.events)
    assert subjects(house) == [f"{code}/{PERIOD}/1/-{days}" for days in (14, 7, 1) for code in REGIONS]
    assert [event.headers["ce_time"] for event in marks_in(house.log.events)][:1] == ["2024-01-06T16:59:59.000Z"]


@pytest.mark.parametrize(("now", "told"), [(DUE - 2 * DAY, [-7]), (DUE - SECOND, [-1]), (DUE, []), (H1, [1])])
async def test_who_was_not_reminded_in_time_is_reminded_of_the_latest_day_alone(
    house: House, now: datetime, told: list[int]
) -> None:
    await house.announcement.mark_deadlines(now)
    assert subjects(house) == [f"{code}/{PERIOD}/1/{days}" for days in told for code in REGIONS]


async def test_an_extension_moves_the_reminders_that_have_not_been_given(house: House) -> None:
    await house.announcement.mark_deadlines(DUE - 14 * DAY)
    await read_back(house, house.log.events)
    extended = period(2, due_at=DUE + 10 * DAY, changed_at=DUE - 10 * DAY)
    await house.store.change_period(extended)
    for days in range(-10, 10):
        await house.announcement.mark_deadlines(DUE + days * DAY)
        await read_back(house, house.log.events)
    given = dict.fromkeys(subject.partition("/2023Q4/")[2] for subject in subjects(house))
    assert list(given) == ["1/-14", "2/-14", "2/-7", "2/-1"]


async def test_nobody_is_reminded_before_entry_opens(house: House) -> None:
    await house.store.change_period(period(2, opens_at=DUE - 10 * DAY))
    await house.announcement.mark_deadlines(DUE - 9 * DAY)
    assert subjects(house) == []


async def test_replicas_and_late_starts_publish_the_same_bytes(house: House, database: Database) -> None:
    replica = House(database)
    await house.announcement.mark_deadlines(H1)
    await replica.announcement.mark_deadlines(H1 + 3 * DAY)
    assert marks_in(replica.log.events) == marks_in(house.log.events) != []


async def test_marks_that_a_crash_left_unwritten_are_made_up_for(house: House) -> None:
    house.log.before = away
    with pytest.raises(Retryable):
        await house.announcement.mark_deadlines(H1)
    house.log.before = None
    await house.announcement.mark_deadlines(H1)
    written = marks_in(house.log.events)
    house.log.events.clear()
    await read_back(house, written[:1])
    await house.announcement.mark_deadlines(H1 + DAY)
    assert marks_in(house.log.events) == written[1:], "only what the log lacks"


async def test_an_extension_before_the_day_moves_it_and_one_after_it_gives_it_again(house: House) -> None:
    await house.announcement.mark_deadlines(H1)
    extended = period(2, due_at=DUE + 30 * DAY, changed_at=H1 + SECOND)
    await house.store.change_period(extended)
    for now in (H7, extended.due_at, extended.due_at + DAY):
        await house.announcement.mark_deadlines(now)
    assert subjects(house) == [f"{code}/{PERIOD}/{revision}/1" for revision in (1, 2) for code in REGIONS]


async def test_a_change_that_keeps_the_deadline_does_not_give_a_day_again(house: House) -> None:
    await house.announcement.mark_deadlines(H1)
    await house.store.change_period(period(2, reason="Alasan lain.", changed_at=H1))
    await house.announcement.mark_deadlines(H1 + DAY)
    assert len(subjects(house)) == len(REGIONS)


async def test_a_closed_period_and_a_past_year_that_is_opened_now_have_no_such_days(house: House) -> None:
    await house.store.change_period(period(2, PeriodState.CLOSED))
    await house.announcement.mark_deadlines(H7 + DAY)
    await house.store.change_period(period(3, changed_at=H7 + DAY))
    await house.announcement.mark_deadlines(H7 + 30 * DAY)
    assert subjects(house) == []


async def test_a_report_that_arrived_before_the_day_stands_before_its_mark(house: House) -> None:
    """The report is on its way into the log when the day passes."""
    on_its_way, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        house.log.before = None
        on_its_way.set()
        await go_on.wait()

    house.log.before = slowly
    house.clock.instant = H1
    sending = asyncio.create_task(house.admission.admit(arrival(now=H1)))
    await on_its_way.wait()
    marking = asyncio.create_task(house.announcement.mark_deadlines(H1))
    await asyncio.sleep(0.2)
    assert subjects(house) == []
    go_on.set()
    await asyncio.gather(sending, marking)
    assert [event.headers["ce_type"].split(".")[3] for event in house.log.events if event.key == KOTA] == [
        "submission-received",
        "deadline-passed",
    ]
