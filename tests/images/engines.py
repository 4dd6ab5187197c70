"""Tests on the engines that Testcontainers starts from the images, on this machine's Docker.

Run with ``python -m tests.images.engines``. Some tests of the suite, which need a Kafka and a MongoDB, must pass in
containers of both images, and no container may stay behind. ``--spoiled`` breaks one thing after another and demands
that the proof finds it.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from testcontainers.core.config import testcontainers_config

from chassis.clock import unix_s
from cli.generate import ROOT
from tests.containers import KAFKA_IMAGE, MONGO_IMAGE
from tests.images.docker import STAND_IN, DockerError, docker, has_image

TESTS: Final = ("tests/chassis/test_service.py", "tests/cli/test_desk.py")
LIMIT_S: Final = 600
_CONTAINERS: Final = "SPM_TEST_ENGINES=containers"
_SPOILED: Final = "spm-spoiled/"
_IN_PLACE: Final = (_CONTAINERS, f"TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX={_SPOILED}")
_ENDS: Final = 'ENTRYPOINT ["false"]'

SPOILED: Final[Mapping[str, tuple[Sequence[str], Mapping[str, str], str]]] = {
    "without a Docker": ((_CONTAINERS, "DOCKER_HOST=unix:///nowhere"), {}, "no Docker daemon answers"),
    "on this machine's own engines": (("SPM_TEST_ENGINES=local",), {}, f"no container of {KAFKA_IMAGE}"),
    "whose broker ends": (_IN_PLACE, {KAFKA_IMAGE: _ENDS, MONGO_IMAGE: ""}, f"{KAFKA_IMAGE} ended while it started"),
    "whose database ends": (_IN_PLACE, {KAFKA_IMAGE: "", MONGO_IMAGE: _ENDS}, f"{MONGO_IMAGE} ended while it started"),
}
"""What the tests are given, what is changed in copies of the images, and what the proof must say of it."""

console = Console(width=120)


def proof(given: Sequence[str]) -> str:
    """What is not as it should be; empty when all is well. ``given`` comes into the environment of the tests."""
    before, since = ours(), unix_s()
    alone = () if has_image(testcontainers_config.ryuk_image) else ("TESTCONTAINERS_RYUK_DISABLED=true",)
    pytest = (sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "--show-capture=no", "--color=no", *TESTS)
    try:
        done = subprocess.run(
            ("env", *alone, *given, *pytest), cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return f"the tests did not end within {LIMIT_S} s"
    if done.returncode:
        return f"the tests fail:\n{done.stdout}{done.stderr}"
    started = started_since(since)
    missing = [image for image in (KAFKA_IMAGE, MONGO_IMAGE) if image not in started]
    if missing:
        return f"no container of {' or '.join(missing)} was started"
    console.print(f"{done.stdout.strip().splitlines()[-1]}, in containers of {' and '.join(sorted(started))}")
    stay = ours() - before
    return f"left behind: {', '.join(stay)}" if stay else ""


def started_since(moment_s: float) -> set[str]:
    """The images of the containers that were started since."""
    events = ("events", f"--since={moment_s}", f"--until={unix_s()}", "--filter=type=container", "--filter=event=start")
    return set(docker(*events, "--format={{.Actor.Attributes.image}}").split())


def ours() -> set[str]:
    """Containers that Testcontainers made."""
    return set(docker("ps", "--all", "--quiet", "--filter=label=org.testcontainers=true").split())


def overlooked() -> list[str]:
    missed = []
    for name, (given, copies, expected) in SPOILED.items():
        try:
            for image, instruction in copies.items():
                docker("build", "--tag", _SPOILED + image, "-", given=f"FROM {image}\n{instruction}\n")
            fault = proof(given)
        finally:
            for image in copies:
                docker("rmi", "--force", _SPOILED + image)
        told = [line.removeprefix("E").strip() for line in fault.splitlines() if expected in line]
        console.print(f"tests {name}: {told[0] if told else 'NOT FOUND'}", markup=False)
        missed += [] if told else [f"tests {name} were not found out; found alone: {fault or 'nothing'}"]
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spoiled", action="store_true", help="demand that the proof finds what is wrong")
    given = parser.parse_args()
    try:
        for image in (KAFKA_IMAGE, MONGO_IMAGE):
            if docker("image", "inspect", "--format", f'{{{{index .Config.Labels "{STAND_IN}"}}}}', image) == "true":
                console.print(f"a stand-in of {image}")
        faults = overlooked() if given.spoiled else [fault] if (fault := proof((_CONTAINERS,))) else []
    except DockerError as error:
        faults = [str(error)]
    for fault in faults:
        console.print(f"[red]NOT PROVEN:[/red] {fault}")
    if not faults:
        well = "each of these faults is found" if given.spoiled else "the tests pass in containers, nothing is left"
        console.print(f"[green]ENGINES: {well}[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
