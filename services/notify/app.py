"""notify, put together."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

from fastapi import APIRouter

from chassis.endless import Task
from chassis.errors import Misconfigured
from chassis.groups import committed_by, group_of
from chassis.oidc import SignInIssuer
from chassis.replay import read_all
from chassis.service import Service, World
from chassis.settings import Settings
from contracts.notice import NoticeSettledV1
from contracts.recipient import RecipientChangedV1
from contracts.topics import (
    AWARD_CHANGED,
    AWARD_REASONS_ASKED,
    NOTICE_ACKNOWLEDGED,
    NOTICE_SETTLED,
    RECIPIENT_CHANGED,
    REPORT_OVERDUE,
    SCORECARD_UPDATED,
    SUBMISSION_JUDGED,
    WEEK_SUMMED_UP,
)
from regulation.law import Law
from regulation.loading import load_law
from services.notify.certificates.press import Press, read_emblem
from services.notify.handlers import (
    AcknowledgementHandlers,
    AwardHandlers,
    DigestHandlers,
    InboxKeeper,
    NoticeHandlers,
)
from services.notify.mailer.courier import Courier, MailServer
from services.notify.mailer.letters import Letters
from services.notify.mailer.mail import Origin
from services.notify.mailer.sign_in import LINK_MINUTES, SignInLetter
from services.notify.mailer.unsubscribing import PURPOSE
from services.notify.metrics import NoticeMetrics
from services.notify.pages.certificates import certificate_pages
from services.notify.pages.frame import notify_frame
from services.notify.pages.inbox import Inbox, inbox_pages
from services.notify.pages.preview import preview_page
from services.notify.pages.recipients import RecipientPage, recipient_pages
from services.notify.pages.sign_in import BACK, SignInPages, sign_in_pages
from services.notify.pages.situation import situation_page
from services.notify.pages.unsubscribe import unsubscribe_pages
from services.notify.recipients import Directory
from services.notify.register import Acknowledgements, AwardQuestions, Offices, Register
from services.notify.routes import award_reasons, bounces, certificates, notices, recipients, webhooks
from services.notify.routes.readers import Readers
from services.notify.sender.digests import Kept, WeeklyDigests
from services.notify.sender.ends import Ends
from services.notify.sender.escalation import Escalation
from services.notify.sender.hooks import HookSender
from services.notify.sender.mails import MailSender
from services.notify.sender.sign_ins import SignInSender
from services.notify.sender.watch import NoticeWatch
from services.notify.store.certificates import CertificateStore
from services.notify.store.digests import DigestStore
from services.notify.store.flow import Flow
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from services.notify.store.sessions import SessionStore
from services.notify.store.unlogged import UNLOGGED
from services.notify.webhooks.addresses import CheckedNetwork, allowed_networks
from services.notify.webhooks.courier import WebhookCourier
from services.notify.webhooks.signing import Signer

NAME = "notify"
MAIL_SENDERS = 6
"""Each has one connection to the mail server."""
LINK_SENDERS = 2
NOTED_EVERY_S = 300.0
_TOLD_ALONE = (AWARD_REASONS_ASKED, SUBMISSION_JUDGED, REPORT_OVERDUE, SCORECARD_UPDATED)
"""Of which nothing else is kept than what a situation is shown from."""


def build(world: World) -> Service:
    settings, law = world.settings, load_law()
    store, registered = NoticeStore(world.database), RecipientStore(world.database)
    issued, digests = CertificateStore(world.database), DigestStore(world.database)
    signer = Signer.read(settings.webhook_secret)
    letters = Letters(settings.public_url, settings.rules_url, signer.key_for(PURPOSE) if signer else None)
    metrics = NoticeMetrics(world.registry)
    ends = Ends(store, world.publisher, world.clock, metrics, asyncio.Event(), world.tracing)
    register = Register(registered, world.publisher, world.clock)
    keeper, directory = InboxKeeper.of(world.database), Directory.read(settings.recipients)
    handlers = NoticeHandlers(store, keeper, registered, law, directory, metrics)
    mails = _mail_sender(world, ends, letters, register)
    hooks = _hook_sender(world, ends, register, signer)
    officials = _Officials(world, law, registered, directory, mails.courier)
    inbox = officials.inbox(store, keeper, issued, letters)

    async def prepare() -> None:
        """Who is told is known before the first fact is read: a rebuild tells those who were told."""
        for kept in (store, registered, issued, keeper, digests, officials.sessions):
            await kept.prepare()
        async for changes in read_all(settings, RECIPIENT_CHANGED):
            await registered.keep_known([change for change in changes if isinstance(change, RecipientChangedV1)])

    return Service(
        NAME,
        handlers={
            RECIPIENT_CHANGED: handlers.on_recipients,
            NOTICE_SETTLED: handlers.on_ends,
            NOTICE_ACKNOWLEDGED: AcknowledgementHandlers(keeper.matters, handlers).on_acknowledged,
            WEEK_SUMMED_UP: DigestHandlers(digests, handlers).on_weeks,
            AWARD_CHANGED: AwardHandlers(issued, handlers, law).on_awards,
            **dict.fromkeys(_TOLD_ALONE, handlers.on_facts),
        },
        routers=_doors(world, inbox, officials, register, hooks),
        webhooks=webhooks.told(),
        prepare=prepare,
        tasks=[NoticeWatch(ends, Flow(world.database)).watch, *officials.tasks],
        senders=[
            _tidy(settings, ends),
            _note_read(settings, ends),
            register.tidy,
            hooks.run,
            *[mails.run] * MAIL_SENDERS,
            *officials.senders(inbox),
            *_weekly(world, inbox, digests, registered),
        ],
        unlogged=UNLOGGED,
        title="SPM Awards: notices",
    )


class _Officials:
    """What officials come in by."""

    def __init__(
        self, world: World, law: Law, registered: RecipientStore, directory: Directory, courier: Courier
    ) -> None:
        settings, self._world, self._law = world.settings, world, law
        offices = Offices(registered, directory, [region.code for region in law.regions.reporting()])
        letter = SignInLetter(Origin.parse(settings.mail_from), settings.public_url)
        self.frame = notify_frame(settings.page_notice)
        self.sessions = SessionStore(
            world.database,
            idle=timedelta(hours=settings.session_idle_hours),
            link=timedelta(minutes=LINK_MINUTES),
        )
        self.readers = Readers(self.sessions, offices, world.clock, settings.public_url)
        self.links = SignInSender(self.sessions, offices, letter, courier, world.clock)

    def inbox(self, store: NoticeStore, keeper: InboxKeeper, issued: CertificateStore, letters: Letters) -> Inbox:
        world = self._world
        acknowledgements = Acknowledgements(keeper.matters, world.publisher, world.clock)
        questions = AwardQuestions(issued, store, world.publisher, world.clock)
        kept = (store, keeper.matters, keeper.situations, issued)
        return Inbox(self.frame, *kept, acknowledgements, questions, self._law, letters, world.clock)

    def pages(self, inbox: Inbox) -> list[APIRouter]:
        clock, settings = self._world.clock, self._world.settings
        issuer = SignInIssuer.of(settings, clock, back=settings.public_url.rstrip("/") + BACK)
        signing_in = SignInPages(self.frame, self.sessions, self.links, self.readers, clock, issuer)
        return [
            *sign_in_pages(signing_in),
            inbox_pages(inbox, self.readers),
            situation_page(inbox, self.readers),
            preview_page(self.frame, inbox.letters, self.readers),
        ]

    @property
    def tasks(self) -> list[Task]:
        """Officials come in while the senders rest, too."""
        return [self.links.write, *[self.links.send] * LINK_SENDERS]

    def senders(self, inbox: Inbox) -> list[Task]:
        world = self._world
        escalation = Escalation(NAME, world.settings, inbox.matters, inbox.notices, world.publisher, world.clock)
        return [inbox.acknowledgements.tidy, escalation.run]


def _tidy(settings: Settings, ends: Ends) -> Task:
    async def tidy() -> None:
        if not ends.known.is_set():
            async for told in read_all(settings, NOTICE_SETTLED, behind=await ends.store.ends_read()):
                await ends.store.keep_ends([end for end in told if isinstance(end, NoticeSettledV1)])
            ends.known.set()
        await ends.tidy()

    return tidy


def _note_read(settings: Settings, ends: Ends) -> Task:
    """What the group has committed is kept: the next start reads what came behind it, not every end there ever was."""

    async def note_read() -> None:
        await ends.known.wait()
        while True:
            committed = await committed_by(settings, group_of(NAME, settings), [NOTICE_SETTLED])
            await ends.store.keep_read({at.partition: offset for at, offset in committed.items()})
            await asyncio.sleep(NOTED_EVERY_S)

    return note_read


def _weekly(world: World, inbox: Inbox, digests: DigestStore, registered: RecipientStore) -> list[Task]:
    if not inbox.letters.unsubscribing.possible:
        return []  # what nobody could end is mailed to nobody
    kept = Kept(digests, registered, inbox.notices, inbox.matters, inbox.situations)
    return [WeeklyDigests(NAME, world.settings, kept, inbox.law, world.publisher, world.clock).run]


def _doors(world: World, inbox: Inbox, officials: _Officials, register: Register, hooks: HookSender) -> list[APIRouter]:
    settings, law, store, issued = world.settings, inbox.law, inbox.notices, inbox.certificates
    roster, endpoints = recipients.Roster(register, law, world.clock), webhooks.Endpoints(register, hooks, law)
    press = Press(law, settings.public_url, settings.page_notice, read_emblem(settings.emblem))
    return [
        notices.router(store),
        recipients.router(roster),
        bounces.router(store, register),
        award_reasons.router(inbox.questions),
        webhooks.router(endpoints, store, settings.public_url),
        certificates.router(issued, press, officials.readers),
        certificate_pages(issued, press, officials.frame),
        *officials.pages(inbox),
        unsubscribe_pages(officials.frame, inbox.letters.unsubscribing, register),
        *recipient_pages(RecipientPage(officials.frame, roster, endpoints, law)),
    ]


def _mail_sender(world: World, ends: Ends, letters: Letters, register: Register) -> MailSender:
    settings = world.settings
    origin = Origin.parse(settings.mail_from, settings.bounce_domain)
    courier = Courier(
        MailServer.parse(settings.smtp),
        own_host=origin.domain,
        tls=_trusting("SPM_SMTP_CA_FILE", settings.smtp_ca_file),
        tls_required=settings.smtp_tls_required,
    )
    return MailSender(ends, letters, courier, origin, register, attempts_max=settings.mail_attempts_max)


def _hook_sender(world: World, ends: Ends, register: Register, signer: Signer | None) -> HookSender:
    settings = world.settings
    courier = WebhookCourier(
        CheckedNetwork(allowed_networks(settings.webhook_networks)),
        _trusting("SPM_WEBHOOK_CA_FILE", settings.webhook_ca_file),
    )
    return HookSender(ends, courier, signer, register, settings.public_url)


def _trusting(setting: str, ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"{setting}: {ca_file} holds no certificates that can be read ({error})") from None
