"""A deadline nears, passes, is extended, passes again, and entry closes: who is told that a report is missing, when."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import httpx
import pytest
import pytest_asyncio

from chassis.clock import FixedClock
from chassis.replay import read_all
from chassis.settings import Settings
from cli.demo.doors import Answer
from cli.rebuild import forget
from contracts.message import Message
from contracts.period import DeadlineNearsV1, DeadlinePassedV1
from contracts.submission import Submission
from contracts.topics import REPORT_OVERDUE, SUBMISSION_RECEIVED, Topic
from contracts.verdict import ReportAwaitedV1, ReportOverdueV1
from regulation.loading import load_law
from tests.pipeline.installation import Installation
from tests.running import eventually
from tests.validation.reports import DUE, KOTA, PERIOD, faultless, submission

M = TypeVar("M", bound=Message)
pytestmark = pytest.mark.engines
REGIONS = 546
LATE_KOTA, SILENT_KOTA = "64.72", "64.74"
DAY = timedelta(days=1)
OPENED = datetime(2024, 1, 2, 3, 0, tzinfo=UTC)
EXTENDED = DUE + 10 * DAY


@dataclass(frozen=True)
class Told:
    """What the log and the databases hold when entry has closed."""

    installation: Installation
    overdue: list[ReportOverdueV1]
    awaited: list[ReportAwaitedV1]
    marks: list[DeadlinePassedV1]
    marks_written: int
    """When the first day had passed and everything was rebuilt from the log, with entry still open."""
    ledger: Answer
    rates: Answer
    notices: Answer
    documents: dict[str, list[str]]


@dataclass(frozen=True)
class Office:
    """Whoever acts at the doors, with the keys of importer and secretariat."""

    clients: Mapping[str, httpx.AsyncClient]
    headers: Mapping[str, Mapping[str, str]]

    async def send(self, report: Submission) -> None:
        headers = {**self.headers["importer"], "Content-Type": "application/json"}
        answer = await self.clients["intake"].post("/v1/submissions", content=report.model_dump_json(), headers=headers)
        assert answer.status_code == 202, answer.text

    async def order(self, state: str, **dates: str) -> None:
        given = {"state": state, "author_role": "Sekretariat Bersama SPM", "reason": f"Sintetis: {dates or state}."}
        path, headers = f"/v1/periods/{PERIOD}", self.headers["secretariat"]
        answer = await self.clients["intake"].put(path, json=given | dates, headers=headers)
        assert answer.is_success, answer.text

    async def ask(self, service: str, path: str) -> Answer:
        answer = await self.clients[service].get(path, headers=self.headers["secretariat"])
        found: Answer = answer.json()
        return found


async def facts(settings: Settings, topic: Topic, kind: type[M]) -> list[M]:
    """As often as they were written."""
    return [m async for batch in read_all(settings, topic) for m in batch if isinstance(m, kind)]


async def marks_in(settings: Settings) -> list[DeadlinePassedV1]:
    return await facts(settings, SUBMISSION_RECEIVED, DeadlinePassedV1)


async def all_reminded(settings: Settings) -> bool:
    return len(await facts(settings, SUBMISSION_RECEIVED, DeadlineNearsV1)) >= REGIONS


async def all_marked(settings: Settings) -> bool:
    return len(await marks_in(settings)) >= REGIONS


def once(messages: Iterable[M]) -> list[M]:
    """A crash or a rebuild may write a fact again; then it is the same."""
    return list({message.event_id: message for message in messages}.values())


@pytest_asyncio.fixture(scope="module")
async def told(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    law = load_law()
    offices = [law.regions[code] for code in (KOTA, LATE_KOTA, SILENT_KOTA)]
    installation = Installation.of(kafka, mongo, tmp_path_factory.mktemp("overdue"), offices)
    # Whom time alone makes the services write to is another test's: a rebuild takes time too.
    settings = installation.settings.model_copy(update={"escalate_after_days": 60})
    installation, clock = replace(installation, settings=settings), FixedClock(OPENED)
    async with installation.services(clock) as clients:
        office = Office(clients, installation.headers)
        await office.order("open")
        await office.send(faultless(law, items=1))
        await office.send(submission(region_code=LATE_KOTA))
        await installation.all_read()

    clock.instant = DUE - 7 * DAY
    async with installation.services(clock):
        await eventually(partial(all_reminded, settings), within_s=60)
        await installation.all_read()
    clock.instant = DUE + DAY
    async with installation.services(clock):
        await eventually(partial(all_marked, settings), within_s=60)
        await installation.all_read()
    await forget(settings, lambda _: None)
    async with installation.services(clock) as clients:
        office = Office(clients, installation.headers)
        await installation.all_read()
        marks_written = len(await marks_in(settings))
        await office.send(faultless(law, region_code=LATE_KOTA, items=1))
        clock.instant = DUE + 3 * DAY
        await office.order("open", due_at=EXTENDED.isoformat())
        clock.instant = EXTENDED + 2 * DAY
        await office.order("closed")
        await installation.all_read()
        ledger = await office.ask("intake", "/v1/ledger?fiscal_year=2023")
        rates = await office.ask("validation", f"/v1/reporting-rates?period={PERIOD}&by=level")
        notices = await office.ask("notify", "/v1/notices/summary?fiscal_year=2023")
    yield Told(
        installation,
        once(await facts(settings, REPORT_OVERDUE, ReportOverdueV1)),
        once(await facts(settings, REPORT_OVERDUE, ReportAwaitedV1)),
        once(await marks_in(settings)),
        marks_written,
        ledger,
        rates,
        notices,
        await installation.documents(),
    )


def test_who_has_not_reported_is_awaited_a_week_before_the_deadline(told: Told) -> None:
    awaited = {fact.region_code: fact for fact in told.awaited}
    assert len(told.awaited) == len(awaited) == REGIONS - 1
    assert KOTA not in awaited
    assert {(fact.days_before_due, fact.occurred_at) for fact in told.awaited} == {(7, DUE - 7 * DAY)}
    assert (awaited[LATE_KOTA].returned_reports, awaited[SILENT_KOTA].returned_reports) == (1, 0)


def test_each_reminder_is_one_notice_to_each_office(told: Told) -> None:
    reminders = [row["notices"] for row in told.notices["counts"] if row["kind"] == "report_due"]
    assert sum(reminders) == 2 * 2


def test_every_region_has_one_mark_a_day_that_passed_under_the_deadline_in_force(told: Told) -> None:
    marks = Counter((mark.period_revision, mark.due_at, mark.days_after_due) for mark in told.marks)
    assert marks == {(1, DUE, 1): REGIONS, (2, EXTENDED, 1): REGIONS}


def test_a_rebuild_while_entry_is_open_writes_no_mark_again(told: Told) -> None:
    assert told.marks_written == REGIONS


def test_regions_without_an_accepted_report_are_overdue_at_each_mark_and_at_the_close(told: Told) -> None:
    counted = Counter((fact.period_revision, fact.days_after_due) for fact in told.overdue)
    assert counted == {(1, 1): REGIONS - 1, (2, 1): REGIONS - 2, (3, None): REGIONS - 2}


def test_a_region_is_told_until_it_has_reported(told: Told) -> None:
    def days(region_code: str) -> list[tuple[int, int | None, int]]:
        mine = [fact for fact in told.overdue if fact.region_code == region_code]
        return [(fact.period_revision, fact.days_after_due, fact.returned_reports) for fact in mine]

    assert days(KOTA) == []
    assert days(LATE_KOTA) == [(1, 1, 1)]
    assert days(SILENT_KOTA) == [(1, 1, 0), (2, 1, 0), (3, None, 0)]


def test_each_fact_is_one_notice_to_each_office(told: Told) -> None:
    overdue = [row["notices"] for row in told.notices["counts"] if row["kind"] == "report_overdue"]
    assert sum(overdue) == (1 + 3) * 2


def test_the_ledger_counts_a_region_once(told: Told) -> None:
    assert told.ledger["overdue"] == REGIONS - 2


def test_the_late_region_has_reported_and_an_extension_afterwards_does_not_make_it_punctual(told: Told) -> None:
    (rate,) = (rate for rate in told.rates["rates"] if rate["group"] == "kota")
    assert (rate["reported"], rate["on_time"], rate["returned"]) == (2, 1, 0)


async def test_a_rebuild_gives_the_same_documents(told: Told) -> None:
    await forget(told.installation.settings, lambda _: None)
    async with told.installation.services(FixedClock(EXTENDED + 2 * DAY)):
        await told.installation.all_read()
    rebuilt = await told.installation.documents()
    assert rebuilt.keys() == told.documents.keys()
    for collection, documents in told.documents.items():
        assert rebuilt[collection] == documents, collection
