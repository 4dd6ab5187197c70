from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.errors import Unprocessable
from chassis.events import Received
from chassis.mongo import Database, Document
from contracts.award import AwardState
from contracts.message import Message
from contracts.notice import NoticeKind, NoticeSettledV1, NoticeState
from contracts.recipient import Role
from contracts.verdict import VerdictOutcome
from regulation.law import Law
from services.notify.handlers import InboxKeeper, NoticeHandlers
from services.notify.metrics import NoticeMetrics
from services.notify.recipients import Directory
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from tests.notify.messages import CLOSED, award, judged, overdue, received, returned, scorecard

FACTS: tuple[Message, ...] = (
    returned(),
    returned(2),
    overdue("64.72"),
    overdue("64.72", days_after_due=1),
    scorecard("50"),
    scorecard("100"),
    award(),
    award(AwardState.DECIDED, winners=["64.71"], revision=2),
)
NOTICES = 1 + 1 + 2 + (2 + 2) + 1 + 0 + 3 * 2 + 2
"""Of the overdue report while entry is open, the province is told, too."""


@pytest_asyncio.fixture
async def store(database: Database) -> AsyncIterator[NoticeStore]:
    await database["notices"].delete_many({})
    await database["recipients"].delete_many({})
    store = NoticeStore(database)
    await store.prepare()
    yield store
    await database["notices"].delete_many({})


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def handlers(store: NoticeStore, database: Database, law: Law, registry: CollectorRegistry) -> NoticeHandlers:
    return NoticeHandlers(
        store, InboxKeeper.of(database), RecipientStore(database), law, Directory(), NoticeMetrics(registry)
    )


async def documents(database: Database) -> list[Document]:
    found = await database["notices"].find({}).to_list(None)
    return sorted(found, key=lambda document: document["_id"])


def batch(messages: Sequence[Message] = FACTS) -> list[Received]:
    return [received(message, offset) for offset, message in enumerate(messages)]


def end_of(document: Document) -> NoticeSettledV1:
    return NoticeSettledV1(
        notice_id=document["_id"],
        kind=NoticeKind(document["kind"]),
        region_code=document["region_code"],
        channel="email",
        recipient_digest=document["recipient_digest"],
        state=NoticeState.DELIVERED,
        attempts=1,
        settled_at=CLOSED,
        fact_id=document["fact_id"],
    )


async def test_each_fact_becomes_a_notice_to_each_office_that_reads_it(
    handlers: NoticeHandlers, database: Database, registry: CollectorRegistry
) -> None:
    assert list(await handlers.on_facts(batch())) == []

    kept = await documents(database)
    assert len(kept) == NOTICES
    assert {(each["role"], each["address"]) for each in kept if each["kind"] == NoticeKind.REPORT_OVERDUE} == {
        (Role.TEAM, "tim-spm@64-72.daerah.example"),
        (Role.SECRETARY, "sekda@64-72.daerah.example"),
    }
    labels = {"channel": "email", "kind": NoticeKind.AWARD_WON, "status": NoticeState.CREATED}
    assert registry.get_sample_value("spm_notices_total", labels) == 2


@pytest.mark.parametrize("begun", range(len(FACTS) + 1))
async def test_facts_that_come_again_change_nothing(
    handlers: NoticeHandlers, database: Database, registry: CollectorRegistry, begun: int
) -> None:
    await handlers.on_facts(batch())
    once = await documents(database)
    await database["notices"].delete_many({})

    await handlers.on_facts(batch()[:begun])
    await handlers.on_facts(batch())
    await handlers.on_facts(batch())

    assert await documents(database) == once
    labels = {"channel": "email", "kind": NoticeKind.REPORT_OVERDUE, "status": NoticeState.CREATED}
    assert registry.get_sample_value("spm_notices_total", labels) == 2 * 4, "counted at redelivery"


async def test_ends_and_facts_give_the_same_documents_in_any_order(
    handlers: NoticeHandlers, database: Database
) -> None:
    await handlers.on_facts(batch())
    ends = [received(end_of(document)) for document in await documents(database)]
    await handlers.on_ends(ends)
    await handlers.on_ends(ends[:3])
    facts_first = await documents(database)
    await database["notices"].delete_many({})

    await handlers.on_ends(ends)
    await handlers.on_facts(batch())
    await handlers.on_facts(batch())

    assert await documents(database) == facts_first
    assert {document["state"] for document in facts_first} == {NoticeState.DELIVERED}


async def test_a_region_without_recipients_gets_no_notice(store: NoticeStore, law: Law, database: Database) -> None:
    handlers = NoticeHandlers(
        store,
        InboxKeeper.of(database),
        RecipientStore(database),
        law,
        Directory({}),
        NoticeMetrics(CollectorRegistry()),
    )

    await handlers.on_facts(batch())

    assert await documents(database) == []


async def test_a_region_that_the_law_does_not_know_goes_to_the_dead_letter(
    handlers: NoticeHandlers, database: Database
) -> None:
    with pytest.raises(Unprocessable, match=r"Region 12\.99 is not written") as refusal:
        await handlers.on_facts(batch([overdue("12.99")]))

    assert refusal.value.reason == "law-silent"
    assert await documents(database) == []


async def test_an_accepted_report_makes_no_notice(handlers: NoticeHandlers, database: Database) -> None:
    await handlers.on_facts(batch([judged(outcome=VerdictOutcome.ACCEPTED)]))
    assert await documents(database) == []
