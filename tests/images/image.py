"""What is in the image, as whom it runs, and how each service and the desk live and end in it, on this Docker.

Run with ``python -m tests.images.image``. It builds deploy/Dockerfile, starts a Kafka and a MongoDB for this run alone,
and each service from the image: on a read-only root, without capabilities. ``--image`` looks at one that is built.
``--spoiled`` makes images of it that each have one fault, and demands that the proof finds it in each.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console

from chassis.clock import monotonic_s
from chassis.settings import Settings
from cli.generate import ROOT
from deploy.local import credentials
from deploy.local.ports import LOOPBACK, free_port
from tests.engines import private_engines, run_with_engines
from tests.images.docker import COMMANDS, STAND_IN, DockerError, build, docker

USER: Final = 10_001
HEALTHY_WITHIN_S: Final = 240.0
GRACE_S: Final = 30
LOOK_EVERY_S: Final = 1.0
LABELS: Final = ("title", "licenses", "revision")
_IN_PROOF: Final = "spm-awards-proof"
_CAPABILITIES: Final = re.compile(r"^CapEff:\s*0*$", re.MULTILINE)
_NO_NEW_PRIVILEGES: Final = re.compile(r"^NoNewPrivs:\s*1$", re.MULTILINE)

console = Console(width=120)


def _as_root(command: str) -> str:
    return f"USER root\nRUN {command}\nUSER {USER}:{USER}"


SPOILED: Final[Mapping[str, tuple[str, str]]] = {
    "runs as root": ("USER root", "runs as root"),
    "has a compiler": (_as_root("ln -s /bin/true /usr/local/bin/cc"), "compilers: "),
    "has the history of the source": (_as_root("mkdir -p /src/.git"), "histories: /src/.git"),
    "has a key": (
        "USER root\nRUN touch /opt/spm/receipt-keys.json\nUSER 10001:10001",
        "secrets: /opt/spm/receipt-keys",
    ),
    "lets its programs be changed": (
        "USER root\nRUN chmod o+w /opt/spm/bin\nUSER 10001:10001",
        "writable: /opt/spm/bin",
    ),
    "has no bill of materials": (_as_root("rm /opt/spm/requirements.txt"), "bill of materials"),
    "has no revision": ('LABEL org.opencontainers.image.revision=""', "label revision"),
    "is never looked at": ("HEALTHCHECK NONE", "is not healthy"),
    "is killed without a word": ("STOPSIGNAL SIGKILL", "ended with 137"),
}
"""Images with one fault: how it is made, and what the proof must say."""


def image_faults(image: str) -> list[str]:
    """What lies in the image that must not, or lacks."""
    config = json.loads(docker("inspect", image))[0]["Config"]
    labels = config["Labels"] or {}
    faults = [f"label {name} is empty" for name in LABELS if not labels.get(f"org.opencontainers.image.{name}")]
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"]):
        faults.append(f"runs as {config['User'] or 'root'}, expected a uid:gid in figures, which a cluster can check")
    text = (Path(__file__).parent / "inside.py").read_text(encoding="utf-8")
    inside = json.loads(docker("run", "--rm", "--interactive", "--network", "none", image, "python", "-", given=text))
    unwanted = ("compilers", "histories", "secrets", "tests", "missing", "writable")
    faults += [f"{what}: {', '.join(inside[what][:3])}" for what in unwanted if inside[what]]
    return faults + bill_faults(inside["bill"])


def bill_faults(bill: Sequence[str]) -> list[str]:
    """How the image's bill of materials differs from the lock of what is tested."""
    lock = (ROOT / "deploy" / "requirements.lock").read_text(encoding="utf-8")
    locked = {_normal(line) for line in re.findall(r"^\S+==[^\s;]+", lock, re.MULTILINE)}
    told = {_normal(line) for line in bill}
    differ = sorted(told - locked) + sorted(f"no {one}" for one in locked - told)
    return [f"bill of materials and lock differ: {', '.join(differ[:3])}"] if differ else []


def _normal(requirement: str) -> str:
    return requirement.lower().replace("_", "-").replace(".", "-")


