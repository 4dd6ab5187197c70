import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock
from chassis.errors import Retryable
from chassis.mongo import Database
from contracts.notice import NoticeState
from contracts.recipient import Channel, RecipientChangedV1, Role
from contracts.topics import NOTICE_SETTLED
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.notice import Notice, Recipient
from services.notify.mailer.courier import Courier, MailServer
from services.notify.mailer.letters import Letters
from services.notify.mailer.mail import Origin, mail_of
from services.notify.metrics import NoticeMetrics
from services.notify.register import Register
from services.notify.sender.ends import READ_BACK, REMEMBERED, Ends
from services.notify.sender.mails import MailSender
from services.notify.store.notices import LEASE, NoticeStore
from services.notify.store.recipients import RecipientStore
from tests.notify import messages
from tests.notify.catcher import Catcher, after_s, always, first, refusing
from tests.notify.golden_letters import LETTERS
from tests.notify.log import Log
from tests.running import eventually

NOTICE = example_of(FACTS[0])
ADDRESS = NOTICE.recipient.address or ""
NOW = NOTICE.matter.fact_at + timedelta(minutes=1)
EVER = datetime(2000, 1, 1, tzinfo=UTC)
ANSWER_S = 0.5


@dataclass
class Office:
    """One sender with all that it needs."""

    store: NoticeStore
    catcher: Catcher
    log: Log
    clock: FixedClock
    registry: CollectorRegistry
    sender: MailSender

    async def run(self) -> None:
        """One burst; a broken connection ends it as it ends the task in the service."""
        with suppress(Retryable):
            await self.sender.run()

    async def state(self, notice: Notice = NOTICE) -> tuple[NoticeState, int]:
        kept = await self.store.find(notice.matter.region_code, notice.id)
        assert kept is not None
        return kept.state, kept.attempts

    def counted(self, status: NoticeState) -> float:
        labels = {"channel": "email", "kind": NOTICE.matter.kind, "status": status}
        return self.registry.get_sample_value("spm_notices_total", labels) or 0


@pytest_asyncio.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    for name in ("notices", "recipients"):
        await database[name].delete_many({})
    store = NoticeStore(database)
    await store.prepare()
    await store.keep([NOTICE])
    catcher, log, clock, registry = Catcher(), Log(), FixedClock(NOW), CollectorRegistry()
    ends = Ends(store, log, clock, NoticeMetrics(registry), asyncio.Event())
    sender = MailSender(
        ends,
        LETTERS,
        Courier(MailServer.parse(catcher.uri), own_host="notices.example", answer_s=ANSWER_S),
        Origin("SPM Awards", "spm@notices.example"),
        Register(RecipientStore(database), log, clock),
        attempts_max=3,
    )
    ends.known.set()
    yield Office(store, catcher, log, clock, registry, sender)
    await database["notices"].delete_many({})


def many(count: int) -> list[Notice]:
    recipients = [Recipient(role=Role.TEAM, address=f"tim-{number}@99-71.daerah.example") for number in range(count)]
    return [replace(NOTICE, recipient=recipient) for recipient in recipients]


async def test_a_notice_is_sent_noted_published_and_counted(office: Office) -> None:
    async with office.catcher.running():
        await office.run()
        await office.run()

    [raw] = office.catcher.raw
    assert raw == mail_of(NOTICE, LETTERS.letter(NOTICE), office.sender.origin)
    assert await office.state() == (NoticeState.DELIVERED, 1)
    [end] = office.log.ends
    assert (end.notice_id, end.state, end.attempts, end.settled_at) == (NOTICE.id, NoticeState.DELIVERED, 1, NOW)
    [event] = office.log.events
    assert (event.topic, event.key) == (NOTICE_SETTLED.name, "99.71")
    assert event.headers["ce_causationid"] == NOTICE.matter.fact_id
    assert ADDRESS.encode() not in event.value
    assert office.counted(NoticeState.DELIVERED) == 1
    assert office.registry.get_sample_value("spm_notice_delivery_seconds_sum", {"channel": "email"}) == 60


