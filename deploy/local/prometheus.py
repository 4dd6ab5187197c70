"""Prometheus with the shipped configuration and rules, where the machine has one."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.local.errors import StackError
from deploy.local.ports import LOOPBACK
from deploy.local.program import NotReadyError, Program

SHIPPED = Path(__file__).parents[1] / "prometheus"
_KEPT_FOR = "15d"
_KEPT_BYTES_MAX = "512MB"
_PROBE_TIMEOUT_S = 3


def prometheus(folder: Path, *, program: Path, port: int, scraped: Mapping[str, str]) -> Program:
    """The server that keeps its samples in ``folder`` and scrapes these, each by its ``host:port``."""
    address = f"http://{LOOPBACK}:{port}"

    def prepare() -> None:
        write_configuration(folder, scraped)

    return Program(
        name="prometheus",
        address=address,
        ready=lambda: _says_ready(address),
        command=(
            str(program),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={_KEPT_FOR}",
            f"--storage.tsdb.retention.size={_KEPT_BYTES_MAX}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ),
        folder=folder,
        prepare=prepare,
    )


def write_configuration(folder: Path, scraped: Mapping[str, str]) -> None:
    """The shipped configuration and rules as they are, beside the targets of this installation."""
    shutil.copy(SHIPPED / "prometheus.yml", folder)
    shutil.rmtree(folder / "rules", ignore_errors=True)
    shutil.copytree(SHIPPED / "rules", folder / "rules")
    targets = [{"targets": [at], "labels": {"job": f"spm-{name}"}} for name, at in scraped.items()]
    (folder / "targets").mkdir(exist_ok=True)
    (folder / "targets" / "spm.json").write_text(json.dumps(targets, indent=2) + "\n", encoding="utf-8")


def found(demanded: Path | None) -> Path | None:
    """The program that was demanded, else the one on the path; None where there is none. Raises: StackError."""
    program = shutil.which(demanded or "prometheus")
    if demanded and program is None:
        raise StackError(f"SPM_PROMETHEUS names {demanded}, which is no program. Name another, or none.")
    return Path(program) if program else None


async def _says_ready(address: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=_PROBE_TIMEOUT_S) as client:
        try:
            response = await client.get(f"{address}/-/ready")
        except httpx.HTTPError as error:
            raise NotReadyError(f"{address}/-/ready does not answer ({type(error).__name__})") from error
    if response.status_code != httpx.codes.OK:
        raise NotReadyError(f"{address}/-/ready answers {response.status_code}")
