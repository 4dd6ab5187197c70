"""The delivery rule on a real database: whatever crashes, repeats or runs beside it, the outcome is that of the log."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.errors import Conflict, Unprocessable
from chassis.events import Event, Received, decode
from chassis.mongo import Database, Document, Mongo
from contracts.message import Message
from contracts.period import PeriodState
from contracts.scorecard import ScorecardUpdatedV1
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from regulation.reading import Rows
from services.scoring.handlers import Handlers
from services.scoring.metrics import ScoringMetrics
from services.scoring.store import Store
from tests.running import settings_for
from tests.scoring.reports import changed_period, full_reports, judged, settled, submission
from tests.scoring.years import DUE_AT

Kept = Mapping[str, list[Document]]

COLLECTIONS = ("scorecards", "heads", "marks")
KOTA, OTHER = "64.71", "64.72"


@pytest_asyncio.fixture
async def database(mongo: str) -> AsyncIterator[Database]:
    """Through one driver: the store's own tests run on both."""
    deployment = Mongo(settings_for("127.0.0.1:1", mongo))
    database = deployment.database("scoring")
    await Store(database).prepare()
    yield database
    await deployment.drop("scoring")
    await deployment.close()


@pytest.fixture(scope="module")
def log(law: Law) -> list[Received]:
    """Two regions report and correct themselves, one report is returned, and entry is settled."""

    def verdict(region: str, served: int, revision: int, outcome: VerdictOutcome = VerdictOutcome.ACCEPTED) -> Message:
        reports = full_reports(law, region, served=served, items=1)
        return judged(submission(region, reports), revision=revision, outcome=outcome)

    return logged(
        verdict(KOTA, 500, 1),
        verdict(OTHER, 700, 1, VerdictOutcome.ACCEPTED_WITH_WARNINGS),
        verdict(KOTA, 600, 2),
        settled(KOTA, "2023Q4"),
        verdict(KOTA, 900, 3, VerdictOutcome.RETURNED),
        verdict(OTHER, 1_000, 2),
        settled(OTHER, "2023Q4"),
    )


def logged(*messages: Message) -> list[Received]:
    """The messages as they come out of the log, decoded from their bytes."""
    records = []
    for offset, message in enumerate(messages):
        event = Event.of(message)
        id_, decoded = decode(event.topic, event.wire_headers, event.value)
        records.append(Received(decoded, id_, event.topic, 0, offset, DUE_AT))
    return records


def handlers(database: Database, law: Law, registry: CollectorRegistry | None = None) -> Handlers:
    """A process that has just started."""
    return Handlers(law, Store(database), ScoringMetrics(registry or CollectorRegistry()))


def read(events: Sequence[Event]) -> list[ScorecardUpdatedV1]:
    return [ScorecardUpdatedV1.model_validate_json(event.value) for event in events]


async def kept_in(database: Database) -> Kept:
    return {name: await database[name].find({}).to_list(None) for name in COLLECTIONS}


def bytes_of(kept: Kept) -> str:
    """Every document with its fields in their order."""
    return repr({name: sorted(documents, key=lambda document: document["_id"]) for name, documents in kept.items()})


async def restore(database: Database, kept: Kept) -> None:
    for name in COLLECTIONS:
        await database[name].delete_many({})
        if kept[name]:
            await database[name].insert_many(kept[name])


async def test_accepted_reports_get_scorecards_and_the_newest_counts(
    database: Database, law: Law, log: list[Received]
) -> None:
    cards = read(await handlers(database, law).submission_judged(log))
    assert [(card.region_code, card.revision, card.index_pct, card.band) for card in cards] == [
        (KOTA, 1, Decimal(50), "belum_tuntas"),
        (OTHER, 1, Decimal(70), "tuntas_pratama"),
        (KOTA, 2, Decimal(60), "tuntas_muda"),
        (OTHER, 2, Decimal(100), "tuntas_paripurna"),
    ]
    heads = await Store(database).figures_of(["2023Q4"])
    assert {(head.region_code, head.revision, head.index_pct) for head in heads} == {
        (KOTA, 2, Decimal(60)),
        (OTHER, 2, Decimal(100)),
    }
    marks = await Store(database).marks(["2023Q4"])
    assert {(mark.region_code, mark.period_revision) for mark in marks} == {(KOTA, 2), (OTHER, 2)}


async def test_the_report_is_kept_as_it_came(database: Database, law: Law, log: list[Received]) -> None:
    """Whether its bytes are passed on or, written in another way, written anew."""
    written = [replace(record, value=record.message.model_dump_json().encode()) for record in log]
    await handlers(database, law).submission_judged(written)
    as_it_came = bytes_of(await kept_in(database))
    await restore(database, {name: [] for name in COLLECTIONS})
    await handlers(database, law).submission_judged([replace(record, value=b"{ }") for record in log])
    assert bytes_of(await kept_in(database)) == as_it_came
    sent = {r.message.submission_id: r.message.submission for r in log if isinstance(r.message, SubmissionJudgedV1)}
    accepted = {key: report for key, report in sent.items() if report is not None}
    assert await Store(database).reports(list(sent)) == accepted