async def test_nothing_is_sent_before_the_ends_of_the_log_are_known(office: Office) -> None:
    office.sender.ends.known.clear()
    async with office.catcher.running():
        running = asyncio.create_task(office.sender.run())
        await asyncio.sleep(0.3)
        assert office.catcher.raw == []
        office.sender.ends.known.set()
        await running
    assert len(office.catcher.recipients) == 1


async def test_new_words_change_no_mail_that_was_begun(office: Office) -> None:
    office.catcher.data = first("451 greylisted")
    reworded = replace(office.sender, letters=Letters("https://elsewhere.example", "https://rules.example"))
    async with office.catcher.running():
        await office.run()
        office.clock.instant += timedelta(seconds=1)
        await reworded.run()

    once, again = office.catcher.raw
    assert once == again
    [end] = office.log.ends
    assert end.payload_digest == sha256(again).hexdigest()
    assert end.templates == LETTERS.version


async def test_a_mailbox_that_does_not_exist_is_written_to_once(office: Office) -> None:
    row = registered("r-gone", "gone@99-71.daerah.example")
    await office.sender.register.add([row])
    to = Recipient(role=Role.TEAM, address=row.address, recipient_id=row.recipient_id)
    notices = [Notice(replace(NOTICE.matter, fact_id=f"fact-{number}"), to) for number in range(20)]
    await office.store.keep(notices)
    office.catcher.rcpt = refusing("gone@99-71.daerah.example", "550 5.1.1 no such mailbox")
    async with office.catcher.running():
        await office.run()

    states = [await office.state(notice) for notice in notices]
    assert set(states) <= {(NoticeState.PERMANENT_FAILURE, 1), (NoticeState.GIVEN_UP, 0)}
    [marked] = [message for message in office.log.messages if isinstance(message, RecipientChangedV1)][1:]
    assert marked.unreachable_since == NOW


async def test_who_left_is_not_written_to(office: Office) -> None:
    row = registered("r-left", "left@99-71.daerah.example")
    await office.sender.register.add([row])
    to = Recipient(role=Role.TEAM, address=row.address, recipient_id=row.recipient_id)
    notice = Notice(NOTICE.matter, to)
    await office.store.keep([notice])
    await office.sender.register.remove(row, "test")
    async with office.catcher.running():
        await office.run()

    assert row.address not in office.catcher.recipients
    assert await office.state(notice) == (NoticeState.GIVEN_UP, 0)


def registered(recipient_id: str, address: str) -> RecipientChangedV1:
    since = NOTICE.matter.fact_at - timedelta(days=1)
    region = NOTICE.matter.region_code
    return messages.office(since, recipient_id=recipient_id, region_code=region, address=address)


async def test_a_mailbox_that_does_not_exist_ends_the_notice_at_once(office: Office) -> None:
    office.catcher.rcpt = always("550 no such mailbox")
    async with office.catcher.running():
        await office.run()

    assert await office.state() == (NoticeState.PERMANENT_FAILURE, 1)
    assert [end.state for end in office.log.ends] == [NoticeState.PERMANENT_FAILURE]


async def test_a_greylisted_notice_waits_and_is_sent_again_as_the_same_mail(office: Office) -> None:
    office.catcher.data = first("451 greylisted")
    async with office.catcher.running():
        await office.run()
        assert await office.state() == (NoticeState.TEMPORARY_FAILURE, 1)
        await office.run()
        assert await office.state() == (NoticeState.TEMPORARY_FAILURE, 1), "tried before its time"
        office.clock.instant += timedelta(seconds=1)
        await office.run()

    assert await office.state() == (NoticeState.DELIVERED, 2)
    assert office.catcher.raw[0] == office.catcher.raw[1]
    assert [end.attempts for end in office.log.ends] == [2]
    assert office.counted(NoticeState.TEMPORARY_FAILURE) == 1


async def test_a_notice_that_is_never_taken_is_given_up_at_its_last_attempt(office: Office) -> None:
    office.catcher.data = always("451 not today")
    async with office.catcher.running():
        for _ in range(5):
            await office.run()
            office.clock.instant += timedelta(hours=6)

    assert await office.state() == (NoticeState.GIVEN_UP, 3)
    assert len(office.catcher.raw) == 3
    assert [end.state for end in office.log.ends] == [NoticeState.GIVEN_UP]


