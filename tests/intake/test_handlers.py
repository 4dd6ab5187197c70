"""Reading the log: whatever is read twice, late or in pieces, the database comes out the same."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest

from chassis.events import Event, Received, decode
from chassis.mongo import Database, Document
from contracts.key import ClientKeyChangedV1, KeyState
from contracts.message import Message
from contracts.period import DeadlinePassedV1, EntryClosedV1, PeriodState
from contracts.submission import SubmissionReceivedV1
from contracts.topics import TOPICS
from contracts.verdict import EntrySettledV1, VerdictOutcome
from services.intake.domain.sealed import sealed
from services.intake.handlers import Reader
from services.intake.store.keys import Keys
from services.intake.store.reports import Reports
from services.intake.store.submissions import Store
from tests.intake.reports import (
    CLOSED,
    DUE,
    KOTA,
    NOW,
    PERIOD,
    SECOND,
    acknowledged,
    finding,
    judged,
    logged,
    noticed,
    overdue,
    period,
    received,
    scored,
    submission,
)

FIRST = received()
SECOND_REPORT = received(submission(served=900), "kunci-2", NOW + SECOND)
CLOSED_MARK = EntryClosedV1(region_code=KOTA, period=PERIOD, period_revision=2, due_at=DUE, closed_at=CLOSED)
PASSED_MARK = DeadlinePassedV1(region_code=KOTA, period=PERIOD, period_revision=1, due_at=DUE, days_after_due=1)
SETTLED_MARK = EntrySettledV1(
    region_code=KOTA, period=PERIOD, period_revision=2, reports=2, reported=True, closed_at=CLOSED
)
ISSUED = ClientKeyChangedV1(
    key_id="0a1b2c3d4e5f",
    revision=1,
    state=KeyState.ISSUED,
    client_id=f"kota-{KOTA}",
    scopes=("submissions:write",),
    region=KOTA,
    token_sha256="0" * 64,
    issued_at=NOW,
    changed_at=NOW,
    changed_by="sekretariat",
)
REVOKED = ISSUED.model_copy(update={"revision": 2, "state": KeyState.REVOKED, "changed_at": NOW + SECOND})
LOG: Sequence[Sequence[Message]] = (
    (period(), period(2, PeriodState.CLOSED)),
    (FIRST, SECOND_REPORT, received(now=NOW + 5 * SECOND), PASSED_MARK, CLOSED_MARK),
    (
        judged(FIRST, VerdictOutcome.RETURNED, finding(), finding()),
        judged(SECOND_REPORT, revision=2, supersedes=FIRST.submission_id),
        SETTLED_MARK,
    ),
    (overdue(), overdue(KOTA, days_after_due=1)),
    (scored(SECOND_REPORT),),
    (noticed(FIRST), noticed(FIRST, "notice-2", "inbox")),
    (acknowledged(FIRST),),
    (ISSUED, REVOKED),
)
"""One small log, by topic; the first report stands in it twice, as after a lost answer."""


async def read(database: Database, batch: Sequence[Received]) -> None:
    topic = next(topic for topic in TOPICS if topic.name == batch[0].topic)
    assert await Reader(Store(database), Reports(database), Keys(database)).handlers[topic](batch) == []


async def documents(database: Database) -> dict[str, list[Document]]:
    names = ("submissions", "reports", "notices", "overdue", "marks", "periods", "keys")
    return {name: await database[name].find().sort("_id").to_list(None) for name in names}


async def emptied(database: Database) -> Database:
    for name in await documents(database):
        await database[name].delete_many({})
    return database


@pytest.fixture
def batches() -> list[list[Received]]:
    return [logged(*messages) for messages in LOG]


async def test_the_database_is_the_same_in_whatever_way_the_log_is_read(
    database: Database, batches: list[list[Received]]
) -> None:
    for batch in batches:
        await read(database, batch)
    expected = await documents(database)
    assert [len(kept) for kept in expected.values()] == [2, 2, 3, 1, 1, 1, 1]

    for batch in batches:
        await read(database, batch)
    assert await documents(database) == expected, "a log read twice"

    await emptied(database)
    for batch in reversed(batches):
        await read(database, batch)
    assert await documents(database) == expected, "the latest topic first"

    await emptied(database)
    for batch in batches:
        for length in range(1, len(batch) + 1):
            await read(database, batch[:length])
    assert await documents(database) == expected, "a crash after every record"


async def test_the_first_record_of_a_report_counts(database: Database, batches: list[list[Received]]) -> None:
    await read(database, batches[1])
    kept = await Store(database).submission(FIRST.submission_id)
    assert kept is not None
    assert kept["received"]["arrived_at"] == FIRST.arrived_at
    assert kept["logged_at"] == NOW


async def test_a_report_of_before_a_field_came_is_kept_in_todays_written_form(database: Database) -> None:
    (record,) = logged(FIRST)
    event = Event.of(FIRST)
    for value in (event.value, event.value[:-2] + b',"nil_return":null}}', b" " + event.value):
        _, message = decode(event.topic, event.wire_headers, value, {SubmissionReceivedV1: sealed})
        await read(database, [replace(record, message=message, value=value)])
        report = await Reports(database).report(FIRST.submission_id)
        assert report is not None
        assert sha256(report.written).hexdigest() == FIRST.content_digest
        await emptied(database)