async def test_the_event_names_the_verdict_that_caused_it(database: Database, law: Law, log: list[Received]) -> None:
    (event,) = await handlers(database, law).submission_judged(log[:1])
    assert event.headers["ce_causationid"] == log[0].id
    assert (event.key, event.headers["ce_correlationid"]) == (KOTA, "sub-64.71-2023Q4-1")


async def test_a_second_delivery_changes_nothing_and_publishes_the_same(
    database: Database, law: Law, log: list[Received]
) -> None:
    first = await handlers(database, law).submission_judged(log)
    before = bytes_of(await kept_in(database))
    assert await handlers(database, law).submission_judged(log) == first
    assert bytes_of(await kept_in(database)) == before


async def test_any_cut_into_batches_gives_the_same(database: Database, law: Law, log: list[Received]) -> None:
    whole = await handlers(database, law).submission_judged(log)
    expected = bytes_of(await kept_in(database))
    for cut in range(1, len(log)):
        await restore(database, {name: [] for name in COLLECTIONS})
        fresh = handlers(database, law)
        assert [*await fresh.submission_judged(log[:cut]), *await fresh.submission_judged(log[cut:])] == whole
        assert bytes_of(await kept_in(database)) == expected


async def test_a_crash_between_any_two_writes_is_mended(database: Database, law: Law, log: list[Received]) -> None:
    whole = await handlers(database, law).submission_judged(log)
    complete = await kept_in(database)
    cards, heads, marks = (complete[name] for name in COLLECTIONS)
    await restore(database, {name: [] for name in COLLECTIONS})
    await handlers(database, law).submission_judged(log[:2])
    old_heads = (await kept_in(database))["heads"]
    crashes: list[Kept] = [{"scorecards": cards[:cut], "heads": [], "marks": []} for cut in range(len(cards) + 1)]
    crashes += [
        {"scorecards": cards, "heads": list(moved), "marks": []}
        for moved in product(*zip(old_heads, heads, strict=True))
    ]
    crashes += [{"scorecards": cards, "heads": heads, "marks": marks[:1]}]
    for crash in crashes:
        await restore(database, crash)
        assert await handlers(database, law).submission_judged(log) == whole
        assert bytes_of(await kept_in(database)) == bytes_of(complete)


async def test_records_out_of_order_never_replace_a_newer_report(
    database: Database, law: Law, log: list[Received]
) -> None:
    await handlers(database, law).submission_judged(log)
    expected = bytes_of(await kept_in(database))
    await restore(database, {name: [] for name in COLLECTIONS})
    for record in reversed(log):
        await handlers(database, law).submission_judged([record])
    assert bytes_of(await kept_in(database)) == expected


async def test_two_processes_at_the_same_records_end_alike(database: Database, law: Law, log: list[Received]) -> None:
    async def insistent() -> list[Event]:
        while True:
            try:
                return await handlers(database, law).submission_judged(log)
            except Conflict:
                await asyncio.sleep(0)

    first, second = await asyncio.gather(insistent(), insistent())
    assert first == second
    kept = bytes_of(await kept_in(database))
    await restore(database, {name: [] for name in COLLECTIONS})
    await handlers(database, law).submission_judged(log)
    assert bytes_of(await kept_in(database)) == kept


async def test_what_was_kept_is_published_though_the_law_changed_meanwhile(
    database: Database, law: Law, log: list[Received]
) -> None:
    first = await handlers(database, law).submission_judged(log[:1])
    silent = Law(Rows(dict.fromkeys(law.rows.by_kind, ())))
    assert await handlers(database, silent).submission_judged(log[:1]) == first


async def test_a_report_that_cannot_be_scored_is_dead_lettered_by_reason(database: Database, law: Law) -> None:
    (unknown,) = logged(judged(submission("99.99", [])))
    with pytest.raises(Unprocessable, match=r"99\.99, 2023Q4: Region 99\.99 is not in regions\.toml") as refused:
        await handlers(database, law).submission_judged([unknown])
    assert refused.value.reason == "unscorable"
    (too_early,) = logged(judged(submission(KOTA, [], "2018Q4")))
    with pytest.raises(Unprocessable, match="No row is in force on 2018-12-31") as silent:
        await handlers(database, law).submission_judged([too_early])
    assert silent.value.reason == "law-silent"
    assert await kept_in(database) == {name: [] for name in COLLECTIONS}


async def test_scorecards_are_counted_once_by_band(database: Database, law: Law, log: list[Received]) -> None:
    registry = CollectorRegistry()
    process = handlers(database, law, registry)
    for _ in range(2):
        await process.submission_judged(log)
    for band in ("belum_tuntas", "tuntas_pratama", "tuntas_muda", "tuntas_paripurna"):
        assert registry.get_sample_value("spm_scorecards_total", {"band": band}) == 1


async def test_the_calendar_follows_the_log(database: Database, law: Law) -> None:
    opened, closed = changed_period("2023Q4", PeriodState.OPEN, 1), changed_period("2023Q4", revision=2)
    assert await handlers(database, law).period_changed(logged(opened, closed, opened)) == []
    assert await Store(database).periods(["2023Q4"]) == {"2023Q4": closed}