async def test_a_server_that_is_away_costs_no_attempt_and_all_is_sent_when_it_is_back(office: Office) -> None:
    await office.store.keep(many(10))
    for _ in range(5):
        with pytest.raises(Retryable, match="mail server"):
            await office.sender.run()
        office.clock.instant += timedelta(hours=6)
    assert await office.state() == (NoticeState.CREATED, 0)

    async with office.catcher.running():
        await office.run()

    assert len(set(office.catcher.recipients)) == len(office.catcher.recipients) == 11
    assert {end.attempts for end in office.log.ends} == {1}


async def test_a_server_that_answers_too_late_costs_one_attempt_and_ends_the_burst(office: Office) -> None:
    await office.store.keep(many(10))
    office.catcher.data = after_s(ANSWER_S * 4)
    async with office.catcher.running():
        with pytest.raises(Retryable, match="dropped the connection"):
            await office.sender.run()
        assert len(office.catcher.raw) == 1

        office.catcher.data = always("250 taken")
        office.clock.instant += timedelta(seconds=1)
        await office.run()

    assert len(set(office.catcher.recipients)) == 11
    assert sorted(end.attempts for end in office.log.ends) == [1] * 10 + [2], "the others of its group lost none"


async def test_a_sender_that_is_told_to_stop_notes_the_mail_that_is_on_its_way(office: Office) -> None:
    office.catcher.data = after_s(ANSWER_S / 2)
    async with office.catcher.running():
        running = asyncio.create_task(office.sender.run())
        await eventually(lambda: office.catcher.raw)
        for _ in range(3):
            running.cancel()
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await running

    assert await office.state() == (NoticeState.DELIVERED, 1)
    assert len(office.log.ends) == 1


async def test_a_crash_between_acceptance_and_note_sends_the_same_mail_once_more(office: Office) -> None:
    async with office.catcher.running():
        [_] = await office.store.claim(Channel.EMAIL, NOW, since=EVER, limit=1)
        async with office.sender.courier.connected() as connection:
            mail = mail_of(NOTICE, LETTERS.letter(NOTICE), office.sender.origin)
            await connection.deliver(mail, sender="spm@notices.example", recipient=ADDRESS)
        await office.run()
        assert len(office.catcher.raw) == 1, "the lease of the crashed sender still holds"

        office.clock.instant += LEASE
        await office.run()

    once, again = office.catcher.mails
    assert once["Message-ID"] == again["Message-ID"]
    assert await office.state() == (NoticeState.DELIVERED, 2)


async def test_senders_share_the_work_without_doubles(office: Office) -> None:
    await office.store.keep(many(60))
    patient = replace(office.sender, courier=replace(office.sender.courier, answer_s=30))
    async with office.catcher.running():
        await asyncio.gather(*(patient.run() for _ in range(4)))

    assert len(office.catcher.recipients) == 61
    assert set(Counter(office.catcher.recipients).values()) == {1}
    assert len({end.notice_id for end in office.log.ends}) == 61


async def test_an_end_that_could_not_be_published_is_published_later_from_what_was_kept(office: Office) -> None:
    office.log.away = True
    async with office.catcher.running():
        with pytest.raises(Retryable, match="Kafka is away"):
            await office.sender.run()
        office.log.away = False
        office.clock.instant += READ_BACK * 2
        await office.run()
        tidying = asyncio.create_task(office.sender.ends.tidy())
        await eventually(lambda: office.log.ends)
        tidying.cancel()

    assert len(office.catcher.raw) == 1
    [end] = office.log.ends
    assert (end.state, end.settled_at) == (NoticeState.DELIVERED, NOW)
    assert office.registry.get_sample_value("spm_notices_unsettled") == 0


async def test_a_fact_older_than_the_log_of_ends_is_kept_for_the_inbox_and_not_mailed(office: Office) -> None:
    office.clock.instant = NOTICE.matter.fact_at + REMEMBERED
    async with office.catcher.running():
        await office.run()

    assert office.catcher.raw == []
    assert await office.state() == (NoticeState.CREATED, 0)
