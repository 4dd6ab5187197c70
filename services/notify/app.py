"""notify, put together."""

import asyncio
import ssl
from pathlib import Path

from fastapi import APIRouter

from chassis.errors import Misconfigured
from chassis.replay import read_all
from chassis.service import Service, World
from chassis.settings import Settings
from contracts.notice import NoticeSettledV1
from contracts.recipient import RecipientChangedV1
from contracts.topics import (
    AWARD_CHANGED,
    NOTICE_SETTLED,
    RECIPIENT_CHANGED,
    REPORT_OVERDUE,
    SCORECARD_UPDATED,
    SUBMISSION_JUDGED,
)
from regulation.law import Law
from regulation.loading import load_law
from services.notify.certificates.press import Press, read_emblem
from services.notify.handlers import AwardHandlers, NoticeHandlers
from services.notify.mailer.courier import Courier, MailServer
from services.notify.mailer.letters import Letters
from services.notify.mailer.mail import Origin
from services.notify.metrics import NoticeMetrics
from services.notify.pages.certificates import certificate_pages
from services.notify.pages.inbox import inbox_pages
from services.notify.pages.recipients import RecipientPage, recipient_pages
from services.notify.recipients import Directory
from services.notify.register import Register
from services.notify.routes import certificates, notices, recipients, webhooks
from services.notify.sender.ends import Ends
from services.notify.sender.hooks import HookSender
from services.notify.sender.mails import MailSender
from services.notify.sender.watch import NoticeWatch
from services.notify.store.certificates import CertificateStore
from services.notify.store.flow import Flow
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from services.notify.webhooks.addresses import CheckedNetwork, allowed_networks
from services.notify.webhooks.courier import WebhookCourier
from services.notify.webhooks.signing import Signer

NAME = "notify"
MAIL_SENDERS = 6
"""Each has one connection to the mail server."""


def build(world: World) -> Service:
    settings, law = world.settings, load_law()
    store, registered = NoticeStore(world.database), RecipientStore(world.database)
    issued = CertificateStore(world.database)
    letters = Letters(settings.public_url, settings.rules_url)
    ends = Ends(store, world.publisher, world.clock, NoticeMetrics(world.registry), asyncio.Event())
    register = Register(registered, world.publisher, world.clock)
    handlers = NoticeHandlers(store, registered, law, Directory.read(settings.recipients), ends.metrics)
    mails = _mail_sender(world, ends, letters, register)
    hooks = _hook_sender(world, ends, register)
    roster, endpoints = recipients.Roster(register, law, world.clock), webhooks.Endpoints(register, hooks, law)

    async def prepare() -> None:
        """Who is told is known before the first fact is read: a rebuild tells those who were told."""
        await store.prepare()
        await registered.prepare()
        await issued.prepare()
        async for changes in read_all(settings, RECIPIENT_CHANGED):
            await registered.keep_known([change for change in changes if isinstance(change, RecipientChangedV1)])

    async def tidy() -> None:
        if not ends.known.is_set():
            async for told in read_all(settings, NOTICE_SETTLED):
                await store.keep_ends([end for end in told if isinstance(end, NoticeSettledV1)])
            ends.known.set()
        await ends.tidy()

    return Service(
        NAME,
        handlers={
            RECIPIENT_CHANGED: handlers.on_recipients,
            NOTICE_SETTLED: handlers.on_ends,
            SUBMISSION_JUDGED: handlers.on_facts,
            REPORT_OVERDUE: handlers.on_facts,
            SCORECARD_UPDATED: handlers.on_facts,
            AWARD_CHANGED: AwardHandlers(issued, handlers).on_awards,
        },
        routers=[
            notices.router(store),
            recipients.router(roster),
            webhooks.router(endpoints, store, settings.public_url),
            *_certificate_doors(issued, settings, law),
            inbox_pages(store, issued, law, letters),
            *recipient_pages(RecipientPage(roster, endpoints, law)),
        ],
        webhooks=webhooks.told(),
        prepare=prepare,
        tasks=[
            tidy,
            NoticeWatch(ends, Flow(world.database)).watch,
            register.tidy,
            hooks.run,
            *[mails.run] * MAIL_SENDERS,
        ],
        title="SPM Awards: notices",
    )


def _certificate_doors(issued: CertificateStore, settings: Settings, law: Law) -> list[APIRouter]:
    press = Press(law, settings.public_url, settings.page_notice, read_emblem(settings.emblem))
    return [certificates.router(issued, press), certificate_pages(issued, press)]


def _mail_sender(world: World, ends: Ends, letters: Letters, register: Register) -> MailSender:
    settings = world.settings
    origin = Origin.parse(settings.mail_from)
    courier = Courier(
        MailServer.parse(settings.smtp),
        own_host=origin.domain,
        tls=_trusting("SPM_SMTP_CA_FILE", settings.smtp_ca_file),
        tls_required=settings.smtp_tls_required,
    )
    return MailSender(ends, letters, courier, origin, register, attempts_max=settings.mail_attempts_max)


def _hook_sender(world: World, ends: Ends, register: Register) -> HookSender:
    settings = world.settings
    courier = WebhookCourier(
        CheckedNetwork(allowed_networks(settings.webhook_networks)),
        _trusting("SPM_WEBHOOK_CA_FILE", settings.webhook_ca_file),
    )
    return HookSender(ends, courier, Signer.read(settings.webhook_secret), register, settings.public_url)


def _trusting(setting: str, ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"{setting}: {ca_file} holds no certificates that can be read ({error})") from None
