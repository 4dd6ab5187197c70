"""A whole installation on which faults are staged, with a real Prometheus that watches it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from chassis.clock import SystemClock
from chassis.kafka import Publisher
from chassis.settings import Settings
from contracts.submission import Submission
from deploy.local import credentials, stack
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.program import NotReadyError, Program
from deploy.local.settings import LocalSettings
from deploy.local.supervision import Supervisor
from regulation.loading import load_law
from tests.intake.reports import submission
from tests.processes import ROOT, Door, started
from tests.running import meanwhile

PERIOD: Final = "2026Q3"
REGIONS: Final = tuple(region.code for region in load_law().regions.reporting())[:24]
"""Enough that every partition has some."""
REPORT_EVERY_S: Final = 0.5
ANSWER_S: Final = 10.0


@dataclass(frozen=True)
class House:
    folder: Path
    addresses: Mapping[str, str]
    tokens: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path) -> "House":
        """Of the stack that was started in the folder."""
        tokens = json.loads(credentials.credentials_file(folder).read_bytes())
        return cls(folder, stack.addresses(folder, LocalSettings()), tokens)

    @property
    def settings(self) -> Settings:
        return Settings(kafka=self.addresses["kafka"], mongo=self.addresses["mongodb"])

    def pid(self, name: str) -> int:
        pid = Supervisor(self.folder).states()[name].pid
        if pid is None:
            raise SystemExit(f"{name} does not run")
        return pid

    async def ask(self, client: str, method: str, path: str, **what: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[client]}"}
        async with httpx.AsyncClient(
            base_url=self.addresses["intake"], trust_env=False, timeout=ANSWER_S, headers=headers
        ) as intake:
            return await intake.request(method, path, **what)

    async def call(self, client: str, method: str, path: str, **what: Any) -> None:
        answer = await self.ask(client, method, path, **what)
        if not answer.is_success:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")

    async def hand_in(self, report: Submission) -> None:
        await self.call("importer", "POST", "/v1/submissions", json=report.model_dump(mode="json"))

    async def set_due(self, due: datetime) -> None:
        order = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sintetis: malam tenggat."}
        await self.call("secretariat", "PUT", f"/v1/periods/{PERIOD}", json=order | {"due_at": due.isoformat()})

    async def nothing_due(self) -> None:
        await self.set_due(SystemClock().now() + timedelta(days=30))

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

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[Publisher]:
        publisher = Publisher(self.settings, "staged", linger_ms=0)
        await publisher.start()
        try:
            yield publisher
        finally:
            await publisher.stop()

    @asynccontextmanager
    async def reports(self) -> AsyncIterator[None]:
        """They keep coming meanwhile, from one region after the other, whatever is answered."""

        async def come() -> None:
            number = 0
            while True:
                report = submission(REGIONS[number % len(REGIONS)], PERIOD, served=500 + number)
                with suppress(httpx.HTTPError):
                    await self.ask("importer", "POST", "/v1/submissions", json=report.model_dump(mode="json"))
                await asyncio.sleep(REPORT_EVERY_S)
                number += 1

        async with meanwhile(come()):
            yield

    def replica(self, what: str) -> Door:
        """A second validation, not started yet: as ``staged_replica`` makes it."""
        port = free_port()
        given = {**stack.environment_of("validation", self.folder, LocalSettings())}
        given |= {"SPM_HTTP_PORT": f"{port}", "SPM_REPLICA": "2", "PYTHONPATH": f"{ROOT}"}
        address = f"http://{LOOPBACK}:{port}"

        async def ready() -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_S) as client:
                try:
                    (await client.get(f"{address}/metrics")).raise_for_status()
                except httpx.HTTPError as error:
                    raise NotReadyError(type(error).__name__) from error

        words = [f"{name}={value}" for name, value in given.items()]
        command = ("env", *words, sys.executable, "-m", "tests.faults.staged_replica", what)
        return Door(Program("replica", address, ready, command, self.folder / "replica"))

    @asynccontextmanager
    async def beside(self, what: str) -> AsyncIterator[None]:
        """The second validation runs, and Prometheus knows of it."""
        targets = self.folder / "prometheus" / "targets" / "staged.json"
        async with started(self.replica(what)) as door:
            target = {"targets": [door.address.removeprefix("http://")], "labels": {"job": "spm-validation"}}
            targets.write_text(json.dumps([target]), encoding="utf-8")
            try:
                yield
            finally:
                targets.unlink()
