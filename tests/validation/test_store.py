import pytest

from chassis.errors import Conflict
from chassis.events import Event
from chassis.mongo import Database
from contracts.verdict import VerdictOutcome
from services.validation.domain.head import Head
from services.validation.domain.settle import settle
from services.validation.store import KeptSettlement, KeptVerdict, Known, Store
from tests.validation.reports import KOTA, PERIOD, closed, received, service, submission

REPORT = submission(service(served=7, realised=None))
EVENT = Event.of(received(REPORT), caused_by="cause")
EMPTY = Head(KOTA, PERIOD)


def verdict(submission_id: str = "s-1", revision: int = 1) -> KeptVerdict:
    return KeptVerdict(
        submission_id=submission_id,
        region_code=KOTA,
        period=PERIOD,
        revision=revision,
        outcome=VerdictOutcome.ACCEPTED,
        codes=("team-formed",),
        event=EVENT,
    )


def settlement() -> KeptSettlement:
    return KeptSettlement(closed().identity(), tuple(map(Event.of, settle(closed(), EMPTY))))


async def prepared(database: Database) -> Store:
    store = Store(database)
    await store.prepare()
    return store


async def test_what_is_kept_is_found_as_it_was(database: Database) -> None:
    store = await prepared(database)
    head = EMPTY.after("s-1", VerdictOutcome.ACCEPTED, REPORT)
    await store.keep(verdicts=[verdict()], settlements=[settlement()], moved=[(head, None)])
    known = await store.known(
        submissions={"s-1", "s-2"}, settlements={settlement().id, "other"}, heads={head.id, "64.72/2023Q4"}
    )
    assert known.verdicts == {"s-1": verdict()}
    assert known.settlements == {settlement().id: settlement()}
    assert known.heads == {head.id: head}
    assert await store.verdict("s-1") == verdict()
    assert await store.verdict("s-2") is None


async def test_nothing_to_keep_or_to_find_is_no_mistake(database: Database) -> None:
    store = await prepared(database)
    await store.keep(verdicts=[], settlements=[], moved=[])
    known = await store.known(submissions=(), settlements=(), heads=())
    assert known == Known(verdicts={}, settlements={}, heads={})


@pytest.mark.parametrize("other", [verdict("s-1", 2), verdict("s-2", 1)], ids=["same report", "same revision"])
async def test_who_judges_second_is_refused(database: Database, other: KeptVerdict) -> None:
    store = await prepared(database)
    await store.keep(verdicts=[verdict()], settlements=[], moved=[])
    with pytest.raises(Conflict):
        await store.keep(verdicts=[other], settlements=[settlement()], moved=[])
    assert not (await store.known(submissions=(), settlements={settlement().id}, heads=())).settlements


async def test_who_settles_second_is_refused_before_a_head_moves(database: Database) -> None:
    store = await prepared(database)
    head = EMPTY.after("s-1", VerdictOutcome.ACCEPTED, REPORT)
    await store.keep(verdicts=[], settlements=[settlement()], moved=[])
    with pytest.raises(Conflict):
        await store.keep(verdicts=[], settlements=[settlement()], moved=[(head, None)])
    assert not (await store.known(submissions=(), settlements=(), heads={head.id})).heads


async def test_a_head_moves_only_from_where_it_was_read(database: Database) -> None:
    store = await prepared(database)
    first = EMPTY.after("s-1", VerdictOutcome.ACCEPTED, REPORT)
    second = first.after("s-2", VerdictOutcome.RETURNED, REPORT)
    await store.keep(verdicts=[], settlements=[], moved=[(first, None)])
    await store.keep(verdicts=[], settlements=[], moved=[(second, first)])
    for stale in ((second, first), (first, None)):
        with pytest.raises(Conflict):
            await store.keep(verdicts=[], settlements=[], moved=[stale])
    assert (await store.known(submissions=(), settlements=(), heads={first.id})).heads == {first.id: second}


async def test_preparing_again_changes_nothing(database: Database) -> None:
    store = await prepared(database)
    await store.prepare()
    await store.keep(verdicts=[verdict()], settlements=[], moved=[])
