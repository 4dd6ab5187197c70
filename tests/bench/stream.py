"""A stream of a gigabyte into a real intake process: how fast, how much memory, and whether a cut changes what is kept.

Run with ``python -m tests.bench.stream``; ``--megabytes 100`` for less. The same synthetic reports go twice, each time
into topics and a database of its own that are deleted behind it: once without a cut, and once with the connection
dropped in the middle and the stream taken up again from the first line without a result. The log must have the same
submissions both times, each once, and resident memory must grow by less than 50 MB. A stream that the service ends
because a part of the world was away is taken up again as clients do it, a few times. The last line says PASSED or
FAILED, and so does the exit code; without progress for five minutes it fails.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from chassis.kafka import admin_client
from chassis.mongo import Mongo
from chassis.settings import Settings
from regulation.loading import load_law
from tests.engines import Engines, run_with_engines
from tests.intake.lines import report_lines
from tests.intake.streaming import Memory, Streamed, ids_in_log, open_period, stream, watched
from tests.processes import Door, service_process, started
from tests.running import Keys, settings_for

MEGABYTE: Final = 1_000_000
GROWTH_BYTES_MAX: Final = 50 * MEGABYTE
LIMIT_S: Final = 2 * 3600
STALLED_S: Final = 300.0
TOLD_EVERY_S: Final = 10.0
TAKEN_UP_MAX: Final = 20
LAW: Final = load_law()
REGIONS: Final = [region.code for region in LAW.regions.reporting() if "." in region.code]

console = Console(width=120)


@dataclass(frozen=True)
class Run:
    seconds: float
    parts: list[Streamed]
    memory: Memory
    ids: Counter[str]


async def run(kafka: str, mongo: str, folder: Path, count: int, *, cut_after: int | None) -> Run:
    keys = Keys(folder)
    headers = keys.issue("bench", ["submissions:write"])
    secretariat = keys.issue("sekretariat", ["periods:write"])
    settings = settings_for(kafka, mongo, keys)
    try:
        async with started(service_process("intake", settings, folder)) as intake:
            await open_period(intake, secretariat)
            begun = time.perf_counter()
            async with watched(intake) as memory:
                parts = await _all_of_it(intake, headers, count, cut_after=cut_after, memory=memory)
            seconds = time.perf_counter() - begun
        return Run(seconds, parts, memory, await ids_in_log(settings))
    finally:
        await _delete(settings)


async def _all_of_it(
    intake: Door, headers: dict[str, str], count: int, *, cut_after: int | None, memory: Memory
) -> list[Streamed]:
    parts = [Streamed()]
    async with asyncio.TaskGroup() as together:
        telling = together.create_task(_tell(parts, count, memory))
        await stream(intake.port, headers, _lines(0, count), cut_after=cut_after, seen=parts[0])
        while parts[-1].summary is None and len(parts) <= TAKEN_UP_MAX:
            done = parts[-1].answered
            parts.append(Streamed(answered=done))
            console.print(f"  taken up again from line {done + 1}")
            await stream(intake.port, headers, _lines(done, count - done), first_line=done + 1, seen=parts[-1])
        telling.cancel()
    return parts


async def _tell(parts: list[Streamed], count: int, memory: Memory) -> None:
    """Raises:
    TimeoutError: nothing went on for long.
    """
    before, since_s = 0, time.perf_counter()
    while True:
        await asyncio.sleep(TOLD_EVERY_S)
        answered, now_s = parts[-1].answered, time.perf_counter()
        console.print(f"  {answered:,} of {count:,} answered, memory + {memory.growth / MEGABYTE:.1f} MB at most")
        if answered > before:
            before, since_s = answered, now_s
        elif now_s - since_s > STALLED_S:
            raise TimeoutError(f"nothing went on for {STALLED_S:.0f} s")


def _lines(first: int, count: int) -> Iterator[bytes]:
    return report_lines(LAW, count, first=first, regions=REGIONS)


async def _delete(settings: Settings) -> None:
    mongo = Mongo(settings)
    await mongo.drop("intake")
    await mongo.close()
    admin = admin_client(settings)
    await admin.start()
    await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(settings.kafka_prefix)])
    await admin.close()


async def bench(megabytes: int, folder: Path, engines: Engines) -> list[str]:
    """What is not as demanded; empty when all is well."""
    line_bytes = len(next(_lines(0, 1)))
    count = max(2, megabytes * MEGABYTE // line_bytes)
    console.print(f"{count} reports of {line_bytes} bytes, {count * line_bytes / MEGABYTE:.0f} MB, synthetic")
    kafka, mongod = await engines.kafka(), await engines.mongod()
    faults, logs = [], []
    for name, cut_after in (("whole", None), ("cut", count // 2)):
        done = await run(kafka.address, mongod.address, folder, count, cut_after=cut_after)
        statuses = sum((part.statuses for part in done.parts), Counter[int]())
        replayed = sum(part.replayed for part in done.parts)
        growth = done.memory.growth
        console.print(
            f"{name}: {done.seconds:.0f} s, {count / done.seconds:.0f} reports/s, "
            f"{count * line_bytes / MEGABYTE / done.seconds:.1f} MB/s; memory {done.memory.before / MEGABYTE:.0f} MB "
            f"+ {growth / MEGABYTE:.1f} MB at most; results {dict(statuses)}, {replayed} replayed; "
            f"log has {len(done.ids)} submissions, {done.ids.total() - len(done.ids)} of them twice; "
            f"last answer {done.parts[-1].summary}"
        )
        logs.append(done.ids)
        if growth >= GROWTH_BYTES_MAX:
            faults.append(f"{name}: memory grew by {growth / MEGABYTE:.1f} MB")
        if set(done.ids.values()) != {1} or len(done.ids) != count:
            faults.append(f"{name}: the log does not have each report once")
    if logs[0] != logs[1]:
        faults.append("the logs differ")
    return faults


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1_024)
    megabytes = parser.parse_args().megabytes
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spm-stream-")))
        engines = Engines(folder, stack)
        async with asyncio.timeout(LIMIT_S):
            faults = await bench(megabytes, folder, engines)
    for fault in faults:
        console.print(f"[red]not as demanded:[/red] {fault}")
    console.print("[red]FAILED[/red]" if faults else "[green]PASSED[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run_with_engines(main()))
