"""Faults staged one after another on a whole installation: does each alert fire, and clear once the fault is mended?

Run with ``python -m tests.faults.staged_alerts``. The stack of this machine is started in a folder of its
own, with a real Prometheus (which must be there) on the shipped rules; their times and counts alone are cut down, so
that nobody waits for hours.
"""

import argparse
import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from chassis.clock import monotonic_s
from deploy.local import stack
from deploy.local.settings import LocalSettings
from tests.faults.staged_faults import FAULTS, Fault
from tests.faults.staged_house import House

FIRES_WITHIN_S: Final = 240.0
CLEARS_WITHIN_S: Final = 240.0
LOOK_EVERY_S: Final = 1.0
_SHORTER: Final = (
    (re.compile(r"for: \d+[mh]"), "for: 2s"),
    (re.compile(r"(sampled_timestamp_seconds\)) > 300\b"), r"\1 > 40"),  # sampled every 15 s
    (re.compile(r"> (300|120)\b"), "> 15"),
    (re.compile(r"\[\d+[mhd]\]"), "[1m]"),
    (re.compile(r'le="(60|300)\.0"'), 'le="5.0"'),
    (re.compile(r">= (100|20|5)\b"), ">= 2"),
    (re.compile(r"> (10|5)$", re.MULTILINE), "> 1"),
    (re.compile(r"(scrape|evaluation)_interval: 15s"), r"\1_interval: 2s"),
    (re.compile(r"scrape_timeout: 10s"), "scrape_timeout: 2s"),
)


@dataclass(frozen=True)
class Seen:
    """Seconds until an alert fired and, after the fault was mended, cleared; None where it did not in time."""

    fault: str
    alert: str
    fired_s: float | None
    cleared_s: float | None


async def stage(house: House, fault: Fault, say: Callable[[str], None]) -> list[Seen]:
    await _times(house, fault.alerts, until_firing=False, within_s=CLEARS_WITHIN_S)  # of the fault before
    say(f"{fault.name} …")
    async with fault.staged(house):
        fired = await _times(house, fault.alerts, until_firing=True, within_s=FIRES_WITHIN_S)
    cleared = await _times(house, fault.alerts, until_firing=False, within_s=CLEARS_WITHIN_S)
    return [Seen(fault.name, alert, fired[alert], cleared[alert]) for alert in sorted(fault.alerts)]


async def _times(
    house: House, alerts: frozenset[str], *, until_firing: bool, within_s: float
) -> dict[str, float | None]:
    """When each came to fire, or to be silent."""
    started, times = monotonic_s(), dict.fromkeys(alerts, None) | dict[str, float | None]()
    while None in times.values() and monotonic_s() - started < within_s:
        firing = await house.firing()
        for alert in alerts:
            if times[alert] is None and (alert in firing) is until_firing:
                times[alert] = monotonic_s() - started
        await asyncio.sleep(LOOK_EVERY_S)
    return times


def cut_times(folder: Path) -> None:
    """Let Prometheus look every two seconds and wait for seconds where it waits for minutes."""
    for file in (folder / "prometheus.yml", *(folder / "rules").glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        for long, short in _SHORTER:
            text = long.sub(short, text)
        file.write_text(text, encoding="utf-8")


def started(folder: Path, say: Callable[[str], None]) -> House:
    stack.up(folder, LocalSettings(), say)
    house = House.of(folder)
    if "prometheus" not in house.addresses:
        raise SystemExit("This machine has no Prometheus: install it, or name its program in SPM_PROMETHEUS.")
    cut_times(folder / "prometheus")
    os.kill(house.pid("prometheus"), signal.SIGHUP)
    return house


async def stage_all(house: House, chosen: str, say: Callable[[str], None]) -> list[Seen]:
    await house.nothing_due()
    return [seen for fault in FAULTS if chosen in fault.name for seen in await stage(house, fault, say)]


def table(seen: Sequence[Seen]) -> Table:
    shown = Table("fault", "alert", "fired after", "cleared after", box=None)
    for one in seen:
        shown.add_row(one.fault, one.alert, *(_seconds(s) for s in (one.fired_s, one.cleared_s)))
    return shown


def _seconds(seconds: float | None) -> str:
    return "NEVER" if seconds is None else f"{seconds:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, help="Where the stack keeps what it keeps; else a temporary folder.")
    parser.add_argument("--fault", default="", help="Stage those alone whose name has this word.")
    arguments = parser.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory(prefix="spm-alerts-") as temporary:
        folder = arguments.folder or Path(temporary)
        try:
            seen = asyncio.run(stage_all(started(folder, console.print), arguments.fault, console.print))
        finally:
            stack.down(folder, console.print)
    console.print(table(seen))
    return 0 if all(None not in (one.fired_s, one.cleared_s) for one in seen) else 1


if __name__ == "__main__":
    sys.exit(main())
