"""deploy/compose.yaml on this machine's Docker: one report goes all the way, and nothing stays behind.

Run with ``python -m tests.images.compose``. The image is built (``--built`` takes the one that is), the file is started
with free ports, keys and volumes for this run alone; a report is judged, scored and told of by mail, operators have
their desk, Prometheus sees every service and its rules; everything is stopped and started again, and still knows the
report; then all is removed. ``--without grafana`` leaves a service out, where its image cannot be had. ``--spoiled``
breaks one thing after another and demands that the proof finds it.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from rich.console import Console

from chassis.clock import SystemClock
from cli.generate import ROOT
from contracts.topics import SUBMISSION_RECEIVED
from deploy.local.ports import LOOPBACK, free_port
from tests.engines import run_with_engines
from tests.images.docker import COMMANDS, IMAGE, STAND_IN, DockerError, build, docker
from tests.images.image import USER, secrets_in
from tests.intake.reports import KOTA, submission
from tests.running import eventually

PROJECT: Final = "spm-proof"
FILE: Final = ROOT / "deploy" / "compose.yaml"
STARTS_WITHIN_S: Final = 600
DONE_WITHIN_S: Final = 120.0
PERIOD: Final = "2026Q3"
_ORDER: Final = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sintetis: uji peti kemas."}
_LABEL: Final = f"label=com.docker.compose.project={PROJECT}"

SPOILED: Final[Mapping[str, tuple[Mapping[str, Any], str]]] = {
    "whose notify has no mail server": ({"notify": {"environment": {"SPM_SMTP": "smtp://mail:1"}}}, "no mail came"),
    "whose validation cannot reach Kafka": (
        {"validation": {"environment": {"SPM_KAFKA": "kafka:1"}}},
        "validation-1 is unhealthy",
    ),
    "whose desk cannot reach Kafka": ({"desk": {"environment": {"SPM_KAFKA": "kafka:1"}}}, "desk-1 is unhealthy"),
    "whose scoring runs as root": ({"scoring": {"user": "0:0"}}, "scoring runs as root"),
    "whose mail everybody reads": ({"mail": {"ports": ["0.0.0.0::8025"]}}, "others of the network reach"),
    "whose Prometheus looks elsewhere": (
        {"prometheus": {"volumes": ["/dev/null:/etc/prometheus/targets/services.json:ro"]}},
        "Prometheus does not see",
    ),
    "whose broker forgets": (
        {"kafka": {"environment": {"KAFKA_LOG_DIRS": "/tmp/forgotten"}}},  # noqa: S108 - in its container
        "the log is not in its volume",
    ),
}
"""What is laid over the file, and what the proof must say of it."""

console = Console(width=120)


@dataclass(frozen=True)
class Installation:
    """The file, with what is laid over it, and without what cannot be had here."""

    environment: Path
    files: Sequence[Path]
    services: Sequence[str]
    tokens: Mapping[str, str]
    ports: Mapping[str, int]

    def compose(self, *arguments: str) -> str:
        options = (
            f"--project-name={PROJECT}",
            f"--env-file={self.environment}",
            *(f"--file={one}" for one in self.files),
        )
        return docker("compose", *options, *arguments)

    def up(self) -> None:
        self.compose("up", "--no-build", "--wait", f"--wait-timeout={STARTS_WITHIN_S}", *self.services)

    async def answer(
        self, service: str, path: str, client: str = "", method: str = "GET", **what: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[client]}"} if client else {}
        address = f"http://{LOOPBACK}:{self.ports[service]}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http:
            return await http.request(method, path, headers=headers, **what)

    async def ask(self, service: str, path: str, client: str = "", **what: Any) -> Any:
        """The JSON that it answers. Raises: AssertionError for a refusal."""
        answer = await self.answer(service, path, client, **what)
        assert answer.is_success, f"{service} answers {answer.status_code} to {path}: {answer.text}"
        return answer.json()


async def doors_answer(here: Installation) -> None:
    """Every one that is published; Docker opens a port before anything listens behind it."""
    for name in sorted(here.ports.keys() & here.services):

        async def answers(name: str = name) -> bool:
            return bool(await here.answer(name, "/"))

        await in_time(answers, f"{name} does not answer at the port that is published for it")


async def desk_admits(here: Installation) -> None:
    """The operator, and nobody without a key."""
    for client, expected in (("operator", httpx.codes.OK), ("", httpx.codes.UNAUTHORIZED)):
        found = (await here.answer("desk", "/dead-letters", client)).status_code
        assert found == expected, f"the desk answers {found} to {client or 'nobody'}, expected {expected}"
    console.print("desk: shows dead letters to the operator, and to nobody else")


async def report_goes_all_the_way(here: Installation) -> str:
    """Where its status stands."""
    due = SystemClock().now() + timedelta(hours=1)
    order = _ORDER | {"due_at": due.isoformat()}
    await here.ask("intake", f"/v1/periods/{PERIOD}", method="PUT", client="secretariat", json=order)
    report = submission(KOTA, PERIOD, served=700).model_dump(mode="json")
    receipt = await here.ask("intake", "/v1/submissions", method="POST", client=f"region-{KOTA}", json=report)
    where = f"/v1/submissions/{receipt['submission_id']}"
    await in_time(lambda: scored(here, where), "the report was not judged and scored")
    console.print(f"{where}: received with a receipt, judged, scored")
    return where


async def scored(here: Installation, where: str) -> bool:
    return bool((await here.ask("intake", where, client=f"region-{KOTA}"))["status"] == "scored")


async def mail_came(here: Installation) -> None:
    async def caught() -> list[Any]:
        return list((await here.ask("mail", "/api/v1/messages"))["messages"])

    async def any_caught() -> bool:
        return bool(await caught())

    await in_time(any_caught, "no mail came")
    first = (await caught())[0]
    console.print(f"mail: {first['Subject']!r} to {first['To'][0]['Address']}")


async def prometheus_sees(here: Installation) -> None:
    wanted = {f"spm-{service}" for service in COMMANDS}

    async def all_up() -> bool:
        found = await here.ask("prometheus", "/api/v1/query", params={"query": "up == 1"})
        return wanted <= {row["metric"]["job"] for row in found["data"]["result"]}

    await in_time(all_up, "Prometheus does not see every service and the desk")
    groups = (await here.ask("prometheus", "/api/v1/rules"))["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    ill = [rule["name"] for rule in rules if rule["health"] == "err"]
    assert rules, "Prometheus has no rules"
    assert not ill, f"Prometheus cannot evaluate {ill}"
    console.print(f"Prometheus: {len(wanted)} targets up, {len(rules)} rules")


async def grafana_shows(here: Installation) -> None:
    """To who signs in as the image's own first user."""
    boards = await here.ask("grafana", "/api/search?query=SPM&type=dash-db", auth=("admin", "admin"))
    shipped = list((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
    assert len(boards) == len(shipped), f"Grafana shows {len(boards)} of {len(shipped)} dashboards"
    console.print(f"Grafana: {len(boards)} dashboards")


async def kept_over_a_restart(here: Installation, where: str) -> None:
    here.compose("down")
    here.up()
    await in_time(lambda: scored(here, where), "after a restart the report is not known")
    # The report is in the database; whether the log kept it too does not show until somebody rebuilds.
    log = here.compose("exec", "kafka", "ls", "/var/lib/kafka/data")
    assert SUBMISSION_RECEIVED.name in log, "after a restart the log is not in its volume"
    console.print("stopped and started again: nothing is forgotten")


async def in_time(holds: Callable[[], Awaitable[bool]], fault: str) -> None:
    """Raises: AssertionError with the fault."""
    last = ""

    async def held() -> bool:
        nonlocal last
        try:
            return await holds()
        except (AssertionError, httpx.TransportError) as error:
            last = f"; at the last look: {type(error).__name__} {error}"
            return False

    try:
        await eventually(held, within_s=DONE_WITHIN_S)
    except AssertionError as error:
        raise AssertionError(f"{fault} within {DONE_WITHIN_S:.0f} s{last}") from error


def no_rights(here: Installation) -> None:
    """Raises: AssertionError where a service runs as root, or others of the network reach what is published."""
    for service in COMMANDS:
        assert here.compose("exec", service, "id", "-u") != "0", f"{service} runs as root"
    everywhere = {"0.0.0.0:", "[::]:"}
    ports = docker("ps", "--filter", _LABEL, "--format", "{{.Ports}}")
    assert not any(address in ports for address in everywhere), f"others of the network reach {ports}"


def left_behind() -> list[str]:
    """Containers, networks and volumes of the project."""
    return [
        *docker("ps", "--all", "--quiet", "--filter", _LABEL).split(),
        *docker("network", "ls", "--quiet", "--filter", _LABEL).split(),
        *docker("volume", "ls", "--quiet", "--filter", _LABEL).split(),
    ]


async def proof(here: Installation) -> str:
    """What is not as it should be; empty when all is well."""
    try:
        here.up()
        no_rights(here)
        await doors_answer(here)
        await desk_admits(here)
        where = await report_goes_all_the_way(here)
        await mail_came(here)
        await prometheus_sees(here)
        if "grafana" in here.services:
            await grafana_shows(here)
        await kept_over_a_restart(here, where)
    except (AssertionError, DockerError, httpx.HTTPError) as error:
        return f"{type(error).__name__}: {error}" if isinstance(error, httpx.HTTPError) else str(error)
    finally:
        here.compose("down", "--volumes", "--timeout", "30")
    stays = left_behind()
    return f"left behind: {', '.join(stays)}" if stays else ""


async def overlooked(usual: Installation, folder: Path, named: str) -> list[str]:
    """The faults that the proof does not find, of the installations whose name has this in it."""
    missed = []
    for name, (laid_over, expected) in SPOILED.items():
        if named not in name:
            continue
        over = folder / "over.yaml"
        over.write_text(yaml.safe_dump({"services": laid_over}), encoding="utf-8")
        fault = await proof(replace(usual, files=(*usual.files, over)))
        told = next((line.strip() for line in fault.splitlines() if expected in line), "")
        console.print(f"an installation {name}: {told or 'NOT FOUND'}", markup=False)
        missed += [] if told else [f"an installation {name} was not found out; found alone: {fault or 'nothing'}"]
    return missed


@contextmanager
def installation(without: Sequence[str]) -> Iterator[Installation]:
    """With keys of its own. Who is root lets the services run as the image's user."""
    every = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    with tempfile.TemporaryDirectory(prefix="spm-compose-") as folder:
        secrets = secrets_in(Path(folder))
        user = f"{os.getuid() or USER}:{os.getgid() or USER}"
        environment = Path(folder) / "environment"
        ports = {name: free_port() for name, part in every.items() if "ports" in part}
        given = {"SECRETS": secrets, "USER": user} | {f"PORT_{name.upper()}": port for name, port in ports.items()}
        environment.write_text("".join(f"SPM_{name}={value}\n" for name, value in given.items()), encoding="utf-8")
        tokens = json.loads((secrets / "credentials.json").read_bytes())
        for name in every.keys() - set(without):
            labels = json.loads(docker("inspect", every[name]["image"]))[0]["Config"]["Labels"] or {}
            if STAND_IN in labels:
                console.print(f"{name}: a stand-in of {every[name]['image']}")
        for name in without:
            console.print(f"[yellow]{name}: NOT RUN[/yellow]")
        yield Installation(environment, (FILE,), sorted(every.keys() - set(without)), tokens, ports)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--built", action="store_true", help=f"take the image {IMAGE} that is there")
    parser.add_argument("--base", help="build it on this image, such as the official one by its digest")
    parser.add_argument("--without", action="append", default=[], help="a service to leave out; may be repeated")
    parser.add_argument(
        "--spoiled",
        nargs="?",
        const="",
        metavar="NAME",
        help="demand that the proof finds what is wrong; in one of them",
    )
    given = parser.parse_args()
    if not given.built:
        build(given.base)
    with installation(given.without) as usual, tempfile.TemporaryDirectory(prefix="spm-over-") as folder:
        spoiled = given.spoiled is not None
        found = await overlooked(usual, Path(folder), given.spoiled) if spoiled else [await proof(usual)]
    faults = [fault for fault in found if fault]
    for fault in faults:
        console.print(f"[red]NOT PROVEN:[/red] {fault}")
    if not faults:
        well = "the whole system runs from the file, keeps what it has, leaves nothing"
        console.print(f"[green]COMPOSE: {'each of these faults is found' if spoiled else well}[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run_with_engines(main()))  # SIGTERM too takes everything down
