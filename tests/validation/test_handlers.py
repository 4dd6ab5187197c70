"""The delivery rule on a real database: whatever crashes, repeats or runs beside it, the outcome is that of the log."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.errors import Conflict, Unprocessable
from chassis.events import Event, Received, decode
from chassis.mongo import Database, Document, Mongo
from contracts.message import Message
from contracts.peers import PeersFixedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import EntrySettledV1, ReportOverdueV1, SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.validation.domain.figures import Figures
from services.validation.handlers import Reception
from services.validation.metrics import ValidationMetrics
from services.validation.store import Store
from tests.running import settings_for
from tests.validation.reports import ARRIVED, KOTA, PROVINSI, closed, faultless, passed, peers_fixed, received

Kept = Mapping[str, list[Document]]

OTHER_KOTA = "64.72"
LOG_LENGTH = 19
PEERS = {"edu.kab.basic": Figures(1_000, 900, 5_000_000_000, 0)}
COLLECTIONS = ("verdicts", "settlements", "heads", "peers", "peer_figures")
NOTHING: Kept = {name: [] for name in COLLECTIONS}


@pytest_asyncio.fixture
async def database(mongo: str) -> AsyncIterator[Database]:
    """Through one driver: the store's own tests run on both."""
    deployment = Mongo(settings_for("127.0.0.1:1", mongo))
    database = deployment.database("validation")
    await Store(database).prepare()
    yield database
    await deployment.drop("validation")
    await deployment.close()


@pytest.fixture(scope="module")
def log(law: Law) -> list[Received]:
    """Two regions report and correct themselves; deadlines pass and entry closes between reports; one is silent."""
    first = received(faultless(law, period="2023Q1", served=400, items=1), "first")
    return logged(
        first,
        received(faultless(law, period="2023Q2", served=300, items=1), "falls"),
        closed(period="2023Q1"),
        passed(1, period="2023Q2"),
        received(faultless(law, period="2023Q2", served=500, items=1), "grows"),
        passed(7, period="2023Q2"),
        passed(1, period="2023Q2"),
        received(faultless(law, region_code=PROVINSI, period="2023Q1", items=1, team=None), "warned"),
        received(faultless(law, period="2023Q1", served=500, items=1, stages=()), "corrects"),
        first,
        closed(period="2023Q2"),
        closed(period="2023Q2"),
        closed(OTHER_KOTA, period="2023Q2"),
        received(faultless(law, period="2023Q3", served=499, items=1), "late"),
        peers_fixed(PEERS, period="2023Q4"),
        peers_fixed(PEERS, PEERS, period="2023Q4", period_revision=2),
        peers_fixed(PEERS, period="2023Q4"),
        peers_fixed(PEERS, period="2023Q4", region_code=OTHER_KOTA),
        received(faultless(law, period="2023Q4", served=499, items=1), "later"),
    )


def logged(*messages: Message) -> list[Received]:
    """The messages as they come out of the log, decoded from their bytes."""
    records = []
    for offset, message in enumerate(messages):
        event = Event.of(message)
        id_, decoded = decode(event.topic, event.wire_headers, event.value)
        records.append(Received(decoded, id_, event.topic, 0, offset, ARRIVED))
    return records


def read(events: Sequence[Event]) -> list[Message]:
    return [decode(event.topic, event.wire_headers, event.value)[1] for event in events]


def reception(database: Database, law: Law, registry: CollectorRegistry | None = None) -> Reception:
    """A process that has just started."""
    return Reception(Store(database), law, ValidationMetrics(registry or CollectorRegistry()))


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


