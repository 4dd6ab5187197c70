"""Rankings are the same to the byte in whatever order and however often reports come."""

import asyncio
import random
import sys
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from chassis.events import Event, Received
from chassis.mongo import Database
from cli.generate import ROOT
from contracts.message import Message
from contracts.quarter import quarters_of
from contracts.topics import SUBMISSION_JUDGED
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.digests import canonical
from services.scoring.domain.nomination import nominated
from services.scoring.domain.snapshot import Snapshot
from services.scoring.handlers import Handlers
from services.scoring.metrics import ScoringMetrics
from services.scoring.store import Store
from tests.scoring.reports import full_reports, judged, submission
from tests.scoring.years import DUE_AT

SERVED = {"64": 900, "32": 990, "35": 985, "73": 700, "33": 990, "64.71": 1_000, "64.02": 555, "32.01": 555}
"""Two pairs are equal in all but their code."""
PERIODS = [quarter.text for quarter in quarters_of(2023)]
BATCH = 7


@pytest.fixture(scope="module")
def log(law: Law) -> list[SubmissionJudgedV1]:
    """A year of reports; two are corrected, one of them twice, and one is returned."""

    def report(region: str, period: str, served: int, revision: int = 1, *, late: bool = False) -> SubmissionJudgedV1:
        content = submission(region, full_reports(law, region, period, served=served, items=1), period)
        return judged(content, revision=revision, late=late)

    first = [report(region, period, served) for region, served in SERVED.items() for period in PERIODS]
    corrections = [
        report("73", "2023Q4", 995, 2),
        report("73", "2023Q4", 994, 3, late=True),
        report("64.02", "2023Q1", 111, 2),
    ]
    returned = judged(submission("11", [], "2023Q4"), outcome=VerdictOutcome.RETURNED)
    return [*first, *corrections, returned]


def received(messages: Sequence[Message]) -> list[Received]:
    return [
        Received(message, Event.of(message).id, SUBMISSION_JUDGED.name, 0, offset, DUE_AT)
        for offset, message in enumerate(messages)
    ]


async def ranking(law: Law, edition: AwardEdition, store: Store, messages: Sequence[Message]) -> bytes:
    """What comes of these records, read in batches."""
    handlers = Handlers(law, store, ScoringMetrics(CollectorRegistry()))
    records = received(messages)
    for begin in range(0, len(records), BATCH):
        await handlers.submission_judged(records[begin : begin + BATCH])
    snapshot = Snapshot.of(await store.figures_of(PERIODS))
    awards = nominated(law, edition, snapshot.figures)
    return canonical([snapshot.digest, *(award.model_dump(mode="json") for award in awards)])


@pytest.mark.parametrize("seed", range(3))
async def test_shuffled_and_repeated_reports_give_the_same_ranking(
    database: Database, law: Law, edition: AwardEdition, log: list[SubmissionJudgedV1], seed: int
) -> None:
    draw = random.Random(seed)
    disordered = draw.sample([*log, *draw.choices(log, k=len(log) // 2)], k=len(log) + len(log) // 2)
    store = Store(database)
    await store.prepare()
    shuffled = await ranking(law, edition, store, disordered)
    assert await ranking(law, edition, store, log) == shuffled
    assert shuffled == await ranked_alone(law, edition, log)


async def ranked_alone(law: Law, edition: AwardEdition, log: list[SubmissionJudgedV1]) -> bytes:
    """Without any database: the newest accepted report of each region and quarter counts."""
    from services.scoring.domain.scorecard import score

    newest: dict[tuple[str, str], SubmissionJudgedV1] = {}
    for message in log:
        if message.submission is not None:
            key = (message.region_code, message.period)
            newest[key] = max((newest.get(key, message), message), key=lambda one: one.revision)
    snapshot = Snapshot.of(score(message, law).figures for message in newest.values())
    awards = nominated(law, edition, snapshot.figures)
    return canonical([snapshot.digest, *(award.model_dump(mode="json") for award in awards)])


async def test_processes_with_different_hash_seeds_write_the_same_bundle() -> None:
    digests = await asyncio.gather(*(printed(str(seed)) for seed in (0, 1, 4_242)))
    assert len(set(digests)) == 1
    assert len(digests[0].strip()) == 64


async def printed(hash_seed: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.scoring.printed",
        cwd=ROOT,
        env={"PYTHONHASHSEED": hash_seed},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()
