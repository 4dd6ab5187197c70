"""A deadline's evening at 1x and 20x, with ever more reports in the log: throughput, latency, lag, memory, cost.

Run with ``make load``, or ``python -m tests.load --submissions 10000 1000000``. Kafka, MongoDB, the four services and a
mail server that keeps nothing are started for this run alone, and gone at its end. To the smallest size the log is
filled with records as intake would publish them, which go through every service; to the others with copies of what the
services left of these, year after year. At each size other regions hand in through intake's door:

    1x       so many a second as if a nation's 546 reports came within the last ten minutes
    20x      twenty times as many
    flood    as fast as the door takes them, on sixteen connections

The cost of a report is the CPU that each process used until it was judged, scored, told of and read back, over the
number of reports. In the flood it may be 1.10 of that at the smallest size, and so may the most memory that a service
holds; otherwise the exit status is 1. ``--write FILE`` puts the tables between the marks of a Markdown file. When time
or disk is over, the loads go over what stands in the log by then, and it ends.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psutil
from rich.console import Console

from chassis.clock import monotonic_s
from tests.engines import run_with_engines
from tests.load.copying import Copying
from tests.load.evening import FLOOD, LAST_MINUTES_S, NATION, TIMES, Evening, evening
from tests.load.filling import Filling, Year
from tests.load.likeness import balanced
from tests.load.system import CALM_BESIDE_SERVICES, System, Watched, system, watched
from tests.load.table import Stored, around_marks, bounds, put_into, written

SIZES: Final = (10_000, 1_000_000)
WARM: Final = 500
GIGABYTE_MB: Final = 1_024

console = Console(width=160)


@dataclass
class Run:
    whole: System
    year: Year
    filling: Filling
    copying: Copying
    empty_mb: dict[str, float]
    """What the disk held before the first report."""
    given: argparse.Namespace
    handed_in: int = 0

    @property
    def reports(self) -> int:
        """All that stand in the log, however they came."""
        return self.year.sent + self.handed_in + self.copying.reports

    async def fill(self, size: int, *, by_copies: bool) -> tuple[Stored, bool]:
        """What it took, and whether time and disk sufficed."""
        before, seen = self.reports, Watched()
        if by_copies:
            enough = await self.copying.add(size - before)
        else:
            async with watched(self.whole) as seen:
                enough = await self.filling.fill(size - before)
        used_mb = {name: now - self.empty_mb[name] for name, now in self.whole.disk_mb().items()}
        console.print(f"{self.reports:,} reports in the log, {sum(used_mb.values()):.0f} MB of disk for them")
        if not enough:
            console.print(f"time or disk is over; {size:,} were asked for")
        return Stored(self.reports, 0 if by_copies else self.reports - before, seen, used_mb), enough

    async def evenings(self, bodies: Sequence[bytes]) -> dict[str, Evening]:
        """Of services just started, because what a process holds depends on what it did before.

        After some reports that nobody counts: who was just started has nothing at hand yet.
        """
        async with self.whole.at_rest():
            await self.whole.calm()
        await balanced(self.whole)
        await self.whole.calm(CALM_BESIDE_SERVICES)
        await self._evening("to get warm", bodies, WARM, None)
        done = {}
        for times in TIMES:
            each_s = LAST_MINUTES_S / NATION / times
            done[f"{times}x"] = await self._evening(f"{times}x", bodies, int(self.given.seconds / each_s), each_s)
        done[FLOOD] = await self._evening(FLOOD, bodies, self.given.flood, None)
        return done

    async def _evening(self, name: str, bodies: Sequence[bytes], count: int, each_s: float | None) -> Evening:
        done = await evening(self.whole, bodies, count, each_s=each_s)
        self.handed_in += done.answers["202"]
        console.print(
            f"{name}: {count} reports, {done.per_second:.1f}/s done, {done.cost_ms:.1f} ms of CPU each,"
            f" load average before {done.busy:.1f}, answers {dict(done.answers)}"
        )
        return done


async def measure(given: argparse.Namespace, folder: Path, tell: Callable[[list[Stored]], None]) -> list[Stored]:
    """``tell`` is given all that was measured, again after each size: whatever ends the run loses little."""
    rows: list[Stored] = []
    year, until_s = Year(), monotonic_s() + 60 * given.minutes
    async with system(folder) as whole:
        bounds_of = (until_s, GIGABYTE_MB * given.gigabytes)
        filling, copying = Filling(whole, year, console.print, *bounds_of), Copying(whole, console.print, *bounds_of)
        run = Run(whole, year, filling, copying, whole.disk_mb(), given)
        await filling.fill(WARM)
        for part, size in enumerate(sorted(given.submissions)):
            row, enough = await run.fill(size, by_copies=bool(rows))
            # Regions of its own: what one has handed in before has its price too, at every size.
            bodies = year.bodies(part, len(given.submissions))
            rows.append(replace(row, evenings=await run.evenings(bodies)))
            tell(rows)
            if not enough:
                break
    return rows


def hardware() -> str:
    memory_gb = psutil.virtual_memory().total / 1024**3
    return f"{psutil.cpu_count()} processors ({platform.machine()}), {memory_gb:.0f} GB, one machine for all"


async def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, nargs="+", default=SIZES, help="reports in the log before each load")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long 1x and 20x go on")
    parser.add_argument("--flood", type=int, default=2_000, help="reports that come as fast as the door takes them")
    parser.add_argument("--minutes", type=float, default=120.0, help="no filling is begun after so long")
    parser.add_argument("--gigabytes", type=float, default=60.0, help="of disk; filling ends there")
    parser.add_argument("--folder", type=Path, help="where the engines keep their files; a temporary one is made in it")
    parser.add_argument("--write", type=Path, help="a Markdown file for the tables")
    given = parser.parse_args(arguments)
    if given.write:
        around_marks(given.write)  # before the hours of work

    def tell(rows: list[Stored]) -> None:
        tables = written(rows, hardware(), f"python -m tests.load {' '.join(arguments)}".strip())
        console.print(tables, markup=False)
        if given.write:
            put_into(given.write, tables)

    with tempfile.TemporaryDirectory(prefix="spm-load-", dir=given.folder) as folder:
        rows = await measure(given, Path(folder), tell)
    return 0 if all(bound.holds for bound in bounds(rows)) else 1


if __name__ == "__main__":
    sys.exit(run_with_engines(main(sys.argv[1:])))
