"""Three brokers die in turn, each with its disk, while regions hand in: is every report answered with 202 kept?

Run with ``python -m tests.faults.three_brokers``. Three real Kafka processes, one MongoDB, intake and validation are
started for this run alone; the reports are synthetic. Each topic has three copies, of which two must have a report
before intake answers. ``--copies 1`` shows what the run is worth: with one copy it must end with LOST.

A killed process loses nothing, since the system still holds what it wrote. So each broker's folder is emptied as well,
as if the machine had burnt down, and the broker copies everything from the others when it comes back.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import httpx
from aiokafka.errors import KafkaError
from rich.console import Console

from chassis.kafka import admin_client
from chassis.settings import Settings
from contracts.submission import Submission
from contracts.topics import SUBMISSION_JUDGED, SUBMISSION_RECEIVED, TOPICS, Topic
from deploy.local.engines import Engine
from deploy.local.kafka import Otherwise, kafka, new_cluster_id
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.settings import LocalSettings
from regulation.loading import load_law
from tests.engines import Engines, run_with_engines
from tests.faults.harness import Subject, left_to_read, reads_of, whole_topic, writes_of
from tests.intake.reports import PERIOD, body, submission
from tests.processes import service_process, started
from tests.running import Keys, eventually, settings_for

BROKERS: Final = 3
CLIENTS: Final = 6
PAUSE_S: Final = 0.1
"""Between two reports of one client: the load of an evening, not of a bench."""
EACH: Final = 60
"""Receipts to be given before each kill, and again while the broker is away."""
STANDSTILL_S: Final = 60.0
WHOLE_WITHIN_S: Final = 180.0
JUDGED_WITHIN_S: Final = 300.0
LIMIT_S: Final = 30 * 60
ORDER: Final = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Uji tiga broker."}
VALIDATION: Final = Subject(
    "validation", "services.validation.app:build", reads_of("validation"), writes_of("validation")
)
REGIONS: Final = [region.code for region in load_law().regions.reporting() if "." in region.code]

console = Console(width=120)


class Cluster:
    """Brokers that are controllers too; each keeps its records in a folder of its own."""

    def __init__(self, folder: Path, stopping: AsyncExitStack) -> None:
        ports = [(free_port(), free_port()) for _ in range(BROKERS)]
        voters = ",".join(f"{number}@{LOOPBACK}:{port}" for number, (_, port) in enumerate(ports, start=1))
        cluster_id, cache = new_cluster_id(), LocalSettings().cache_folder
        self.brokers: list[Engine] = []
        for number, (port, controller_port) in enumerate(ports, start=1):
            properties = {
                "node.id": str(number),
                "controller.quorum.voters": voters,
                "offsets.topic.replication.factor": str(BROKERS),
                "offsets.topic.num.partitions": "6",
                "min.insync.replicas": "2",
            }
            broker = Engine(
                kafka(
                    folder / f"kafka-{number}",
                    port=port,
                    controller_port=controller_port,
                    cache=cache,
                    progress=console.print,
                    otherwise=Otherwise(properties, cluster_id),
                )
            )
            stopping.push_async_callback(broker.kill)
            self.brokers.append(broker)

    @property
    def address(self) -> str:
        return ",".join(broker.address for broker in self.brokers)

    async def start(self) -> None:
        """All at once: two of three must be there before any of them answers."""
        await asyncio.gather(*(broker.start() for broker in self.brokers))


@dataclass
class Regions:
    """Clients that send each report with its key until it is taken."""

    address: str
    headers: dict[str, str]
    receipts: dict[str, str] = field(default_factory=dict)
    """The submission of each key that was answered with 202."""
    answers: Counter[str] = field(default_factory=Counter)
    longest_silence_s: float = 0.0
    _last: float = field(default_factory=time.monotonic)
    _stopped: bool = False
    _number: int = 0

    def stop(self) -> None:
        self._stopped = True

    async def hand_in(self) -> None:
        async with httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=90) as http:
            await asyncio.gather(*(self._client(http) for _ in range(CLIENTS)))

    async def _client(self, http: httpx.AsyncClient) -> None:
        while not self._stopped:
            number, self._number = self._number, self._number + 1
            report = submission(REGIONS[number % len(REGIONS)], served=number // len(REGIONS))
            await eventually(partial(self._taken_or_over, http, f"laporan-{number}", report), within_s=LIMIT_S)
            await asyncio.sleep(PAUSE_S)

    async def _taken_or_over(self, http: httpx.AsyncClient, key: str, report: Submission) -> bool:
        return await self._taken(http, key, report) or self._stopped

    async def _taken(self, http: httpx.AsyncClient, key: str, report: Submission) -> bool:
        headers = self.headers | {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
        try:
            answer = await http.post("/v1/submissions", content=body(report), headers=headers)
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            return False
        told = "" if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE else _retry_of(answer)
        self.answers[f"{answer.status_code}{told}"] += 1
        if answer.status_code != httpx.codes.ACCEPTED:
            return False
        now = time.monotonic()
        self.longest_silence_s = max(self.longest_silence_s, now - self._last)
        self._last = now
        self.receipts[key] = answer.json()["submission_id"]
        return True

    def dishonest(self) -> dict[str, int]:
        """Answers that a region cannot understand as "taken" or "again later"."""
        honest = {"202", "409", "503 with Retry-After"}
        return {answer: count for answer, count in self.answers.items() if answer not in honest}


def _retry_of(answer: httpx.Response) -> str:
    return " with Retry-After" if answer.headers.get("Retry-After") else " without Retry-After"


async def killed_in_turn(cluster: Cluster, settings: Settings, regions: Regions, rounds: int) -> list[str]:
    """What was not as demanded while brokers died."""
    faults = []
    for number, broker in list(enumerate(cluster.brokers, start=1)) * rounds:
        if not await _goes_on(regions):
            faults.append(f"before broker {number} was killed, intake took no {EACH} reports in {STANDSTILL_S:.0f} s")
        begun, before, refused = time.monotonic(), len(regions.receipts), _refusals(regions)
        regions.longest_silence_s = 0.0
        await broker.kill()
        await asyncio.to_thread(shutil.rmtree, broker.folder / "data")
        goes_on = await _goes_on(regions)
        away_s, taken = time.monotonic() - begun, len(regions.receipts) - before
        await broker.start()
        whole_s = await _whole(settings)
        if not goes_on:
            faults.append(f"while broker {number} was away, intake took no {EACH} reports in {STANDSTILL_S:.0f} s")
        if whole_s is None:
            faults.append(f"the copies on broker {number} were not complete again in {WHOLE_WITHIN_S:.0f} s")
        whole = "its copies never complete" if whole_s is None else f"its copies complete {whole_s:.1f} s after it"
        console.print(
            f"broker {number} killed, disk lost: away {away_s:.1f} s, {taken} reports taken meanwhile, "
            f"{_refusals(regions) - refused} asked to come again, longest silence "
            f"{regions.longest_silence_s:.1f} s; back, {whole}"
        )
    return faults


def _refusals(regions: Regions) -> int:
    return regions.answers["503 with Retry-After"]


async def _goes_on(regions: Regions) -> bool:
    wanted = len(regions.receipts) + EACH
    return await _held(lambda: len(regions.receipts) >= wanted, STANDSTILL_S)


async def _whole(settings: Settings) -> float | None:
    """Seconds until every partition had all its copies in sync; None when they had not in time."""
    begun = time.monotonic()
    held = await _held(lambda: _all_in_sync(settings), WHOLE_WITHIN_S)
    return time.monotonic() - begun if held else None


async def _held(holds: Callable[[], bool | Awaitable[bool]], within_s: float) -> bool:
    try:
        await eventually(holds, within_s=within_s)
    except AssertionError:
        return False
    return True


async def _all_in_sync(settings: Settings) -> bool:
    admin = admin_client(settings)
    try:
        await admin.start()
        described = await admin.describe_topics([settings.kafka_prefix + topic.name for topic in TOPICS])
    except KafkaError:
        return False
    finally:
        await admin.close()
    partitions = [row for topic in described for row in topic["partitions"]]
    return bool(partitions) and all(len(row["isr"]) == len(row["replicas"]) for row in partitions)


async def what_is_lost(settings: Settings, regions: Regions) -> list[str]:
    """What was promised and is not in the log, or is not judged, or is judged in two ways."""
    logged = await _events_of_reports(settings, SUBMISSION_RECEIVED)
    judged = await _events_of_reports(settings, SUBMISSION_JUDGED)
    promised = set(regions.receipts.values())
    repeated = sum(len(logged[each]) > 1 for each in promised & logged.keys())
    console.print(
        f"{len(promised)} receipts; the log has {len(promised & logged.keys())} of their reports, {repeated} of them"
        f" repeated; {len(promised & judged.keys())} of them are judged"
    )
    faults = {
        "LOST: {} of {} reports that were answered with 202 are not in the log": promised - logged.keys(),
        "UNJUDGED: {} of {} reports that were answered with 202 have no verdict": promised - judged.keys(),
        "TWICE: {} of {} reports have two verdicts": {each for each in judged if len(set(judged[each])) > 1},
    }
    return [told.format(len(ids), len(promised)) for told, ids in faults.items() if ids]


async def _events_of_reports(settings: Settings, topic: Topic) -> dict[str, list[str]]:
    """The ids of the events of each submission; one that was published again has its id again."""
    events: dict[str, list[str]] = {}
    for record in await whole_topic(settings, topic.name):
        if submission_id := json.loads(record.value).get("submission_id"):
            events.setdefault(submission_id, []).append(dict(record.headers)["ce_id"].decode())
    return events


@asynccontextmanager
async def services(settings: Settings, keys: Keys, folder: Path) -> AsyncIterator[Regions]:
    """Regions that hand in at an intake whose reports are judged."""
    secretariat = keys.issue("sekretariat", ["periods:write"])
    headers = keys.issue("wilayah", ["submissions:write"])
    async with (
        started(service_process("intake", settings, folder / "intake")) as intake,
        started(service_process("validation", settings, folder / "validation")),
    ):
        async with httpx.AsyncClient(base_url=intake.address, trust_env=False, timeout=60) as http:
            (await http.put(f"/v1/periods/{PERIOD}", json=ORDER, headers=secretariat)).raise_for_status()
        yield Regions(intake.address, headers)


async def run(folder: Path, stopping: AsyncExitStack, *, copies: int, rounds: int) -> list[str]:
    """What is not as demanded; empty when all is well."""
    cluster = Cluster(folder, stopping)
    mongod, _ = await asyncio.gather(Engines(folder, stopping).mongod(), cluster.start())
    keys = Keys(folder)
    settings = settings_for(cluster.address, mongod.address, keys, kafka_replication=copies, rate_limit=1_000_000)
    console.print(f"three brokers, copies of each topic: {copies}, in sync before an answer: {max(1, copies - 1)}")
    async with services(settings, keys, folder) as regions:
        handing_in = asyncio.create_task(regions.hand_in())
        faults = await killed_in_turn(cluster, settings, regions, rounds)
        regions.stop()
        await handing_in
        console.print(f"answers: {dict(regions.answers)}")
        if dishonest := regions.dishonest():
            faults.append(f"intake gave answers other than 202, 409 and 503 with Retry-After: {dishonest}")
        if await _held(lambda: _judged_all(settings), JUDGED_WITHIN_S):
            return faults + await what_is_lost(settings, regions)
        return [
            *faults,
            *await what_is_lost(settings, regions),
            f"validation did not read all in {JUDGED_WITHIN_S:.0f} s",
        ]


async def _judged_all(settings: Settings) -> bool:
    return await left_to_read(VALIDATION, settings) == 0


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=BROKERS, choices=range(1, BROKERS + 1))
    parser.add_argument("--rounds", type=int, default=1, help="how often each broker is killed")
    given = parser.parse_args()
    async with AsyncExitStack() as stopping:
        folder = Path(stopping.enter_context(tempfile.TemporaryDirectory(prefix="spm-brokers-")))
        async with asyncio.timeout(LIMIT_S):
            faults = await run(folder, stopping, copies=given.copies, rounds=given.rounds)
    for fault in faults:
        console.print(f"[red]not as demanded:[/red] {fault}")
    if not faults:
        console.print("[green]KEPT: every report that was answered with 202 is in the log and judged once[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run_with_engines(main()))
