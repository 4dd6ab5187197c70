"""Validation's and scoring's throughput against a bare loop that does the same reads, writes and sends.

Run with ``make bench``. All run on the same Kafka and MongoDB, started for this run alone, each in a process of its
own, in turns. A bare loop is aiokafka and the driver, with the service's own batches and settings: it reads the same
records, looks up the same ids, inserts the same documents, writes the same heads and sends the same events, all
prepared beforehand. There are three:

    bare      makes the events itself, by the service's own pure functions: it parses, judges or scores, and writes
              JSON; the ratio to it is the price of the framework and of the delivery rule
    parsing   parses each record with its model and makes nothing
    moving    only moves bytes that are ready
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import ReplaceOne
from rich.console import Console
from rich.table import Table

from chassis import logs
from chassis.clock import unix_s
from chassis.events import Event, Received
from chassis.kafka import ensure_topics
from chassis.memory import calm_collector
from chassis.mongo import Mongo
from chassis.service import Build, make_app
from chassis.settings import Settings
from chassis.stream import FETCH_BYTES, read_record
from cli.demo.generator import plan_year
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SUBMISSION_JUDGED, SUBMISSION_RECEIVED, Topic
from contracts.verdict import SubmissionJudgedV1
from services.scoring.app import build as build_scoring
from services.scoring.handlers import kept_scorecard
from services.scoring.store import KeptScorecard
from services.validation.app import build as build_validation
from services.validation.handlers import Decisions
from services.validation.store import Known
from tests.engines import Engines, run_with_engines
from tests.faults.harness import Fed, feed, whole_topic
from tests.faults.story import LAW, received
from tests.running import settings_for

SEED: Final = 2023
SERVICE: Final = "service"
BARE: Final = "bare"
PARSING: Final = "parsing"
MOVING: Final = "moving"
LIMIT_S: Final = 300
QUALITY_ITEMS_MAX: Final = 4
"""Of a service, in the bench's reports: the demo's have up to six and are larger than the 10 to 20 kB of real ones."""


@dataclass(frozen=True)
class Stage:
    """A service, what it reads and where its outcomes stand."""

    name: str
    build: Build
    reads: Topic
    outcomes: str
    reads_heads: bool
    decide: Callable[[Sequence[Received]], object]
    """The service's decisions on a batch, from the records alone, down to the events."""


def _judged_events(batch: Sequence[Received]) -> list[tuple[Event, ...]]:
    decisions = Decisions(LAW, Known(verdicts={}, settlements={}, heads={}))
    return [decisions.events_of(received) for received in batch]


def _scored_events(batch: Sequence[Received]) -> list[KeptScorecard]:
    accepted = [(one, one.message) for one in batch if isinstance(one.message, SubmissionJudgedV1)]
    return [kept_scorecard(LAW, one, judged) for one, judged in accepted if judged.submission]


STAGES: Final = (
    Stage("validation", build_validation, SUBMISSION_RECEIVED, "verdicts", reads_heads=True, decide=_judged_events),
    Stage("scoring", build_scoring, SUBMISSION_JUDGED, "scorecards", reads_heads=False, decide=_scored_events),
)


@dataclass(frozen=True)
class Measured:
    """One run over all records."""

    records: int
    wall_s: float
    cpu_s: float

    @property
    def per_second(self) -> float:
        return self.records / self.wall_s

    @property
    def cpu_ms(self) -> float:
        return 1_000 * self.cpu_s / self.records


@dataclass(frozen=True)
class Script:
    """What the service did for each record: by submission id, the outcome, its event and the head."""

    outcomes: dict[str, dict[str, Any]]
    head_of: dict[str, str]
    heads: dict[str, dict[str, Any]]
    events: dict[str, Event]


def run_service(stage: Stage, given: dict[str, Any], records: int, answer: Any) -> None:
    logs.configure(stage.name, "ERROR")
    answer.send(asyncio.run(_run_service(stage, Settings.model_validate(given), records)))


