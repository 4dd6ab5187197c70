"""Endpoints beside each other, each in its order; every notice ends in an honest state whatever a receiver does."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network
from itertools import pairwise
from typing import TypeVar

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry
from standardwebhooks.webhooks import Webhook
from structlog.testing import capture_logs

from chassis.clock import FixedClock, monotonic_s
from chassis.mongo import Mongo
from contracts.message import Message
from contracts.notice import NoticeSettledV1, NoticeState
from contracts.recipient import Channel, RecipientChangedV1, Role, Scheme, SigningKey
from deploy.local.ports import LOOPBACK
from services.notify.domain.delivery import WEBHOOK_ATTEMPTS_MAX, WEBHOOK_DELAYS, Outcome
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.notice import Notice, Recipient
from services.notify.domain.payload import body_of
from services.notify.metrics import NoticeMetrics
from services.notify.register import Register
from services.notify.sender.ends import Ends
from services.notify.sender.hooks import HookSender
from services.notify.store.notices import LEASE, NoticeStore
from services.notify.store.recipients import RecipientStore
from services.notify.webhooks.addresses import CheckedNetwork
from services.notify.webhooks.courier import Reply, WebhookCourier
from services.notify.webhooks.signing import Signer
from tests.notify.certificates import Authority
from tests.notify.log import Log
from tests.notify.receiver import Receiver, later_s, never, raw, says, without_end
from tests.running import eventually, settings_for

HOST = "hooks.example"
PUBLIC_URL = "https://notices.example"
EXAMPLE = example_of(FACTS[0])
SIGNER = Signer(b"s" * 32)
ANSWER_S = 2.0
M = TypeVar("M", bound=Message)
START = EXAMPLE.matter.fact_at + timedelta(minutes=1)


@dataclass
class Exchange:
    """The sender with all that it needs, and one receiver with a path for each endpoint."""

    notices: NoticeStore
    receiver: Receiver
    log: Log
    clock: FixedClock
    registry: CollectorRegistry
    sender: HookSender
    endpoints: dict[str, RecipientChangedV1] = field(default_factory=dict)

    async def add(self, name: str) -> RecipientChangedV1:
        since = EXAMPLE.matter.fact_at - timedelta(days=1)
        row = RecipientChangedV1(
            recipient_id=f"w-{name}",
            revision=1,
            region_code=EXAMPLE.matter.region_code,
            role=Role.SYSTEM,
            channel=Channel.WEBHOOK,
            address=f"https://{HOST}:{self.receiver.port}/{name}",
            scheme=Scheme.SYMMETRIC,
            keys=(SigningKey(number=1, since=since),),
            active_from=since,
            changed_at=since,
            changed_by="region-99.71",
        )
        await self.sender.register.store.change([row])
        self.endpoints[name] = row
        return row

    async def owe(self, name: str, count: int) -> list[Notice]:
        row = self.endpoints[name]
        to = Recipient(role=row.role, channel=row.channel, address=row.address, recipient_id=row.recipient_id)
        notices = [
            Notice(
                replace(
                    EXAMPLE.matter,
                    fact_id=f"fact-{number}",
                    fact_at=EXAMPLE.matter.fact_at + timedelta(seconds=number),
                ),
                to,
            )
            for number in range(count)
        ]
        await self.notices.keep(notices)
        return notices

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with self.receiver.running():
            running = asyncio.create_task(self.sender.run())
            try:
                yield
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    async def states(self, notices: Sequence[Notice]) -> list[tuple[NoticeState, int]]:
        kept = [await self.notices.find(notice.matter.region_code, notice.id) for notice in notices]
        return [(one.state, one.attempts) for one in kept if one is not None]

    async def all_are(self, notices: Sequence[Notice], *states: NoticeState) -> bool:
        return {state for state, _ in await self.states(notices)} <= set(states)

    async def has_waited(self, notice: Notice, attempts: int) -> bool:
        return await self.states([notice]) == [(NoticeState.TEMPORARY_FAILURE, attempts)]

    def attempts(self, outcome: str) -> float:
        return self.registry.get_sample_value("spm_webhook_attempts_total", {"outcome": outcome}) or 0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made_in(tmp_path_factory.mktemp("ca"))


@pytest_asyncio.fixture
async def exchange(mongo: str, authority: Authority) -> AsyncIterator[Exchange]:
    deployment = Mongo(settings_for("127.0.0.1:1", mongo))
    database = deployment.database("store")

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return [LOOPBACK]

    notices, recipients = NoticeStore(database), RecipientStore(database)
    await notices.prepare()
    await recipients.prepare()
    log, clock, registry = Log(), FixedClock(START), CollectorRegistry()
    network = CheckedNetwork((ip_network("127.0.0.0/8"),), resolve)
    courier = WebhookCourier(network, authority.trusted, answer_s=ANSWER_S)
    ends = Ends(notices, log, clock, NoticeMetrics(registry), asyncio.Event())
    ends.known.set()
    sender = HookSender(ends, courier, SIGNER, Register(recipients, log, clock), PUBLIC_URL)
    yield Exchange(notices, Receiver(authority.server(HOST)), log, clock, registry, sender)
    await courier.close()
    await deployment.drop("store")
    await deployment.close()


async def test_an_endpoint_gets_its_notices_in_order_signed_and_frozen(exchange: Exchange) -> None:
    row = await exchange.add("good")
    notices = await exchange.owe("good", 5)

    async with exchange.serving():
        await eventually(lambda: exchange.all_are(notices, NoticeState.DELIVERED))

    requests = exchange.receiver.to("/good")
    assert [request.headers["webhook-id"] for request in requests] == [notice.id for notice in notices]
    assert [request.body for request in requests] == [body_of(notice, PUBLIC_URL) for notice in notices]
    assert {request.headers["webhook-timestamp"] for request in requests} == {str(int(START.timestamp()))}
    assert [end.channel for end in exchange.log.of(NoticeSettledV1)] == ["webhook"] * 5
    assert exchange.attempts("delivered") == 5
    secret = Webhook(SIGNER.shown(row, row.keys[0]))
    again = secret.sign(notices[0].id, datetime.fromtimestamp(START.timestamp(), UTC), requests[0].body.decode())
    assert requests[0].headers["webhook-signature"] == again


async def test_a_mistake_in_a_delivery_is_told_and_leaves_the_other_endpoints_alone(exchange: Exchange) -> None:
    class Mistaken(WebhookCourier):
        async def deliver(self, url: str, *_: object, **__: object) -> Reply:
            if url.endswith("/odd"):
                raise ZeroDivisionError
            return Reply(Outcome.DELIVERED, 200)

    courier = Mistaken(CheckedNetwork(()), ssl.create_default_context())
    exchange.sender = replace(exchange.sender, courier=courier)
    await exchange.add("odd")
    await exchange.add("good")
    odd, good = await exchange.owe("odd", 1), await exchange.owe("good", 1)
    with capture_logs() as lines:
        async with exchange.serving():
            await eventually(lambda: exchange.all_are(good, NoticeState.DELIVERED))
            await eventually(lambda: [line["recipient_id"] for line in lines if line["event"] == "webhook.mistake"])
    assert await exchange.states(odd) == [(NoticeState.SENDING, 1)]


async def test_without_the_secret_what_is_owed_waits_and_no_endpoint_is_blamed(exchange: Exchange) -> None:
    await exchange.add("good")
    notices = await exchange.owe("good", 2)
    await asyncio.wait_for(replace(exchange.sender, signer=None).run(), 5)
    assert await exchange.states(notices) == [(NoticeState.CREATED, 0)] * 2


async def test_an_endpoint_that_fails_holds_back_what_is_behind_and_gets_it_in_order(exchange: Exchange) -> None:
    await exchange.add("ill")
    notices = await exchange.owe("ill", 3)
    exchange.receiver.answers["/ill"] = says("500 Oops")

    async with exchange.serving():
        await eventually(lambda: exchange.all_are(notices[:1], NoticeState.TEMPORARY_FAILURE))
        assert await exchange.states(notices) == [
            (NoticeState.TEMPORARY_FAILURE, 1),
            (NoticeState.CREATED, 0),
            (NoticeState.CREATED, 0),
        ]
        exchange.receiver.answers.clear()
        await asyncio.sleep(1)
        assert len(exchange.receiver.requests) == 1, "tried before its time"
        exchange.clock.instant += timedelta(seconds=7)
        await eventually(lambda: exchange.all_are(notices, NoticeState.DELIVERED))

    first, again, *rest = exchange.receiver.requests
    assert first.body == again.body
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"], "of the attempt, not of the notice"
    assert [request.headers["webhook-id"] for request in rest] == [notice.id for notice in notices[1:]]


async def test_a_receiver_that_asks_for_time_gets_it(exchange: Exchange) -> None:
    await exchange.add("busy")
    notices = await exchange.owe("busy", 1)
    exchange.receiver.answers["/busy"] = says("429 Slow", "retry-after: 600")

    async with exchange.serving():
        await eventually(lambda: exchange.all_are(notices, NoticeState.TEMPORARY_FAILURE))
        exchange.receiver.answers.clear()
        exchange.clock.instant += timedelta(seconds=599)
        await asyncio.sleep(1)
        assert len(exchange.receiver.requests) == 1
        exchange.clock.instant += timedelta(seconds=1)
        await eventually(lambda: exchange.all_are(notices, NoticeState.DELIVERED))
    assert exchange.attempts("throttled") == 1


async def test_an_endpoint_that_is_gone_is_marked_before_its_notices_are_given_up(exchange: Exchange) -> None:
    row = await exchange.add("gone")
    notices = await exchange.owe("gone", 3)
    exchange.receiver.answers["/gone"] = says("410 Gone")

    async with exchange.serving():
        ended = (NoticeState.PERMANENT_FAILURE, NoticeState.GIVEN_UP)
        await eventually(lambda: exchange.all_are(notices, *ended))

    assert len(exchange.receiver.requests) == 1
    assert [state for state, _ in await exchange.states(notices)] == [ended[0], ended[1], ended[1]]
    [marked] = exchange.log.of(RecipientChangedV1)
    assert (marked.recipient_id, marked.unreachable_since) == (row.recipient_id, START)
    kinds = [event.headers["ce_type"] for event in exchange.log.events]
    assert kinds[0] == RecipientChangedV1.TYPE, "its owner is told before the notices end"


async def test_an_endpoint_that_fails_for_days_is_given_up_and_its_owner_told(exchange: Exchange) -> None:
    await exchange.add("dead")
    notices = await exchange.owe("dead", 2)
    exchange.receiver.answers["/dead"] = says("302 Found", f"location: https://{LOOPBACK}/")

    async with exchange.serving():
        for attempts in range(1, WEBHOOK_ATTEMPTS_MAX):
            await eventually(partial(exchange.has_waited, notices[0], attempts))
            exchange.clock.instant += timedelta(hours=30)
        await eventually(lambda: exchange.all_are(notices, NoticeState.GIVEN_UP))

    assert len(exchange.receiver.requests) == WEBHOOK_ATTEMPTS_MAX
    assert len(exchange.log.of(RecipientChangedV1)) == 1
    assert [attempts for _, attempts in await exchange.states(notices)] == [WEBHOOK_ATTEMPTS_MAX, 0]


async def test_a_slow_endpoint_delays_no_neighbour(exchange: Exchange) -> None:
    slow, good = [f"slow-{number}" for number in range(8)], [f"good-{number}" for number in range(4)]
    for name in [*slow, *good]:
        await exchange.add(name)
    for name in slow:
        exchange.receiver.answers[f"/{name}"] = never
        await exchange.owe(name, 1)
    notices = [notice for name in good for notice in await exchange.owe(name, 5)]

    async with exchange.serving():
        started = monotonic_s()
        await eventually(lambda: exchange.all_are(notices, NoticeState.DELIVERED))
        took_s = monotonic_s() - started
        await eventually(lambda: exchange.attempts("timed_out") == len(slow))
    one_after_another_s = len(slow) * ANSWER_S
    assert took_s < one_after_another_s


async def test_every_kind_of_bad_endpoint_at_once_rests_honestly_and_delays_no_good_one(exchange: Exchange) -> None:
    bad = {
        "slow": later_s(ANSWER_S * 3),
        "never": never,
        "redirecting": says("302 Found", f"location: https://{LOOPBACK}/admin"),
        "busy": says("429 Slow", "retry-after: 600"),
        "ill": says("500 Oops"),
        "garbage": raw(b"NOT HTTP AT ALL\r\n\r\n"),
        "half": raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
        "closing": raw(b""),
    }
    exchange.receiver.answers |= {f"/{name}": answering for name, answering in bad.items()}
    exchange.receiver.answers |= {"/gone": says("410 Gone"), "/endless": without_end}
    owed = {}
    for name in [*bad, "gone", "endless", "good-1", "good-2"]:
        await exchange.add(name)
        owed[name] = await exchange.owe(name, 2)

    async with exchange.serving():
        waiting = [owed[name][0] for name in bad]
        await eventually(lambda: exchange.all_are(waiting, NoticeState.TEMPORARY_FAILURE))
        for name in ("good-1", "good-2", "endless"):
            await eventually(lambda name=name: exchange.all_are(owed[name], NoticeState.DELIVERED))  # type: ignore[misc]
        await eventually(lambda: exchange.all_are(owed["gone"], NoticeState.PERMANENT_FAILURE, NoticeState.GIVEN_UP))

    assert await exchange.states(waiting) == [(NoticeState.TEMPORARY_FAILURE, 1)] * len(bad)
    assert {len(exchange.receiver.to(f"/{name}")) for name in [*bad, "gone"]} == {1}, "what is behind waits"
    assert exchange.receiver.to("/admin") == []
    paths = [request.path for request in exchange.receiver.requests]
    assert paths.index("/good-2") < len(owed), "a good one came only after bad ones had come to their end"


async def test_what_a_crashed_sender_held_is_sent_again_when_its_lease_ends(exchange: Exchange) -> None:
    row = await exchange.add("good")
    notices = await exchange.owe("good", 2)
    since = START - timedelta(days=30)
    crashed = await exchange.notices.claim_head(row.recipient_id, START, since=since)
    assert crashed is not None
    assert await exchange.notices.claim_head(row.recipient_id, START, since=since) is None, "the order would be lost"

    async with exchange.serving():
        await asyncio.sleep(1)
        assert exchange.receiver.requests == []
        exchange.clock.instant += LEASE
        await eventually(lambda: exchange.all_are(notices, NoticeState.DELIVERED))
    assert [attempts for _, attempts in await exchange.states(notices)] == [2, 1]


async def test_an_end_that_could_not_be_published_is_kept_and_nothing_is_sent_twice(exchange: Exchange) -> None:
    await exchange.add("good")
    notices = await exchange.owe("good", 1)
    exchange.log.away = True
    async with exchange.serving():
        await eventually(lambda: exchange.all_are(notices, NoticeState.DELIVERED))
    assert len(exchange.receiver.requests) == 1
    assert await exchange.notices.unpublished(before=START + timedelta(days=1), limit=10) != []


async def test_who_left_is_not_sent_to(exchange: Exchange) -> None:
    row = await exchange.add("left")
    notices = await exchange.owe("left", 2)
    await exchange.sender.register.remove(row, "region-99.71")
    async with exchange.serving():
        await eventually(lambda: exchange.all_are(notices, NoticeState.GIVEN_UP))
    assert exchange.receiver.requests == []


def test_the_schedule_grows_and_spans_days() -> None:
    assert all(earlier < later for earlier, later in pairwise(WEBHOOK_DELAYS))
    assert timedelta(days=3) < sum(WEBHOOK_DELAYS, timedelta(0)) < timedelta(days=4)
