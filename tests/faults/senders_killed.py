"""SIGKILL at every await of the senders: each notice comes to one end, and only its last delivery can come twice.

One process sends and dies at the chosen await; the lease ends; another brings to its end what was left.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chassis.kafka import ensure_topics
from chassis.mongo import Mongo
from chassis.replay import read_all
from chassis.settings import Settings
from contracts.message import Message
from contracts.notice import NoticeSettledV1, NoticeState
from contracts.recipient import Channel, RecipientChangedV1, Role, Scheme, SigningKey
from contracts.topics import EVERY_TOPIC, NOTICE_SETTLED, RECIPIENT_CHANGED, Topic
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.notice import Notice, Recipient
from services.notify.store.notices import LEASE, NoticeStore
from services.notify.store.recipients import RecipientStore
from tests.faults.harness import narrow, processes
from tests.faults.sending import send
from tests.faults.victim import Edge, KillPoint
from tests.notify.catcher import OK, Catcher
from tests.notify.certificates import Authority
from tests.notify.receiver import Receiver, says
from tests.running import settings_for

HOST = "localhost"
MATTER = example_of(FACTS[0]).matter
NOW = MATTER.fact_at + timedelta(minutes=1)
AWAITS_MAX = 200
AT_ONCE = 4
ENDS_WITHIN_S = 120
DELIVERED = ("good", "system", "closed")
ENDED = {NoticeState.DELIVERED, NoticeState.PERMANENT_FAILURE, NoticeState.GIVEN_UP}


@dataclass
class Town:
    """A region's recipients with what is owed to them, a mail server and a webhook receiver."""

    settings: Settings
    receiver: Receiver
    run: str
    """Tells its notices and recipients from those of the other runs, which share the log."""
    catcher: Catcher = field(default_factory=Catcher)
    notices: dict[str, Notice] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.catcher.rcpt = self._answer_rcpt
        self.receiver.answers["/closed"] = says("410 Gone")
        self.settings = self.settings.model_copy(update={"smtp": self.catcher.uri})

    async def _answer_rcpt(self, address: str) -> str:
        return "550 5.1.1 no such mailbox" if address.startswith("gone") else OK

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Town"]:
        deployment = Mongo(self.settings)
        database = deployment.database("notify")
        offices = [self._mailbox("good"), self._mailbox("gone"), self._endpoint("system"), self._endpoint("closed")]
        self.notices = {
            row.recipient_id.partition("-")[0]: Notice(
                replace(MATTER, fact_id=f"fact-{self.run}"),
                Recipient(role=row.role, channel=row.channel, address=row.address, recipient_id=row.recipient_id),
            )
            for row in offices
        }
        try:
            await RecipientStore(database).keep_known(offices)
            await NoticeStore(database).keep([*self.notices.values()])
        finally:
            await deployment.close()
        async with self.catcher.running(), self.receiver.running():
            yield self

    def _mailbox(self, name: str) -> RecipientChangedV1:
        since = MATTER.fact_at - timedelta(days=1)
        return RecipientChangedV1(
            recipient_id=f"{name}-{self.run}",
            revision=1,
            region_code=MATTER.region_code,
            role=Role.TEAM,
            channel=Channel.EMAIL,
            address=f"{name}@99-71.daerah.example",
            active_from=since,
            changed_at=since,
            changed_by="test",
        )

    def _endpoint(self, name: str) -> RecipientChangedV1:
        row = self._mailbox(name)
        return row.model_copy(
            update={
                "role": Role.SYSTEM,
                "channel": Channel.WEBHOOK,
                "address": f"https://{HOST}:{self.receiver.port}/{name}",
                "scheme": Scheme.SYMMETRIC,
                "keys": (SigningKey(number=1, since=row.active_from),),
            }
        )

    def deliveries(self) -> Counter[str]:
        """How often each recipient's server took or refused a whole message; a mail that is refused never comes."""
        posted = Counter(request.path[1:] for request in self.receiver.requests)
        return Counter(good=len(self.catcher.raw), **posted)

    async def states(self) -> dict[str, NoticeState]:
        deployment = Mongo(self.settings)
        try:
            store = NoticeStore(deployment.database("notify"))
            kept = {name: await store.find(MATTER.region_code, one.id) for name, one in self.notices.items()}
            return {name: one.state for name, one in kept.items() if one is not None}
        finally:
            await deployment.close()

    async def told(self, topic: Topic) -> Sequence[Message]:
        return [message async for part in read_all(self.settings, topic) for message in part]