async def _run_service(stage: Stage, settings: Settings, records: int) -> Measured:
    app = make_app(stage.name, stage.build, settings)
    calm_collector()
    stream = app.state.stream
    work = stream.work
    begun: list[tuple[float, float]] = []
    done = asyncio.Event()
    taken = 0

    async def timed(batch: Sequence[Any]) -> None:
        nonlocal taken
        if not begun:
            begun.append((time.perf_counter(), time.process_time()))
        await work(batch)
        taken += len(batch)
        if taken >= records:
            done.set()

    stream.work = timed
    async with app.router.lifespan_context(app):
        await asyncio.wait_for(done.wait(), LIMIT_S)
        wall, cpu = time.perf_counter(), time.process_time()
    ((wall_begun, cpu_begun),) = begun
    return Measured(taken, wall - wall_begun, cpu - cpu_begun)


def run_bare(stage: Stage, given: dict[str, Any], records: int, script: Script, variant: str, answer: Any) -> None:
    logs.configure(stage.name, "ERROR")
    answer.send(asyncio.run(_run_bare(stage, Settings.model_validate(given), records, script, variant)))


async def _run_bare(stage: Stage, settings: Settings, records: int, script: Script, variant: str) -> Measured:
    calm_collector()
    deployment = Mongo(settings)
    database = deployment.database(stage.name)
    outcomes, heads = database[stage.outcomes], database["heads"]
    topic = settings.kafka_prefix + stage.reads.name
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=settings.kafka,
        group_id=f"{settings.kafka_prefix}bare",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka,
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=512 * 1024,
        max_request_size=4 * 1024 * 1024,
    )
    await producer.start()
    await consumer.start()
    taken, wall, cpu = 0, 0.0, 0.0
    try:
        while taken < records:
            batches = await consumer.getmany(timeout_ms=settings.batch_wait_ms, max_records=settings.batch_records)
            batch = [record for part in batches.values() for record in part]
            if not batch:
                continue
            if not taken:
                wall, cpu = time.perf_counter(), time.process_time()
            ids = [dict(record.headers)["ce_subject"].decode() for record in batch]
            if variant != MOVING:
                read = [read_record(stage.reads.name, record) for record in batch]
                if variant == BARE:
                    stage.decide(read)
            await _bare_batch(stage, outcomes, heads, ids, script)
            sends = [
                await producer.send(
                    settings.kafka_prefix + event.topic, event.value, event.key.encode(), headers=event.wire_headers
                )
                for event in (script.events[id_] for id_ in ids if id_ in script.events)
            ]
            await asyncio.gather(*sends)
            taken += len(batch)
            if taken < records:
                await consumer.commit()
        return Measured(taken, time.perf_counter() - wall, time.process_time() - cpu)
    finally:
        await consumer.stop()
        await producer.stop()
        await deployment.close()


async def _bare_batch(stage: Stage, outcomes: Any, heads: Any, ids: list[str], script: Script) -> None:
    kept = [script.outcomes[id_] for id_ in ids if id_ in script.outcomes]
    moved = {head: script.heads[head] for head in (script.head_of[id_] for id_ in ids if id_ in script.outcomes)}
    await outcomes.find({"_id": {"$in": ids}}).to_list(None)
    if stage.reads_heads:
        await heads.find({"_id": {"$in": list(moved)}}).to_list(None)
    if kept:
        await outcomes.insert_many(kept, ordered=True)
    if moved:
        await heads.bulk_write([ReplaceOne({"_id": i}, h, upsert=True) for i, h in moved.items()], ordered=False)


async def _script(stage: Stage, settings: Settings) -> Script:
    deployment = Mongo(settings)
    try:
        database = deployment.database(stage.name)
        outcomes = {document["_id"]: document for document in await database[stage.outcomes].find({}).to_list(None)}
        heads = {document["_id"]: document for document in await database["heads"].find({}).to_list(None)}
    finally:
        await deployment.close()
    events = {id_: Event.from_kept(document["event"]) for id_, document in outcomes.items()}
    head_of = {id_: f"{event.key}/{json.loads(event.value)['period']}" for id_, event in events.items()}
    return Script(outcomes, head_of, heads, events)


def received_events(reports: int) -> list[Event]:
    """The demo's reports, of the size of real ones, as intake would publish them."""
    planned = plan_year(LAW, seed=SEED).reports[:reports]
    return [Event.of(of_real_size(received(report))) for report in planned]


