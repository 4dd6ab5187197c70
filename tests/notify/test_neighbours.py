"""Every kind of bad recipient at once, beside good ones: each notice ends honestly, and no good one waits for them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock, monotonic_s
from chassis.errors import Retryable
from chassis.mongo import Database, Mongo
from contracts.notice import NoticeState
from contracts.recipient import Role
from deploy.local.ports import LOOPBACK
from services.notify.app import MAIL_SENDERS
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.notice import Notice, Recipient
from services.notify.mailer.courier import Courier, MailServer
from services.notify.mailer.mail import Origin
from services.notify.metrics import NoticeMetrics
from services.notify.register import Register
from services.notify.sender.ends import Ends
from services.notify.sender.mails import MailSender
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from tests.notify.golden_letters import LETTERS
from tests.notify.log import Log
from tests.notify.relay import MANNERS, Relay
from tests.running import eventually, settings_for

NOTICE = example_of(FACTS[0])
START = NOTICE.matter.fact_at + timedelta(minutes=1)
ANSWER_S = 3.0
PATIENCE_S = 0.2
ATTEMPTS_MAX = 2
GOOD = [f"good-{number}" for number in range(12)]
REFUSED = {"550", "554"}
SILENT = {"hang-rcpt", "hang-data", "hang-end", "endless"}


@pytest_asyncio.fixture
async def database(mongo: str) -> AsyncIterator[Database]:
    deployment = Mongo(settings_for("127.0.0.1:1", mongo))
    yield deployment.database("store")
    await deployment.drop("store")
    await deployment.close()


def notices_to(names: list[str]) -> dict[str, Notice]:
    """One to each, a second apart, so that they are due in this order."""
    return {
        name: Notice(
            replace(
                NOTICE.matter, fact_id=f"fact-{name}", fact_at=NOTICE.matter.fact_at + timedelta(milliseconds=number)
            ),
            Recipient(role=Role.TEAM, address=f"{name}@99-71.daerah.example"),
        )
        for number, name in enumerate(names)
    }


async def test_a_mail_that_hangs_or_breaks_its_connection_delays_no_other(database: Database) -> None:
    store = NoticeStore(database)
    await store.prepare()
    relay, log, clock = Relay(), Log(), FixedClock(START)
    ends = Ends(store, log, clock, NoticeMetrics(CollectorRegistry()), asyncio.Event())
    ends.known.set()
    sender = MailSender(
        ends,
        LETTERS,
        Courier(MailServer.parse(f"smtp://{LOOPBACK}:{relay.port}"), own_host="notices.example", answer_s=ANSWER_S),
        Origin("SPM Awards", "spm@notices.example"),
        Register(RecipientStore(database), log, clock),
        attempts_max=ATTEMPTS_MAX,
        patience_s=PATIENCE_S,
    )
    notices = notices_to([*MANNERS, *GOOD])
    await store.keep([*notices.values()])

    async def send_again_and_again() -> None:
        while True:
            with suppress(Retryable):
                await sender.run()

    async def is_quiet() -> bool:
        states = {(await kept(store, notice))[0] for notice in notices.values()}
        return not states & {NoticeState.CREATED, NoticeState.SENDING}

    async def nothing_is_open() -> bool:
        return not await store.count_open(since=ends.oldest)

    async with relay.running():
        started = monotonic_s()
        senders = [asyncio.create_task(send_again_and_again()) for _ in range(MAIL_SENDERS)]
        await eventually(is_quiet)
        for _ in range(1, ATTEMPTS_MAX):
            clock.instant += timedelta(hours=6)
            await eventually(nothing_is_open)
        for task in senders:
            task.cancel()
        await asyncio.gather(*senders, return_exceptions=True)

    waited_s = max(relay.taken[notices[name].recipient.address or ""] for name in GOOD) - started
    assert waited_s < len(SILENT) * ANSWER_S, "a good neighbour waited as if each silent one were waited for in turn"
    expected = {
        name: (NoticeState.PERMANENT_FAILURE, 1) if name in REFUSED else (NoticeState.GIVEN_UP, ATTEMPTS_MAX)
        for name in MANNERS
    } | dict.fromkeys(GOOD, (NoticeState.DELIVERED, 1))
    assert {name: await kept(store, notice) for name, notice in notices.items()} == expected
    assert Counter(end.notice_id for end in log.ends) == Counter(notice.id for notice in notices.values())
    assert Counter(relay.tried) == {
        notices[name].recipient.address: attempts for name, (_, attempts) in expected.items()
    }


async def kept(store: NoticeStore, notice: Notice) -> tuple[NoticeState, int]:
    found = await store.find(notice.matter.region_code, notice.id)
    assert found is not None
    return found.state, found.attempts