async def run(town: Town, kill_at: KillPoint | None, at: datetime) -> bool:
    """Whether the senders' process killed itself; otherwise it has sent everything."""
    process = processes.Process(target=send, args=(town.settings.model_dump(mode="json"), at, kill_at), daemon=True)
    process.start()
    await asyncio.to_thread(process.join, ENDS_WITHIN_S)
    if process.is_alive():
        process.kill()
        raise AssertionError(f"the senders did not end within {ENDS_WITHIN_S} s: {await town.states()}")
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


async def copies(town: Town, *, died: bool) -> int:
    """How many deliveries came twice, once everything else that must hold was seen to hold."""
    states = await town.states()
    assert states["good"] == states["system"] == NoticeState.DELIVERED
    for lost in ("gone", "closed"):
        assert states[lost] in {NoticeState.PERMANENT_FAILURE, NoticeState.GIVEN_UP}
    ours = {notice.id: name for name, notice in town.notices.items()}
    ends = [end for end in await town.told(NOTICE_SETTLED) if isinstance(end, NoticeSettledV1)]
    told = {(ours[end.notice_id], end.state) for end in ends if end.notice_id in ours}
    assert told == set(states.items()), "one end each, as it was kept"
    rows = [row for row in await town.told(RECIPIENT_CHANGED) if isinstance(row, RecipientChangedV1)]
    marks = [row for row in rows if row.recipient_id.endswith(f"-{town.run}")]
    assert {row.recipient_id.partition("-")[0] for row in marks} == {"gone", "closed"}, "each lost one is marked"
    assert {row.revision for row in marks} == {2}, "once"
    assert len(set(town.catcher.raw)) == 1, "every copy is the same to the byte, its Message-ID with it"
    bodies = {(request.path, request.headers["webhook-id"], request.body) for request in town.receiver.requests}
    assert len(bodies) == 2, "every copy of a delivery is the same"
    assert max(town.deliveries().values()) <= (2 if died else 1)
    return town.deliveries().total() - len(DELIVERED)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made_in(tmp_path_factory.mktemp("ca"))


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("edge", ["entered", "done"])
async def test_senders_killed_at_any_await_bring_each_notice_to_one_end(
    edge: Edge, kafka: str, mongo: str, authority: Authority, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 32)
    tls = authority.server(HOST)

    shared = settings_for(
        kafka, mongo, webhook_secret=secret, webhook_ca_file=authority.file, webhook_networks="127.0.0.0/8, ::1/128"
    )
    await ensure_topics(shared, narrow(EVERY_TOPIC))

    async def killed_at(number: int) -> tuple[bool, int]:
        settings = shared.model_copy(update={"mongo_prefix": f"{shared.mongo_prefix}{number}_"})
        async with Town(settings, Receiver(tls), str(number)).open() as town:
            died = await run(town, KillPoint(number, edge), NOW)
            before, ended = town.deliveries(), {one for one, state in (await town.states()).items() if state in ENDED}
            if died:
                assert not await run(town, None, NOW + LEASE)
            again = town.deliveries() - before
            assert not ended & set(again), f"killed at await {number} ({edge}): what was noted went out again"
            return died, await copies(town, died=died)

    doubles = 0
    for first in range(1, AWAITS_MAX, AT_ONCE):
        for died, doubled in await asyncio.gather(*map(killed_at, range(first, first + AT_ONCE))):
            if not died:
                assert doubles > 0, "no kill fell between a server's answer and our note of it"
                return
            doubles += doubled
    pytest.fail(f"the senders have more than {AWAITS_MAX} awaits")
