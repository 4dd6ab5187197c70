"""Every revision of a report can be read again as it was handed in."""

import pytest_asyncio

from chassis.mongo import Database
from services.intake.domain import kept
from services.intake.store.reports import Reports
from tests.intake.reports import ANOTHER_KOTA, KOTA, NOW, PERIOD, SECOND, received, submission

FIRST = received()
SECOND_REPORT = received(submission(served=900), "kunci-2", NOW - SECOND)


@pytest_asyncio.fixture
async def reports(database: Database) -> Reports:
    reports = Reports(database)
    await reports.prepare()
    return reports


async def test_every_revision_is_kept_as_it_was_written(reports: Reports) -> None:
    await reports.add(
        [
            kept.report(FIRST, 7),
            kept.report(SECOND_REPORT, 8),
        ]
    )
    for fact in (FIRST, SECOND_REPORT):
        found = await reports.report(fact.submission_id)
        assert found is not None
        assert (found.written, found.submission) == (fact.submission.written, fact.submission)
    assert await reports.report("unknown") is None


async def test_the_latest_is_the_last_in_the_log_not_the_last_by_the_clock(reports: Reports) -> None:
    await reports.add(
        [
            kept.report(FIRST, 7),
            kept.report(SECOND_REPORT, 8),
        ]
    )
    await reports.add([kept.report(FIRST, 9) | {"written": b"{}"}])
    latest = await reports.latest(KOTA, PERIOD)
    assert latest is not None
    assert latest.submission_id == SECOND_REPORT.submission_id, "a record that came twice counts where it came first"
    assert await reports.latest(KOTA, "2023Q3") is None
    assert await reports.latest(ANOTHER_KOTA, PERIOD) is None


async def test_no_reports_are_no_mistake(reports: Reports) -> None:
    await reports.add([])
    await reports.prepare()
