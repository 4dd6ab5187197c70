"""Corrections as the handlers make them: the same ones, however the facts are cut into batches or come again."""

from collections.abc import Sequence

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.mongo import Database, Document
from contracts.award import AwardState, AwardStep
from contracts.message import Message
from contracts.notice import NoticeKind
from regulation.law import Law
from services.notify.handlers import AwardHandlers, InboxKeeper, NoticeHandlers
from services.notify.metrics import NoticeMetrics
from services.notify.recipients import Directory
from services.notify.store.certificates import CertificateStore
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from tests.notify.domain.test_corrections import card
from tests.notify.messages import award, award_step, received

CARDS: tuple[Message, ...] = (card(1, "50"), card(2, "100"), card(3, "100"), card(4, "70"), card(5, "100"))
STEPS: tuple[Message, ...] = (
    award_step(2, AwardStep.NOMINATED),
    award(AwardState.NOMINATED, revision=2),
    award_step(3, AwardStep.CORRECTED, refers_to=2),
)


@pytest_asyncio.fixture
async def handlers(database: Database, law: Law) -> AwardHandlers:
    for name in ("notices", "recipients", "award_steps"):
        await database[name].delete_many({})
    issued, store = CertificateStore(database), NoticeStore(database)
    await store.prepare()
    metrics = NoticeMetrics(CollectorRegistry())
    notices = NoticeHandlers(store, InboxKeeper.of(database), RecipientStore(database), law, Directory(), metrics)
    return AwardHandlers(issued, notices, law)


async def documents(database: Database) -> list[Document]:
    found = await database["notices"].find({}).to_list(None)
    return sorted(found, key=lambda document: document["_id"])


async def read(handlers: AwardHandlers, batches: Sequence[Sequence[Message]]) -> None:
    for batch in batches:
        await handlers.on_awards([received(message) for message in batch])


@pytest.mark.parametrize("facts", [CARDS, STEPS], ids=["scorecards", "steps"])
async def test_in_one_batch_or_many_and_read_again_the_same_corrections_are_made(
    handlers: AwardHandlers, database: Database, facts: tuple[Message, ...]
) -> None:
    await read(handlers, [facts])
    once = await documents(database)
    await read(handlers, [[fact] for fact in facts])
    assert await documents(database) == once
    await database["notices"].delete_many({})

    await read(handlers, [[fact] for fact in facts])
    await read(handlers, [facts[1:], facts])

    assert await documents(database) == once


async def test_each_letter_that_ceased_to_hold_is_corrected(handlers: AwardHandlers, database: Database) -> None:
    await read(handlers, [CARDS])
    kinds = [document["kind"] for document in await documents(database)]
    assert sorted(kinds) == sorted([NoticeKind.ACHIEVEMENT_DEFICIENCY, NoticeKind.CORRECTION] * 2)


async def test_every_nominee_of_a_step_that_is_undone_is_told_even_before_the_nomination_is_read(
    handlers: AwardHandlers, database: Database
) -> None:
    """Steps and what they tell others stand in different partitions."""
    step, told, undone = STEPS
    await read(handlers, [[step, undone], [told]])
    kept = await documents(database)
    by_region = {(document["region_code"], document["role"], document["kind"]) for document in kept}
    named = {(region, role) for region, role, kind in by_region if kind == NoticeKind.AWARD_NOMINATED}
    assert named == {(region, role) for region, role, kind in by_region if kind == NoticeKind.CORRECTION}
    assert len(named) == 3 * 2
