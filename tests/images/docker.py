"""Docker's own command, as an operator gives it."""

import subprocess
from typing import Final

from chassis.rights import DESK, SERVICES
from cli.generate import ROOT

IMAGE: Final = "spm-awards"
COMMANDS: Final = {service: ["python", "-m", f"services.{service}"] for service in SERVICES} | {DESK: ["spm", "desk"]}
"""What runs from the image, and how each is started."""
STAND_IN: Final = "spm-awards.stand-in"
"""The label of an image that has another's name, and of what is built on it."""
_PATIENCE_S: Final = 1_800
_LINES_TOLD: Final = 12


class DockerError(Exception):
    """What Docker said when it refused."""


def docker(*arguments: str, given: str | None = None) -> str:
    """What it printed; ``given`` is read by it. Raises: DockerError."""
    try:
        done = subprocess.run(
            ("docker", *arguments),
            input=given,
            text=True,
            capture_output=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except FileNotFoundError as error:
        raise DockerError("No docker is on the path. Install Docker Engine 20.10 or newer.") from error
    except subprocess.TimeoutExpired as error:
        raise DockerError(f"docker {' '.join(arguments[:3])} … did not end within {_PATIENCE_S} s") from error
    if done.returncode:
        told = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_LINES_TOLD:])
        raise DockerError(f"docker {' '.join(arguments[:3])} … ended with {done.returncode}:\n{told}")
    return done.stdout.strip()


def has_image(name: str) -> bool:
    return bool(docker("images", "--quiet", name))


def build(base: str | None) -> str:
    """The image's name, built from the tree as it is; on ``base``, else on the one that the file names."""
    revision = subprocess.run(("git", "rev-parse", "HEAD"), cwd=ROOT, capture_output=True, check=True, timeout=60)
    arguments = [f"--build-arg=REVISION={revision.stdout.decode().strip()}", f"--file={ROOT / 'deploy' / 'Dockerfile'}"]
    if base:
        arguments.append(f"--build-arg=BASE={base}")
    # On the host's network: a mirror of packages on this machine is reached too.
    docker("build", "--network=host", *arguments, f"--tag={IMAGE}", str(ROOT))
    return IMAGE
