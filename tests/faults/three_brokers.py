"""Three brokers die in turn, each with its disk, while regions hand in: is every report answered with 202 kept?

Run with ``python -m tests.faults.three_brokers``. Three real Kafka processes, one MongoDB, intake and validation are
started for this run alone; the reports are synthetic. Each topic has three copies, of which two must have a report
before intake answers. ``--copies 1`` shows what the run is worth: with one copy it must end with LOST.

A killed process loses nothing, since the system still holds what it wrote. So each broker's folder is emptied as well,
as if the machine had burnt down, and the broker copies everything from the others when it comes back.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Final

import httpx
from aiokafka.errors import KafkaError
from rich.console import Console

from chassis.kafka import admin_client
from chassis.settings import Settings
from contracts.topics import TOPICS
from deploy.local.engines import Engine
from deploy.local.kafka import Otherwise, kafka, new_cluster_id
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.settings import LocalSettings
from regulation.loading import load_law
from tests.engines import Engines, run_with_engines
from tests.faults.harness import Subject, left_to_read, reads_of, writes_of
from tests.faults.regions import Handed, Regions, held, what_is_lost
from tests.intake.reports import PERIOD, body, submission
from tests.processes import service_process, started
from tests.running import Keys, settings_for

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


def reports(client: int) -> Iterator[Handed]:
    """Without end: every region in turn, then each of them again with other figures."""
    for number in count(client, CLIENTS):
        report = submission(REGIONS[number % len(REGIONS)], served=number // len(REGIONS))
        yield Handed(f"laporan-{number}", body(report))


async def killed_in_turn(cluster: Cluster, settings: Settings, regions: Regions, rounds: int) -> list[str]:
    """What was not as demanded while brokers died."""
    faults = []
    for number, broker in list(enumerate(cluster.brokers, start=1)) * rounds:
        if not await regions.go_on(EACH, STANDSTILL_S):
            faults.append(f"before broker {number} was killed, intake took no {EACH} reports in {STANDSTILL_S:.0f} s")
        begun, before, refused = time.monotonic(), len(regions.receipts), regions.refused
        regions.longest_silence_s = 0.0
        await broker.kill()
        await asyncio.to_thread(shutil.rmtree, broker.folder / "data")
        goes_on = await regions.go_on(EACH, STANDSTILL_S)
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
            f"{regions.refused - refused} asked to come again, longest silence "
            f"{regions.longest_silence_s:.1f} s; back, {whole}"
        )
    return faults


async def _whole(settings: Settings) -> float | None:
    """Seconds until every partition had all its copies in sync; None when they had not in time."""
    begun = time.monotonic()
    whole = await held(lambda: _all_in_sync(settings), WHOLE_WITHIN_S)
    return time.monotonic() - begun if whole else None


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
        lanes = [reports(client) for client in range(CLIENTS)]
        yield Regions([intake.address], headers, lanes, PAUSE_S)


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
        faults += await regions.ended(handing_in, console)
        if await held(lambda: _judged_all(settings), JUDGED_WITHIN_S):
            return faults + await what_is_lost(settings, regions, console)
        return [
            *faults,
            *await what_is_lost(settings, regions, console),
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
