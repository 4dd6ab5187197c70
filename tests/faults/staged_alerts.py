"""Faults staged one after another on a whole installation: does each alert fire, and clear once the fault is mended?

Run with ``python -m tests.faults.staged_alerts``. The stack of this machine is started in a folder of its
own, with a real Prometheus (which must be there) on the shipped rules; their times alone are cut down, so that nobody
waits for hours.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from pymongo import AsyncMongoClient
from rich.console import Console
from rich.table import Table

from chassis.clock import SystemClock, monotonic_s
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mending import cases, discard
from chassis.operators import Order
from chassis.settings import Settings
from contracts.submission import Submission
from contracts.topics import SUBMISSION_RECEIVED
from deploy.local import credentials, stack
from deploy.local.settings import LocalSettings
from deploy.local.supervision import Supervisor
from tests.intake.reports import received, submission

FIRES_WITHIN_S: Final = 240.0
CLEARS_WITHIN_S: Final = 240.0
LOOK_EVERY_S: Final = 1.0
PERIOD: Final = "2026Q3"
_SHORTER: Final = (
    (re.compile(r"for: \d+[mh]"), "for: 2s"),
    (re.compile(r"> (300|120)\b"), "> 15"),
    (re.compile(r"\[(5|10|15)m\]"), "[30s]"),
    (re.compile(r">= 5$", re.MULTILINE), ">= 2"),
    (re.compile(r"(scrape|evaluation)_interval: 15s"), r"\1_interval: 2s"),
    (re.compile(r"scrape_timeout: 10s"), "scrape_timeout: 2s"),
)


@dataclass(frozen=True)
class House:
    """The installation on which faults are staged."""

    folder: Path
    addresses: Mapping[str, str]
    tokens: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        return Settings(kafka=self.addresses["kafka"], mongo=self.addresses["mongodb"])

    def pid(self, name: str) -> int:
        pid = Supervisor(self.folder).states()[name].pid
        if pid is None:
            raise SystemExit(f"{name} does not run")
        return pid

    async def call(self, client: str, method: str, path: str, **what: Any) -> None:
        headers = {"Authorization": f"Bearer {self.tokens[client]}"}
        async with httpx.AsyncClient(base_url=self.addresses["intake"], trust_env=False, timeout=30) as intake:
            answer = await intake.request(method, path, headers=headers, **what)
        if not answer.is_success:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")

    async def hand_in(self, report: Submission) -> None:
        await self.call("importer", "POST", "/v1/submissions", json=report.model_dump(mode="json"))

    async def firing(self) -> set[str]:
        async with httpx.AsyncClient(base_url=self.addresses["prometheus"], trust_env=False, timeout=30) as prometheus:
            alerts = (await prometheus.get("/api/v1/alerts")).json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    @asynccontextmanager
    async def stopped(self, *names: str) -> AsyncIterator[None]:
        """They stand still, as a machine that hangs does: connections stay open, nothing answers."""
        pids = [self.pid(name) for name in names]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True)
class Fault:
    name: str
    alerts: frozenset[str]
    staged: Callable[[House], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def validation_dead_before_a_deadline(house: House) -> AsyncIterator[None]:
    due = SystemClock().now() + timedelta(hours=1)
    order = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sintetis: malam tenggat."}
    await house.call("secretariat", "PUT", f"/v1/periods/{PERIOD}", json=order | {"due_at": due.isoformat()})
    async with house.stopped("validation"):
        await house.hand_in(submission("64.71", PERIOD, served=700))
        yield


@asynccontextmanager
async def poison_record(house: House) -> AsyncIterator[None]:
    async with publishing(house) as publisher:
        await publisher.publish_raw([(SUBMISSION_RECEIVED.name, b"64.71", [], b"\xffno JSON")])
    yield
    await discard_everything(house)


@asynccontextmanager
async def forged_verdict(house: House) -> AsyncIterator[None]:
    """As if somebody had written to the log of verdicts who may not."""
    forged = {"_id": "forged", "region_code": "64.71", "period": PERIOD}
    verdict = {"client_id": "nobody", "outcome": "accepted", "revision": 99, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    async with AsyncMongoClient[dict[str, Any]](house.addresses["mongodb"]) as client:
        reports = client["spm_intake"]["submissions"]
        await reports.insert_one(forged | {"judged": verdict})
        try:
            yield
        finally:
            await reports.delete_one({"_id": "forged"})


@asynccontextmanager
async def mongodb_away(house: House) -> AsyncIterator[None]:
    async with publishing(house) as publisher, house.stopped("mongodb"):
        late = received(submission("64.72", PERIOD), key="staged", now=SystemClock().now())
        await publisher.publish([Event.of(late)])
        yield


@asynccontextmanager
async def mail_server_away(house: House) -> AsyncIterator[None]:
    async with house.stopped("mail"):
        # More people served than were targeted: it is returned, and its region is told by mail.
        await house.hand_in(submission("64.71", PERIOD, served=1_700))
        yield


FAULTS: Final = (
    Fault(
        "validation stands still, an hour before a deadline",
        frozenset({"SpmServiceDown", "SpmSubmissionsUnjudged", "SpmDeadlineAtRisk"}),
        validation_dead_before_a_deadline,
    ),
    Fault("a poison record", frozenset({"SpmDeadLetters"}), poison_record),
    Fault("a verdict that nobody asked for", frozenset({"SpmLedgerOutOfBalance"}), forged_verdict),
    Fault("MongoDB stands still", frozenset({"SpmMongoAway", "SpmConsumerBehind"}), mongodb_away),
    Fault("Kafka stands still", frozenset({"SpmKafkaAway"}), lambda house: house.stopped("kafka")),
    Fault("the mail server stands still", frozenset({"SpmMailFailing", "SpmNoticesWaiting"}), mail_server_away),
)


@asynccontextmanager
async def publishing(house: House) -> AsyncIterator[Publisher]:
    publisher = Publisher(house.settings, "staged", linger_ms=0)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


@dataclass(frozen=True)
class Seen:
    """Seconds until an alert fired and, after the fault was mended, cleared; None where it did not in time."""

    fault: str
    alert: str
    fired_s: float | None
    cleared_s: float | None


async def stage(house: House, fault: Fault, say: Callable[[str], None]) -> list[Seen]:
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


async def discard_everything(house: House) -> None:
    letters = [case.letter for case in (await cases(house.settings)).values() if case.settled is None]
    await discard(house.settings, letters, Order("Operator", "Sintetis: racun percobaan."), SystemClock())


def cut_times(folder: Path) -> None:
    """Let Prometheus look every two seconds and wait for seconds where it waits for minutes."""
    for file in (folder / "prometheus.yml", *(folder / "rules").glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        for long, short in _SHORTER:
            text = long.sub(short, text)
        file.write_text(text, encoding="utf-8")


def started(folder: Path, say: Callable[[str], None]) -> House:
    settings = LocalSettings()
    stack.up(folder, settings, say)
    addresses = stack.addresses(folder, settings)
    if "prometheus" not in addresses:
        raise SystemExit("This machine has no Prometheus: install it, or name its program in SPM_PROMETHEUS.")
    house = House(folder, addresses, json.loads(credentials.credentials_file(folder).read_bytes()))
    cut_times(folder / "prometheus")
    os.kill(house.pid("prometheus"), signal.SIGHUP)
    return house


async def stage_all(house: House, chosen: str, say: Callable[[str], None]) -> list[Seen]:
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