async def test_the_log_is_judged_in_its_order(database: Database, law: Law, log: list[Received]) -> None:
    events = await reception(database, law)(log)
    assert len(log) == LOG_LENGTH
    told = read(events)
    verdicts = [fact for fact in told if isinstance(fact, SubmissionJudgedV1)]
    assert [(fact.submission_id, fact.revision, fact.supersedes, fact.outcome.value) for fact in verdicts] == [
        ("first", 1, None, "accepted"),
        ("falls", 1, None, "returned"),
        ("grows", 2, "falls", "accepted"),
        ("warned", 1, None, "accepted_with_warnings"),
        ("corrects", 2, "first", "accepted_with_warnings"),
        ("first", 1, None, "accepted"),
        ("late", 1, None, "returned"),
        ("later", 1, None, "returned"),
    ]
    fallen = [[one for one in fact.findings if one.code == "cumulative-does-not-fall"] for fact in verdicts[-2:]]
    assert [findings[0].expected for findings in fallen] == ["≥ 500 (2023Q2)"] * 2
    settled = [fact for fact in told if isinstance(fact, EntrySettledV1)]
    assert [(fact.region_code, fact.period, fact.reports, fact.reported) for fact in settled] == [
        (KOTA, "2023Q1", 1, True),
        (KOTA, "2023Q2", 2, True),
        (KOTA, "2023Q2", 2, True),
        (OTHER_KOTA, "2023Q2", 0, False),
    ]
    overdue = [fact for fact in told if isinstance(fact, ReportOverdueV1)]
    assert [(fact.region_code, fact.days_after_due, fact.returned_reports) for fact in overdue] == [
        (KOTA, 1, 1),
        (KOTA, 1, 1),
        (OTHER_KOTA, None, 0),
    ]
    assert {fact.period for fact in overdue} == {"2023Q2"}
    silent = {passed(7, period="2023Q2").event_id}
    causes = {received.id for received in log if not isinstance(received.message, PeersFixedV1)}
    assert {event.headers["ce_causationid"] for event in events} == causes - silent


async def test_a_redelivered_batch_tells_the_same_and_changes_nothing(
    database: Database, law: Law, log: list[Received]
) -> None:
    first = await reception(database, law)(log)
    kept = bytes_of(await kept_in(database))
    again = await reception(database, law)(log)
    assert again == first
    assert bytes_of(await kept_in(database)) == kept


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_the_outcome_does_not_depend_on_how_the_log_is_cut_into_batches(
    database: Database, law: Law, log: list[Received], size: int
) -> None:
    whole = await reception(database, law)(log)
    kept = bytes_of(await kept_in(database))
    await restore(database, NOTHING)
    in_parts: list[Event] = []
    for start in range(0, len(log), size):
        in_parts += await reception(database, law)(log[start : start + size])
    assert in_parts == whole
    assert bytes_of(await kept_in(database)) == kept


def crashes(before: Kept, after: Kept) -> Iterator[Kept]:
    """Every state that the database can be in when the process ends between, or within, the writes of one batch.

    Verdicts come first and in order, then settlements in order, then the heads, then what peers are held against: the
    documents of these two independently of each other, so that it is enough to have each move among the first and among
    the last. What was told of peers is noted last.
    """
    old_ids = {document["_id"] for documents in before.values() for document in documents}
    verdicts, settlements = (
        [document for document in after[name] if document["_id"] not in old_ids] for name in ("verdicts", "settlements")
    )
    for count in range(len(verdicts) + 1):
        yield {**before, "verdicts": before["verdicts"] + verdicts[:count]}
    for count in range(len(settlements) + 1):
        yield {**before, "verdicts": after["verdicts"], "settlements": before["settlements"] + settlements[:count]}
    for heads in half_moved(before["heads"], after["heads"]):
        yield {**after, "heads": heads, "peers": before["peers"], "peer_figures": before["peer_figures"]}
    for peers in half_moved(before["peers"], after["peers"]):
        yield {**after, "peers": peers, "peer_figures": before["peer_figures"]}
    for count in range(len(before["peer_figures"]), len(after["peer_figures"]) + 1):
        yield {**after, "peer_figures": after["peer_figures"][:count]}


def half_moved(before: list[Document], after: list[Document]) -> Iterator[list[Document]]:
    old = {document["_id"]: document for document in before}
    moved = [document for document in after if document != old.get(document["_id"])]
    for count in range(len(moved) + 1):
        for some in (moved[:count], moved[count:]):
            yield list((old | {document["_id"]: document for document in some}).values())


