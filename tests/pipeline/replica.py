"""One replica of a service as a process of its own, which may be stopped or killed."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from chassis.settings import Settings
from deploy.local.ports import LOOPBACK, free_port
from tests.running import eventually

READY_WITHIN_S = 60.0
ENDS_WITHIN_S = 40.0
_GIVEN = ("kafka", "kafka_prefix", "mongo", "mongo_prefix", "batch_records")


class Replica:
    def __init__(self, service: str, name: str, settings: Settings) -> None:
        self._service = service
        self._port = free_port()
        self._environment = {f"SPM_{key.upper()}": str(getattr(settings, key)) for key in _GIVEN} | {
            "SPM_HTTP_PORT": str(self._port),
            "SPM_REPLICA": name,
        }
        self._process: Process | None = None

    async def start(self, log: Path) -> None:
        with log.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                *("env", *(f"{name}={value}" for name, value in self._environment.items())),
                *(sys.executable, "-m", f"services.{self._service}"),
                stdout=out,
                stderr=out,
            )
        await eventually(self._is_ready, within_s=READY_WITHIN_S)

    async def end(self, number: signal.Signals) -> None:
        """Send the signal and wait for the end."""
        process = self._process
        if process is not None and process.returncode is None:
            process.send_signal(number)
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)

    async def count(self, metric: str) -> float:
        """The sum of a counter over its labels."""
        text = (await self._get("/metrics")).text
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(sample.value for sample in samples if sample.name == metric)

    async def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, f"{self._service} ended with {self._process.returncode}"
        try:
            return (await self._get("/ready")).is_success
        except httpx.TransportError:
            return False

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            return await client.get(f"http://{LOOPBACK}:{self._port}{path}")


@asynccontextmanager
async def replicas(
    settings: Settings, folder: Path, wanted: Mapping[str, int]
) -> AsyncIterator[dict[str, list[Replica]]]:
    """So many replicas of each service, all ready; ended at last."""
    made = {
        service: [Replica(service, str(n), settings) for n in range(1, count + 1)] for service, count in wanted.items()
    }
    every = [(service, replica) for service, several in made.items() for replica in several]
    try:
        await asyncio.gather(*(replica.start(folder / f"{service}.log") for service, replica in every))
        yield made
    finally:
        await asyncio.gather(*(replica.end(signal.SIGKILL) for _, replica in every))
