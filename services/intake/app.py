"""Puts intake together."""

import asyncio
from typing import Final

from fastapi import APIRouter, Depends

from chassis.service import Service, World
from regulation.loading import load_law
from services.intake.handlers import Reader
from services.intake.metrics import IntakeMetrics, LedgerMetrics
from services.intake.pages.frame import intake_frame
from services.intake.pages.receipts import receipt_pages
from services.intake.pages.reports import report_pages
from services.intake.routes import (
    batches,
    data_values,
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
from services.intake.routes.past import Past
from services.intake.sheets.forms import Forms
from services.intake.store.ledger import LedgerStore
from services.intake.store.obligations import SentReports
from services.intake.store.reports import Reports
from services.intake.store.submissions import Store

NAME: Final = "intake"
TEND_EVERY_S: Final = 60.0


def build(world: World) -> Service:
    law = load_law()
    store, kept_reports = Store(world.database), Reports(world.database)
    region_codes = [region.code for region in law.regions.reporting()]
    announcement = Announcement(store, world.publisher, world.clock, region_codes, law.overdue_days)
    signer, frame = receipts.signer_of(world.settings), intake_frame(world.settings.page_notice)
    admission = Admission(store, world.publisher, world.clock, IntakeMetrics(world.registry), signer)
    duties = obligations.Obligations(store, SentReports(world.database), law, world.clock)

    access = Access(world, law)
    forms = Forms(law, kept_reports)
    past = Past(NAME, store, world.settings)
    accounts = LedgerStore(world.database)
    watch = ledger.LedgerWatch(accounts, past, LedgerMetrics(world.registry), world.clock)
    deciding = APIRouter(dependencies=[Depends(past.require)])
    deciding.include_router(submissions.router(admission, world.clock))
    deciding.include_router(batches.router(admission, world.clock))
    deciding.include_router(data_values.router(admission, world.clock))
    deciding.include_router(workbooks.writing(forms, admission, world.clock))
    deciding.include_router(periods.writing(store, announcement, law, world.clock))
    deciding.include_router(ledger.router(accounts, region_codes, world.clock))
    deciding.include_router(access.key_doors)

    async def prepare() -> None:
        await store.prepare()
        await kept_reports.prepare()
        await access.prepare()
        await announcement.make_up()

    async def tend() -> None:
        """Learn the past, then say every now and then what a failure left unsaid and which deadlines have passed."""
        if not past.known:
            await past.learn()
        await announcement.make_up()
        await announcement.mark_deadlines(world.clock.now())
        await asyncio.sleep(TEND_EVERY_S)

    return Service(
        NAME,
        handlers=Reader(store, kept_reports, access.keys).handlers,
        routers=[
            deciding,
            stories.router(store, rules_url=world.settings.rules_url),
            reports.router(kept_reports, store),
            workbooks.reading(forms, kept_reports, store),
            receipts.router(store, signer),
            report_pages(store, law, frame, world.clock, rules_url=world.settings.rules_url),
            receipt_pages(store, signer, law, frame, own_url=world.settings.intake_url),
            periods.reading(store),
            obligations.router(duties, law.regions, own_url=world.settings.intake_url),
            access.audit_doors,
        ],
        prepare=prepare,
        tasks=[tend, watch.watch, access.audit.keep],
        ready=lambda: past.known,
        title="SPM Awards: intake",
        witness=access.audit,
    )
