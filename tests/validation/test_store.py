from dataclasses import replace
from functools import partial

import pytest

from chassis.errors import Conflict
from chassis.events import Event
from chassis.mongo import Database
from contracts.verdict import VerdictOutcome
from services.validation.domain.figures import Figures
from services.validation.domain.head import Head
from services.validation.domain.peers import PeerHead
from services.validation.domain.rates import JudgedReport
from services.validation.domain.settle import settle
from services.validation.domain.trends import JudgedCodes
from services.validation.store import KeptSettlement, KeptVerdict, Known, Store
from tests.validation.reports import ARRIVED, KOTA, PERIOD, closed, passed, peers_fixed, received, service, submission

REPORT = submission(service(served=7, realised=None))
EVENT = Event.of(received(REPORT), caused_by="cause")
EMPTY = Head(KOTA, PERIOD)
FIGURES = {"edu.kab.basic": Figures(1_000, 900, 5_000_000_000, 0)}


def verdict(submission_id: str = "s-1", revision: int = 1) -> KeptVerdict:
    return KeptVerdict(
        submission_id=submission_id,
        region_code=KOTA,
        period=PERIOD,
        revision=revision,
        outcome=VerdictOutcome.ACCEPTED,
        codes=("team-formed",),
        justified=(),
        arrived_at=ARRIVED,
        on_time=True,
        nil_return=False,
        sectors=("edu", "health"),
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


async def test_what_trends_need_is_found_in_the_order_of_the_story(database: Database) -> None:
    store = await prepared(database)
    later = replace(verdict("s-2", 2), outcome=VerdictOutcome.RETURNED, codes=("team-formed", "x"), justified=("x",))
    elsewhere = replace(verdict("s-3"), region_code="64.72")
    earlier = replace(verdict("s-4"), period="2023Q3", codes=())
    await store.keep(verdicts=[later, elsewhere, verdict(), earlier], settlements=[], moved=[])
    line = partial(JudgedCodes, arrived_at=ARRIVED, justified=[])
    found = await store.judged_codes([PERIOD, "2023Q3"], None)
    assert found == [
        line("2023Q3", KOTA, 1, returned=False, codes=[]),
        line(PERIOD, KOTA, 1, returned=False, codes=["team-formed"]),
        line(PERIOD, KOTA, 2, returned=True, codes=["team-formed", "x"], justified=["x"]),
        line(PERIOD, "64.72", 1, returned=False, codes=["team-formed"]),
    ]
    assert await store.judged_codes([PERIOD], ["64.72"]) == found[3:]
    assert await store.judged_codes([], None) == []
    assert await store.latest_periods(1) == [PERIOD]
    assert await store.latest_periods(8) == [PERIOD, "2023Q3"]


async def test_what_peers_are_held_against_is_found_as_it_was_and_moves_by_revision(database: Database) -> None:
    store = await prepared(database)
    first, second = (PeerHead.of(peers_fixed(FIGURES, period_revision=revision)) for revision in (1, 2))
    await store.keep(verdicts=[], settlements=[], moved=[], moved_peers=[(first, None)])
    await store.keep(verdicts=[], settlements=[], moved=[], moved_peers=[(second, first)])
    for stale in ((second, first), (first, None)):
        with pytest.raises(Conflict):
            await store.keep(verdicts=[], settlements=[], moved=[], moved_peers=[stale])
    known = await store.known(submissions=(), settlements=(), heads=(), peers={first.id, "64.72/2023Q4"})
    assert known.peers == {first.id: second}


async def test_figures_are_fixed_once_and_announced_once(database: Database) -> None:
    store = await prepared(database)
    first = peers_fixed(FIGURES).figures
    other = peers_fixed(FIGURES, FIGURES).figures
    later = peers_fixed(FIGURES, period_revision=2).figures
    assert await store.peer_figures(PERIOD) == []
    assert [await store.keep_peer_figures(figures) for figures in (first, other, later)] == [True, False, True]
    assert await store.unannounced() == [first, later]
    await store.announced(first)
    assert await store.unannounced() == [later]
    assert await store.peer_figures(PERIOD) == [later]
    await store.keep(verdicts=[], settlements=[], moved=[], told=[later, peers_fixed(period="2024Q4").figures])
    assert await store.unannounced() == [later], "what the log says of others is not ours to announce"
    assert await store.peer_figures("2024Q4") == [peers_fixed(period="2024Q4").figures]


async def test_what_is_settled_and_in_force_is_told_by_region(database: Database) -> None:
    store = await prepared(database)
    accepted = EMPTY.after("s-1", VerdictOutcome.ACCEPTED, REPORT)
    returned = Head("64.72", PERIOD).after("s-2", VerdictOutcome.RETURNED, REPORT)
    marks = [closed(period_revision=2), closed(period_revision=10), closed("64.72"), closed(period="2023Q3"), passed()]
    await store.keep(
        verdicts=[],
        settlements=[KeptSettlement(mark.identity(), ()) for mark in marks],
        moved=[(accepted, None), (returned, None)],
    )
    assert await store.settled(PERIOD) == {KOTA: 10, "64.72": 1}
    in_force = await store.in_force(PERIOD, [KOTA, "64.72", "64.74"])
    assert in_force == {KOTA: accepted.figures}


async def test_preparing_again_changes_nothing(database: Database) -> None:
    store = await prepared(database)
    await store.prepare()
    await store.keep(verdicts=[verdict()], settlements=[], moved=[])


async def test_what_counts_for_the_rates_is_found_by_period(database: Database) -> None:
    store = await prepared(database)
    assert await store.latest_period() is None
    returned = replace(verdict("s-2", 2), outcome=VerdictOutcome.RETURNED, on_time=False, sectors=())
    elsewhere = replace(verdict("s-3"), period="2023Q3", nil_return=True)
    await store.keep(verdicts=[verdict(), returned, elsewhere], settlements=[], moved=[])
    first, second = sorted(await store.judged_reports(PERIOD), key=lambda report: report.revision)
    assert first == JudgedReport(
        region_code=KOTA,
        revision=1,
        accepted=True,
        arrived_at=ARRIVED,
        on_time=True,
        nil_return=False,
        sectors=("edu", "health"),
    )
    assert (second.accepted, second.on_time, second.sectors) == (False, False, ())
    assert [report.nil_return for report in await store.judged_reports("2023Q3")] == [True]
    assert await store.judged_reports("2023Q2") == []
    assert await store.latest_period() == PERIOD