@dataclass(frozen=True)
class Running:
    """A service, or the desk, that runs from the image in a container of its own."""

    service: str
    port: int

    @property
    def name(self) -> str:
        return f"spm-proof-{os.getpid()}-{self.service}"

    def start(self, image: str, settings: Mapping[str, str], secrets: Path) -> None:
        given = [f"--env=SPM_{name}={value}" for name, value in settings.items()]
        limits = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges:true")
        options = ("--detach", "--network=host", "--health-interval=2s", f"--name={self.name}", *limits, *given)
        mounted = f"--volume={secrets}:/run/secrets:ro"
        docker("run", *options, f"--env=SPM_HTTP_PORT={self.port}", mounted, image, *COMMANDS[self.service])

    async def faults(self) -> list[str]:
        health = await self._health()
        if health != "healthy":
            return [f"is not healthy but {health or 'never looked at'}; its log ends:\n{self._log()}"]
        status = docker("exec", self.name, "cat", "/proc/1/status")
        uid = docker("exec", self.name, "id", "-u")
        held = {
            f"runs as uid {uid}, expected {USER}": uid == str(USER),
            "can write to its root": not self._can_write(),
            "has capabilities": bool(_CAPABILITIES.search(status)),
            "may gain rights": bool(_NO_NEW_PRIVILEGES.search(status)),
        }
        answers = [await self._asked(at) for at in ("live", "ready")]
        return [fault for fault, holds in held.items() if not holds] + answers

    async def _health(self) -> str:
        """As Docker sees it by the image's own check; the last it said when time was up."""
        started = monotonic_s()
        while True:
            state = json.loads(docker("inspect", self.name))[0]["State"]
            health = str(state.get("Health", {}).get("Status", ""))
            late = monotonic_s() - started > HEALTHY_WITHIN_S
            if health in {"", "healthy", "unhealthy"} or not state["Running"] or late:
                return health
            await asyncio.sleep(LOOK_EVERY_S)

    async def _asked(self, at: str) -> str:
        """Empty where it answers well."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.get(f"http://{LOOPBACK}:{self.port}/{at}")
        return "" if answer.is_success else f"/{at} answers {answer.status_code}"

    def _can_write(self) -> bool:
        try:
            docker("exec", self.name, "sh", "-c", ": > /opt/spm/written || : > /written")
        except DockerError:
            return False
        return True

    def stopped(self) -> tuple[float, list[str]]:
        """After how many seconds, and what was not in order."""
        started = monotonic_s()
        docker("stop", f"--time={GRACE_S}", self.name)
        took_s, code = monotonic_s() - started, json.loads(docker("inspect", self.name))[0]["State"]["ExitCode"]
        return took_s, [] if code == 0 else [f"ended with {code} when it was told to stop"]

    def remove(self) -> None:
        docker("rm", "--force", self.name)

    def _log(self) -> str:
        return docker("logs", "--tail=5", self.name)


async def service_faults(image: str, services: Sequence[str], settings: Mapping[str, str], secrets: Path) -> list[str]:
    """How services behave that run from the image, all at once; each with its name."""
    running = [Running(service, free_port()) for service in services]
    faults = []
    try:
        for one in running:
            one.start(image, settings, secrets)
        for one in running:
            found = [fault for fault in await one.faults() if fault]
            took_s, ended = one.stopped()
            faults += [f"{one.service} {fault}" for fault in found + ended]
            if not found + ended:
                console.print(f"{one.service}: healthy, uid {USER}, root read-only, no rights, ended in {took_s:.1f} s")
    finally:
        for one in running:
            one.remove()
    return faults


async def proof(image: str, services: Sequence[str], settings: Mapping[str, str], secrets: Path) -> list[str]:
    return image_faults(image) + await service_faults(image, services, settings, secrets)


async def overlooked(image: str, settings: Mapping[str, str], secrets: Path) -> list[str]:
    """The faults of spoiled images that the proof does not find."""
    missed = []
    for name, (spoiling, expected) in SPOILED.items():
        docker("build", "--tag", _IN_PROOF, "-", given=f"FROM {image}\n{spoiling}\n")
        try:
            found = await proof(_IN_PROOF, ["intake"], settings, secrets)
        finally:
            docker("rmi", "--force", _IN_PROOF)
        seen = [fault for fault in found if expected in fault]
        console.print(f"an image that {name}: {seen[0].splitlines()[0] if seen else '[red]NOT FOUND[/red]'}")
        missed += [] if seen else [f"an image that {name} passes; found alone: {found}"]
    return missed


def secrets_in(folder: Path) -> Path:
    """Keys that the image's user can read, in a folder that nobody else of this machine enters."""
    made = folder / "secrets"
    made.mkdir()
    credentials.issue_once(made)
    for file in made.iterdir():
        file.chmod(0o644)
    made.chmod(0o755)
    return made


def base_of(image: str) -> str:
    """Says so when the image stands on a stand-in of its base."""
    labels: dict[str, Any] = json.loads(docker("inspect", image))[0]["Config"]["Labels"] or {}
    return f"{image} (on a stand-in of its base)" if STAND_IN in labels else image


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", help="look at this one; else the one that is built now")
    parser.add_argument("--base", help="build it on this image, such as the official one by its digest")
    parser.add_argument("--spoiled", action="store_true", help="demand that the proof finds what is wrong")
    given = parser.parse_args()
    image = given.image or build(given.base)
    console.print(base_of(image))
    async with AsyncExitStack() as stopping:
        folder = Path(stopping.enter_context(tempfile.TemporaryDirectory(prefix="spm-image-")))
        engines = await stopping.enter_async_context(private_engines(folder))
        kafka, mongod = await engines.kafka(), await engines.mongod()
        settings = {
            "KAFKA": kafka.address,
            "MONGO": mongod.address,
            "HTTP_HOST": LOOPBACK,
            "STOP_WAIT_S": str(Settings().stop_wait_s),
            "API_KEYS": "/run/secrets/keys.json",
            "RECEIPT_KEYS": "/run/secrets/receipt-keys.json",
            "WEBHOOK_SECRET": "/run/secrets/webhook-secret.json",
        }
        secrets = secrets_in(folder)
        faults = await (
            overlooked(image, settings, secrets) if given.spoiled else proof(image, list(COMMANDS), settings, secrets)
        )
    for fault in faults:
        console.print(f"[red]NOT PROVEN:[/red] {fault}")
    if not faults:
        well = "nothing in it that does not belong there, and every service and the desk run from it"
        console.print(f"[green]IMAGE: {'each of these faults is found' if given.spoiled else well}[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run_with_engines(main()))
