"""Each service is restarted, replica by replica, while regions hand in: is anything lost, judged or told twice?

Run with ``python -m tests.faults.rolling_restart``. Kafka, MongoDB, a mail catcher and two replicas of each of the four
services are started for this run alone; the reports are synthetic. One replica at a time gets SIGTERM, ends by itself,
and a new one is ready before the next one goes. The regions send each report until it is taken, with the same key. At
the end every receipt has one verdict, as planned; every accepted report a scorecard; every notice one end and one mail;
and each database is what the log says.

``--broken validation`` runs a validation that commits before it works, ``--broken intake`` a door that answers before
the log has the report: the run must end with UNJUDGED or LOST.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.engines import run_with_engines
from tests.faults.harness import SERVICES
from tests.faults.pairs import EACH, Pairs, Version, console, pairs

BROKEN: Final = {"validation": "tests.faults.careless", "intake": "tests.faults.hasty"}
ENDS_WITHIN_S: Final = 20.0
LIMIT_S: Final = 40 * 60


async def restarted_in_turn(system: Pairs, version: Version) -> list[str]:
    """What was not as demanded meanwhile."""
    faults = []
    for service, number in [(service, number) for service in SERVICES for number in (1, 2)]:
        regions = system.regions
        before, refused, regions.longest_silence_s = len(regions.receipts), regions.refused, 0.0
        ended_s = await system.stop(service, number)
        ready_s = await system.start(service, number, version)
        if not await system.goes_on():
            faults.append(f"after {service} {number} was restarted, intake took no {EACH} reports: {regions.answers}")
        if ended_s >= ENDS_WITHIN_S:
            faults.append(f"{service} {number} did not end within {ENDS_WITHIN_S:.0f} s after SIGTERM")
        console.print(
            f"{service} {number}: ended {ended_s:.1f} s after SIGTERM, the new one ready in {ready_s:.1f} s;"
            f" {len(regions.receipts) - before} reports taken meanwhile, {regions.refused - refused} asked to come"
            f" again, longest silence {regions.longest_silence_s:.1f} s"
        )
    return faults


async def run(folder: Path, broken: str | None) -> list[str]:
    """What is not as demanded; empty when all is well."""
    version = Version("present", modules={broken: BROKEN[broken]} if broken else {})
    async with pairs(folder, version) as system:
        await asyncio.gather(*(system.start(service, 2, version) for service in SERVICES))
        handing_in = asyncio.create_task(system.regions.hand_in())
        faults = [] if await system.goes_on() else ["intake took no reports before anything was restarted"]
        faults += await restarted_in_turn(system, version)
        if handing_in.done():
            faults.append("the regions had handed in everything before the last restart: let them wait longer")
        return faults + await system.settled(handing_in)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broken", choices=sorted(BROKEN), help="a service that leaves before its work is done")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spm-restart-") as folder:
        async with asyncio.timeout(LIMIT_S):
            faults = await run(Path(folder), given.broken)
    for fault in faults:
        console.print(f"[red]not as demanded:[/red] {fault}")
    if not faults:
        console.print("[green]KEPT: every service was restarted; every report is judged once and told once[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run_with_engines(main()))
