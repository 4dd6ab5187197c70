"""The list of recipients in the log: what holds stands last, and who left stands nowhere."""

from collections.abc import Iterable, Sequence

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock
from chassis.events import Event
from chassis.mongo import Database
from contracts.recipient import Channel, RecipientChangedV1, Role
from regulation.law import Law
from services.notify.domain.notice import Notice
from services.notify.handlers import InboxKeeper, NoticeHandlers
from services.notify.metrics import NoticeMetrics
from services.notify.recipients import Directory
from services.notify.register import Register
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from tests.notify.messages import CLOSED, DUE, overdue, received

FIRST = RecipientChangedV1(
    recipient_id="00000000-0000-4000-8000-000000000001",
    revision=1,
    region_code="64.71",
    role=Role.TEAM,
    channel=Channel.EMAIL,
    address="spm@kota-contoh.example",
    active_from=DUE,
    changed_at=DUE,
    changed_by="region-64.71",
)


class Log:
    def __init__(self) -> None:
        self.changes: list[RecipientChangedV1] = []

    async def publish(self, events: Iterable[Event]) -> None:
        self.changes += [RecipientChangedV1.model_validate_json(event.value) for event in events]


@pytest_asyncio.fixture
async def recipients(database: Database) -> RecipientStore:
    await database["recipients"].delete_many({})
    await database["notices"].delete_many({})
    return RecipientStore(database)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def register(recipients: RecipientStore, log: Log) -> Register:
    return Register(recipients, log, FixedClock(CLOSED))


async def unsaid(recipients: RecipientStore) -> list[int]:
    """Revisions that the log is to be told of again."""
    return [change.revision for change in await recipients.unsaid(before=CLOSED.replace(year=2100), limit=10)]


async def test_a_change_that_was_published_late_is_followed_by_what_holds(
    recipients: RecipientStore, register: Register, log: Log
) -> None:
    await register.add([FIRST])
    left = await register.remove(FIRST, "region-64.71")
    log.changes.reverse()  # the first one's producer was slow
    await recipients.keep_known(log.changes)
    assert await unsaid(recipients) == [left.revision], "compaction would keep the address"
    await recipients.keep_known([left])
    assert await unsaid(recipients) == []
    assert (await recipients.by_ids([FIRST.recipient_id]))[FIRST.recipient_id] == left


async def test_a_log_in_order_leaves_nothing_to_be_said(
    recipients: RecipientStore, register: Register, log: Log
) -> None:
    await register.add([FIRST])
    await register.remove(FIRST, "region-64.71")
    await recipients.keep_known(log.changes)
    await recipients.keep_known(log.changes)
    assert await unsaid(recipients) == []


class Slow(NoticeStore):
    """Whose recipient leaves just before the notices are kept."""

    def __init__(self, database: Database, register: Register) -> None:
        super().__init__(database)
        self._register = register
        self.handlers: NoticeHandlers | None = None

    async def keep(self, notices: Sequence[Notice]) -> list[Notice]:
        if notices and self.handlers is not None:
            left = await self._register.remove(FIRST, "region-64.71")
            await self.handlers.on_recipients([received(left)])
        return await super().keep(notices)


async def test_who_leaves_while_notices_are_made_leaves_no_address_in_them(
    recipients: RecipientStore, register: Register, database: Database, law: Law
) -> None:
    await register.add([FIRST])
    store = Slow(database, register)
    handlers = NoticeHandlers(
        store, InboxKeeper.of(database), recipients, law, Directory({}), NoticeMetrics(CollectorRegistry())
    )
    store.handlers = handlers
    await handlers.on_facts([received(overdue())])
    [notice] = await database["notices"].find({}).to_list(None)
    assert (notice["recipient_id"], notice["address"]) == (FIRST.recipient_id, None)