def of_real_size(message: SubmissionReceivedV1) -> SubmissionReceivedV1:
    services = tuple(
        replace(service, quality=service.quality[:QUALITY_ITEMS_MAX]) for service in message.submission.services
    )
    return message.model_copy(update={"submission": message.submission.model_copy(update={"services": services})})


def _in_process(target: Any, *arguments: Any) -> Measured:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*arguments, there))
    process.start()
    try:
        if not here.poll(LIMIT_S):
            raise SystemExit(f"{target.__name__} did not finish within {LIMIT_S} s")
        measured: Measured = here.recv()
        return measured
    finally:
        process.join(30)
        if process.is_alive():
            process.kill()


async def measure(stage: Stage, kafka: str, mongo: str, fed: Sequence[Fed], rounds: int) -> dict[str, list[Measured]]:
    """Each variant once a round, in turns."""
    measured: dict[str, list[Measured]] = {SERVICE: [], BARE: [], PARSING: [], MOVING: []}
    script: Script | None = None
    for _ in range(rounds):
        settings = settings_for(kafka, mongo)
        given = settings.model_dump(mode="json")
        await feed(settings, fed)
        measured[SERVICE].append(await asyncio.to_thread(_in_process, run_service, stage, given, len(fed)))
        script = script or await _script(stage, settings)
        for name in (BARE, PARSING, MOVING):
            settings = settings_for(kafka, mongo)
            given = settings.model_dump(mode="json")
            await ensure_topics(settings)
            await feed(settings, fed)
            measured[name].append(await asyncio.to_thread(_in_process, run_bare, stage, given, len(fed), script, name))
    return measured


def show(stage: Stage, measured: dict[str, list[Measured]], bytes_each: float) -> None:
    table = Table(title=f"{stage.name}: records of {bytes_each / 1000:.1f} kB on average", title_justify="left")
    for heading in ("variant", "records/s", "each round", "service / it", "CPU ms/record", "service / it"):
        table.add_column(heading, justify="left" if heading in {"variant", "each round"} else "right")
    rate = {name: statistics.median(run.per_second for run in runs) for name, runs in measured.items()}
    cpu = {name: statistics.median(run.cpu_ms for run in runs) for name, runs in measured.items()}
    for name, runs in measured.items():
        table.add_row(
            name,
            f"{rate[name]:.0f}",
            " ".join(f"{run.per_second:.0f}" for run in runs),
            f"{rate[SERVICE] / rate[name]:.2f}",
            f"{cpu[name]:.2f}",
            f"{cpu[SERVICE] / cpu[name]:.2f}",
        )
    Console(width=100).print(table)


async def main(reports: int, rounds: int) -> None:
    logging.disable(logging.WARNING)
    events = received_events(reports)
    fed = [
        Fed(event.topic, event.key.encode(), event.value, event.wire_headers, int(unix_s() * 1000)) for event in events
    ]
    async with AsyncExitStack() as stopping:
        folder = Path(stopping.enter_context(tempfile.TemporaryDirectory(prefix="spm-bench-")))
        engines = Engines(folder, stopping)
        kafka, mongod = await engines.kafka(), await engines.mongod()
        for stage in STAGES:
            measured = await measure(stage, kafka.address, mongod.address, fed, rounds)
            show(stage, measured, statistics.mean(len(record.value or b"") for record in fed))
            if stage is STAGES[0]:
                fed = await _judged(kafka.address, mongod.address, fed)


async def _judged(kafka: str, mongo: str, fed: Sequence[Fed]) -> list[Fed]:
    """What validation makes of the records, for scoring to read."""
    settings = settings_for(kafka, mongo)
    await feed(settings, fed)
    await asyncio.to_thread(_in_process, run_service, STAGES[0], settings.model_dump(mode="json"), len(fed))
    return [
        Fed(SUBMISSION_JUDGED.name, record.key, record.value, record.headers, record.timestamp)
        for record in await whole_topic(settings, SUBMISSION_JUDGED.name)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--reports", type=int, default=2_184)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    sys.exit(run_with_engines(main(given.reports, given.rounds)))
