"""Puts intake together."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry

from chassis.endless import Task
from chassis.mongo import Area
from chassis.service import Sandbox, Service, World
from chassis.shortway import ShortWay
from chassis.stream import Handler
from contracts.submission import SubmissionReceivedV1
from contracts.topics import Topic
from regulation.law import Law
from regulation.loading import load_law
from services.intake.domain.proof import Signer
from services.intake.domain.sealed import sealed
from services.intake.handlers import Reader, noted
from services.intake.metrics import FlowMetrics, IntakeMetrics, LedgerMetrics
from services.intake.pages.frame import intake_frame
from services.intake.pages.receipts import receipt_pages
from services.intake.pages.reports import report_pages
from services.intake.pages.upload import upload_pages
from services.intake.routes import (
    batches,
    data_values,
    events,
    flow,
    ledger,
    obligations,
    periods,
    receipts,
    reports,
    stories,
    submissions,
    workbooks,
)
from services.intake.routes.access import Access
from services.intake.routes.admission import Admission
from services.intake.routes.announcement import Announcement
from services.intake.routes.commit import CLEARED_AFTER
from services.intake.routes.past import Past
from services.intake.routes.sandbox import PlayedAdmission, Rehearsal, SandboxLog, calendar
from services.intake.sheets.forms import Forms
from services.intake.store.events import Events
from services.intake.store.flow import Flow
from services.intake.store.keys import Keys
from services.intake.store.ledger import LedgerStore
from services.intake.store.obligations import SentReports
from services.intake.store.reports import Reports
from services.intake.store.sandbox import Expiry
from services.intake.store.submissions import Store

NAME: Final = "intake"
TEND_EVERY_S: Final = 60.0
GATHER_MS: Final = 250
"""A report's figures, its stages and events may be seen so much later; its receipt and status wait for nothing read."""


@dataclass(frozen=True)
class _Doors:
    """What works on one set of collections: the real job's, or the sandbox's."""

    store: Store
    reports: Reports
    happened: Events
    tail: events.Tail
    accounts: LedgerStore
    announcement: Announcement
    short_way: ShortWay
    deciding: Sequence[APIRouter]
    """Decide from what the collections hold."""
    telling: Sequence[APIRouter]

    async def prepare(self) -> None:
        await self.store.prepare()
        await self.reports.prepare()
        await self.happened.prepare()

    def handlers(self, keys: Keys) -> Mapping[Topic, Handler]:
        return noted(Reader(self.store, self.reports, keys).handlers, self.happened)


def build(world: World) -> Service:
    law, signer = load_law(), receipts.signer_of(world.settings)
    access = Access(world, law)
    past = Past(NAME, Store(world.database), world.settings)
    doors = _doors(world, law, signer, Admission, past.require)
    watch = ledger.LedgerWatch(doors.accounts, past, LedgerMetrics(world.registry), world.clock)
    incoming = flow.FlowWatch(
        Flow(world.database), doors.store, past, FlowMetrics(world.registry), world.clock, law.regions
    )
    deciding = APIRouter(dependencies=[Depends(past.require)])
    for router in (*doors.deciding, access.key_doors):
        deciding.include_router(router)
    rehearsed, prepare_sandbox, sandbox_tasks = _sandbox(world, law, signer, access.keys)

    async def prepare() -> None:
        await doors.prepare()
        await incoming.prepare()
        await access.prepare()
        await prepare_sandbox()
        await doors.announcement.make_up()

    async def tend() -> None:
        """Learn the past, then say every now and then what a failure left unsaid and which deadlines have passed."""
        if not past.known:
            await past.learn()
        await doors.announcement.make_up()
        await access.make_up()
        await doors.announcement.mark_deadlines(world.clock.now())
        await doors.store.clear_away(world.clock.now() - CLEARED_AFTER)
        await asyncio.sleep(TEND_EVERY_S)

    return Service(
        NAME,
        handlers=doors.handlers(access.keys),
        views={SubmissionReceivedV1: sealed},
        gather_ms=GATHER_MS,
        routers=[doors.short_way, deciding, *doors.telling, access.audit_doors],
        prepare=prepare,
        tasks=[tend, watch.watch, incoming.watch, doors.tail.watch, doors.tail.end, access.audit.keep, *sandbox_tasks],
        ready=lambda: past.known,
        title="SPM Awards: intake",
        witness=access.audit,
        sandbox=rehearsed,
    )


def _doors(world: World, law: Law, signer: Signer, admits: type[Admission], require: Task) -> _Doors:
    """``require`` stands before the doors that decide; only the short way needs to be told."""
    clock, rules_url, own_url = world.clock, world.settings.rules_url, world.settings.intake_url
    frame = intake_frame(world.settings.page_notice)
    store, kept_reports, accounts = Store(world.database), Reports(world.database), LedgerStore(world.database)
    happened = Events(world.database)
    tail = events.Tail(happened, world.stopping)
    region_codes = [region.code for region in law.regions.reporting()]
    announcement = Announcement(store, world.publisher, clock, region_codes, law.told_days)
    metrics = IntakeMetrics(world.registry)
    admission = admits(store, world.publisher, clock, metrics, signer, tracing=world.tracing)
    duties = obligations.Obligations(store, SentReports(world.database), law, clock)
    forms = Forms(law, kept_reports)
    handing_in, short_way = submissions.doors(admission, clock, require)
    return _Doors(
        store,
        kept_reports,
        happened,
        tail,
        accounts,
        announcement,
        short_way,
        deciding=[
            handing_in,
            batches.router(admission, clock),
            data_values.router(admission, clock),
            workbooks.writing(forms, admission, clock),
            upload_pages(store, forms, admission, law, frame, clock),
            periods.writing(store, announcement, law, clock),
            ledger.router(accounts, region_codes, clock),
        ],
        telling=[
            stories.router(store, rules_url=rules_url),
            events.router(tail),
            reports.router(kept_reports, store),
            workbooks.reading(forms, kept_reports, store),
            receipts.router(store, signer),
            report_pages(store, law, frame, clock, rules_url=rules_url),
            receipt_pages(store, signer, law, frame, own_url=own_url),
            periods.reading(store),
            obligations.router(duties, law.regions, own_url=own_url),
        ],
    )


def _sandbox(world: World, law: Law, signer: Signer, keys: Keys) -> tuple[Sandbox, Task, Sequence[Task]]:
    """Its doors, how it begins, and what runs beside it."""
    area, log = Area(world.database, "sandbox_"), SandboxLog(world.clock)
    stage = replace(world, database=area, publisher=log, registry=CollectorRegistry(), tracing=None)
    doors = _doors(stage, law, signer.of_sandbox(), PlayedAdmission, require=partial(asyncio.sleep, 0))
    log.read_by(doors.handlers(keys))
    expiry = Expiry(area)

    async def prepare() -> None:
        await doors.prepare()
        await expiry.prepare()
        await doors.store.add_periods(calendar(law, world.clock.now()))

    async def tend() -> None:
        await expiry.date(world.clock.now())
        await asyncio.sleep(TEND_EVERY_S)

    tasks = [tend, doors.tail.watch, doors.tail.end]
    return Sandbox([doors.short_way, *doors.deciding, *doors.telling], Rehearsal(expiry)), prepare, tasks
