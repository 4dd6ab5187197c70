"""notify, put together."""

import asyncio

from chassis.replay import read_all
from chassis.service import Service, World
from contracts.notice import NoticeSettledV1
from contracts.topics import AWARD_CHANGED, NOTICE_SETTLED, REPORT_OVERDUE, SCORECARD_UPDATED, SUBMISSION_JUDGED
from regulation.loading import load_law
from services.notify.handlers import NoticeHandlers
from services.notify.mailer.courier import Courier, MailServer
from services.notify.mailer.letters import Letters
from services.notify.mailer.mail import Origin
from services.notify.metrics import NoticeMetrics
from services.notify.pages import inbox_pages
from services.notify.recipients import Directory
from services.notify.routes import notice_routes
from services.notify.sender import Sender
from services.notify.store import NoticeStore

NAME = "notify"
SENDERS = 6
"""Each has one connection to the mail server."""


def build(world: World) -> Service:
    settings = world.settings
    law = load_law()
    store = NoticeStore(world.database)
    letters = Letters(settings.public_url, settings.rules_url)
    metrics = NoticeMetrics(world.registry)
    handlers = NoticeHandlers(store, law, Directory.read(settings.recipients), metrics, templates=letters.version)
    origin = Origin.parse(settings.mail_from)
    ends_known = asyncio.Event()
    sender = Sender(
        store=store,
        letters=letters,
        courier=Courier(MailServer.parse(settings.smtp), own_host=origin.domain),
        origin=origin,
        publisher=world.publisher,
        clock=world.clock,
        metrics=metrics,
        attempts_max=settings.mail_attempts_max,
        ends_known=ends_known,
    )

    async def tidy() -> None:
        if not ends_known.is_set():
            async for ends in read_all(settings, NOTICE_SETTLED):
                await store.keep_ends([end for end in ends if isinstance(end, NoticeSettledV1)])
            ends_known.set()
        await sender.tidy()

    return Service(
        NAME,
        handlers={
            NOTICE_SETTLED: handlers.on_ends,
            SUBMISSION_JUDGED: handlers.on_facts,
            REPORT_OVERDUE: handlers.on_facts,
            SCORECARD_UPDATED: handlers.on_facts,
            AWARD_CHANGED: handlers.on_facts,
        },
        routers=[notice_routes(store), inbox_pages(store, law, letters)],
        prepare=store.prepare,
        tasks=[tidy, *[sender.run] * SENDERS],
        title="SPM Awards: notices",
    )