@pytest.mark.parametrize("committed", range(0, LOG_LENGTH, 3))
async def test_a_crash_between_any_two_writes_is_mended_by_the_redelivery(
    database: Database, law: Law, log: list[Received], committed: int
) -> None:
    process = reception(database, law)
    if committed:
        await process(log[:committed])
    before = await kept_in(database)
    told = await process(log[committed:])
    after = await kept_in(database)
    for left_behind in crashes(before, after):
        for cut in (1, len(log)):
            await restore(database, left_behind)
            again: list[Event] = []
            for start in range(committed, len(log), cut):
                again += await reception(database, law)(log[start : start + cut])
            assert again == told
            assert bytes_of(await kept_in(database)) == bytes_of(after)


async def test_two_processes_on_one_batch_agree(database: Database, law: Law, log: list[Received]) -> None:
    async def persistent() -> list[Event]:
        process = reception(database, law)
        for _ in range(10):
            try:
                return await process(log)
            except Conflict:
                await asyncio.sleep(0)
        raise AssertionError("they never agreed")

    one, other, third = await asyncio.gather(persistent(), persistent(), persistent())
    kept = bytes_of(await kept_in(database))
    assert one == other == third
    await restore(database, NOTHING)
    assert await reception(database, law)(log) == one
    assert bytes_of(await kept_in(database)) == kept


async def test_a_late_redelivery_of_old_records_does_not_move_a_head_back(
    database: Database, law: Law, log: list[Received]
) -> None:
    process = reception(database, law)
    told = await process(log)
    kept = bytes_of(await kept_in(database))
    assert await process(log[:1]) == told[:1]
    assert bytes_of(await kept_in(database)) == kept


async def test_of_two_marks_of_one_period_the_later_revision_stays(
    database: Database, law: Law, log: list[Received]
) -> None:
    await reception(database, law)(log)
    kept = await kept_in(database)
    revisions = {document["_id"]: document["revision"] for document in kept["peers"]}
    assert revisions == {f"{KOTA}/2023Q4": 2, f"{OTHER_KOTA}/2023Q4": 1}
    told = {document["_id"]: document["announced"] for document in kept["peer_figures"]}
    assert told == {"2023Q4/1/kota": True, "2023Q4/2/kota": True}


async def test_an_id_used_again_for_another_report_keeps_the_first_verdict_and_moves_no_other_head(
    database: Database, law: Law
) -> None:
    process = reception(database, law)
    (first,) = await process(logged(received(faultless(law, items=0), "s-1")))
    (again,) = await process(logged(received(faultless(law, period="2023Q3", items=0), "s-1")))
    assert again == first
    assert [head["_id"] for head in (await kept_in(database))["heads"]] == ["64.71/2023Q4"]


async def test_a_report_from_before_the_law_is_unprocessable_and_nothing_of_its_batch_is_kept(
    database: Database, law: Law
) -> None:
    timeless = faultless(law, items=0).model_copy(update={"period": "2017Q4"})
    batch = logged(received(faultless(law, items=0), "s-1"), received(timeless, "s-2"))
    process = reception(database, law)
    with pytest.raises(Unprocessable, match="2017Q4 cannot be judged") as caught:
        await process(batch)
    assert caught.value.reason == "law-silent"
    assert not any((await kept_in(database)).values())


async def test_a_message_of_another_topic_is_a_mistake(database: Database, law: Law) -> None:
    process = reception(database, law)
    (verdict,) = read(await process(logged(received(faultless(law, items=0)))))
    stray = Received(verdict, "id", SUBMISSION_RECEIVED.name, 0, 0, ARRIVED)
    with pytest.raises(TypeError, match="SubmissionJudgedV1"):
        await process([stray])


async def test_a_verdict_is_counted_once_with_its_findings(database: Database, law: Law, log: list[Received]) -> None:
    registry = CollectorRegistry()
    process = reception(database, law, registry)
    await process(log)
    await process(log)

    def judged(outcome: VerdictOutcome) -> float | None:
        return registry.get_sample_value("spm_reports_judged_total", {"outcome": outcome})

    def found(rule: str, severity: str) -> float | None:
        return registry.get_sample_value("spm_report_findings_total", {"rule_id": rule, "severity": severity})

    assert [judged(outcome) for outcome in VerdictOutcome] == [2, 2, 3]
    assert found("team-formed", "warning") == 1
    assert found("stages-reported", "warning") == 4
    assert found("cumulative-does-not-fall", "error") == 3 * 29 * 2
