"""What the local stack consists of, in the order in which it is started."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local import credentials
from deploy.local.kafka import kafka
from deploy.local.mongod import mongod
from deploy.local.ports import LOOPBACK
from deploy.local.program import NotReadyError, Part, Program, connects, reachable
from deploy.local.prometheus import prometheus
from deploy.local.settings import LocalSettings

SERVICES = ("intake", "validation", "scoring", "notify")
USUAL_PORTS = {
    "kafka": 9092,
    "kafka_controller": 9093,
    "mongo": 27017,
    "smtp": 8025,
    "intake": 8080,
    "validation": 8081,
    "scoring": 8082,
    "notify": 8083,
    "desk": 8084,
    "prometheus": 9090,
}
_PROBE_TIMEOUT_S = 3
_ENGINES = ("KAFKA", "MONGO", "SMTP")
_PAGE_NOTICE = (
    "Instalasi peragaan di satu mesin; angkanya dapat sintetis."
    " / A demonstration on one machine; its figures may be synthetic."
)
_SERVICE_STOPS_WITHIN_S = 25  # longer than SPM_STOP_WAIT_S, the time a batch in hand is given


@dataclass(frozen=True)
class Plan:
    """Engines are ready before the services start, and stop after them; who watches comes last."""

    engines: tuple[Part, ...]
    services: tuple[Program, ...]
    watchers: tuple[Program, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.engines, *self.services, *self.watchers)

    @property
    def groups(self) -> dict[str, list[Program]]:
        """What is started here, without the parts that run elsewhere."""
        return {
            "engines": [engine for engine in self.engines if isinstance(engine, Program)],
            "services": list(self.services),
            "watchers": list(self.watchers),
        }

    @property
    def programs(self) -> list[Program]:
        return [program for group in self.groups.values() for program in group]


def planned(folder: Path, settings: LocalSettings, ports: Mapping[str, int], progress: Callable[[str], None]) -> Plan:
    """Every engine that the settings do not place elsewhere, the services, the desk, and Prometheus where one is named.

    Raises: StackError.
    """
    ports = USUAL_PORTS | dict(ports)  # a stack that an older version started remembers fewer
    engines = (
        _kafka_elsewhere(settings.kafka)
        if settings.kafka
        else kafka(
            folder / "kafka",
            port=ports["kafka"],
            controller_port=ports["kafka_controller"],
            cache=settings.cache_folder,
            progress=progress,
        ),
        _mongo_elsewhere(settings.mongo) if settings.mongo else mongod(folder / "mongodb", port=ports["mongo"]),
        _smtp_elsewhere(settings.smtp) if settings.smtp else _mail_catcher(folder, ports["smtp"]),
    )
    addresses = {f"SPM_{name}": engine.address for name, engine in zip(_ENGINES, engines, strict=True)}
    services = tuple(_service(folder, name, ports, addresses) for name in SERVICES)
    desk = _desk(folder, ports, addresses["SPM_KAFKA"])
    return Plan(engines, services, (desk, *_prometheus(folder, settings.prometheus, ports)))


def _prometheus(folder: Path, program: Path | None, ports: Mapping[str, int]) -> tuple[Program, ...]:
    if program is None:
        return ()
    scraped = {name: f"{LOOPBACK}:{ports[name]}" for name in (*SERVICES, "desk")}
    return (prometheus(folder / "prometheus", program=program, port=ports["prometheus"], scraped=scraped),)


def _desk(folder: Path, ports: Mapping[str, int], kafka_address: str) -> Program:
    address = f"http://{LOOPBACK}:{ports['desk']}"
    return Program(
        name="desk",
        address=address,
        ready=lambda: _says_ready(address),
        command=(sys.executable, "-m", "cli", "desk", "--port", str(ports["desk"])),
        folder=folder,
        environment={
            "SPM_KAFKA": kafka_address,
            "SPM_API_KEYS": str(credentials.keys_file(folder)),
            "SPM_INTAKE_URL": f"http://{LOOPBACK}:{ports['intake']}",
            "SPM_PAGE_NOTICE": _PAGE_NOTICE,
            "PYTHONUNBUFFERED": "1",
        },
        stop_within_s=_SERVICE_STOPS_WITHIN_S,
    )


def _service(folder: Path, name: str, ports: Mapping[str, int], engines: Mapping[str, str]) -> Program:
    address = f"http://{LOOPBACK}:{ports[name]}"
    environment = {
        **engines,
        "SPM_HTTP_HOST": LOOPBACK,
        "SPM_HTTP_PORT": str(ports[name]),
        "SPM_API_KEYS": str(credentials.keys_file(folder)),
        "SPM_REPLICA": "1",
        "SPM_PUBLIC_URL": f"http://{LOOPBACK}:{ports['notify']}",
        "SPM_INTAKE_URL": f"http://{LOOPBACK}:{ports['intake']}",
        "SPM_RULES_URL": f"http://{LOOPBACK}:{ports['validation']}/rules",
        "PYTHONUNBUFFERED": "1",
    }
    recipients = folder / "recipients.json"
    if name == "notify" and recipients.exists():
        environment["SPM_RECIPIENTS"] = str(recipients)
    if name == "notify":
        environment["SPM_WEBHOOK_SECRET"] = str(credentials.webhook_secret_file(folder))
    if name == "intake":
        environment["SPM_RECEIPT_KEYS"] = str(credentials.receipt_keys_file(folder))
    if name in {"intake", "scoring"}:
        environment["SPM_PAGE_NOTICE"] = _PAGE_NOTICE
    return Program(
        name=name,
        address=address,
        ready=lambda: _says_ready(address),
        command=(sys.executable, "-m", f"services.{name}"),
        folder=folder,
        environment=environment,
        stop_within_s=_SERVICE_STOPS_WITHIN_S,
    )


async def _says_ready(address: str) -> None:
    # A proxy for the way out must not be asked for an address of this machine.
    async with httpx.AsyncClient(trust_env=False, timeout=_PROBE_TIMEOUT_S) as client:
        try:
            response = await client.get(f"{address}/ready")
        except httpx.HTTPError as error:
            raise NotReadyError(f"{address}/ready does not answer ({type(error).__name__})") from error
    if response.status_code != httpx.codes.OK:
        raise NotReadyError(f"{address}/ready answers {response.status_code}")


def _mail_catcher(folder: Path, port: int) -> Program:
    return Program(
        name="mail",
        address=f"smtp://{LOOPBACK}:{port}",
        ready=lambda: connects(f"{LOOPBACK}:{port}"),
        command=(
            *(sys.executable, "-m", "deploy.local.mail_catcher"),
            *("--port", str(port), "--folder", str(mail_folder(folder))),
        ),
        folder=folder,
        environment={"PYTHONUNBUFFERED": "1"},
    )


def mail_folder(folder: Path) -> Path:
    return folder / "mail"


def _kafka_elsewhere(hosts: str) -> Part:
    return Part("kafka", hosts, ready=lambda: reachable(hosts))


def _smtp_elsewhere(url: str) -> Part:
    parts = urlsplit(url)
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    return Part("mail", url, ready=lambda: connects(f"{parts.hostname}:{port}"))


def _mongo_elsewhere(uri: str) -> Part:
    async def ready() -> None:
        try:
            async with AsyncMongoClient[dict[str, Any]](uri, timeoutMS=_PROBE_TIMEOUT_S * 1000) as client:
                await client.admin.command("ping")
        except PyMongoError as error:
            raise NotReadyError(f"MongoDB does not answer ({type(error).__name__})") from error

    return Part("mongodb", uri, ready)
