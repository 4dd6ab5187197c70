"""Apache Kafka's jars, fetched once from Maven's central repository into the cache.

``kafka-jars.sha256`` names every jar by its path in a Maven repository, with the sum it must have. To move to
another release, change ``KAFKA`` and write the list anew: ``python -m deploy.local.kafka_jars``.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jgo.env import EnvironmentBuilder
from jgo.maven import MavenContext

from deploy.local.errors import StackError
from deploy.local.lock import only_one

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
# The broker's own dependencies lack the binding by which it logs. It is fetched beside them: asked for in one
# endpoint with Kafka, log4j's dependency management would win and choose an older kafka-clients.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"
LIST = Path(__file__).with_name("kafka-jars.sha256")

_TRIES = 3
_TIMEOUT_S = 30

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Jar:
    """One line of the list."""

    path: PurePosixPath
    sha256: str

    @property
    def coordinate(self) -> tuple[str, str, str]:
        """Group, artifact and version, as Maven lays them out in a path."""
        *group, artifact, version, _ = self.path.parts
        return ".".join(group), artifact, version


def listed_jars(text: str) -> list[Jar]:
    return [Jar(PurePosixPath(path), sha256) for sha256, path in map(str.split, text.splitlines())]


def sha256_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def refuse_what_differs(file: Path, jar: Jar, *, remedy: str) -> None:
    found = sha256_of(file)
    if found != jar.sha256:
        raise StackError(
            f"{file} is not the jar that {LIST.name} lists: expected sha256 {jar.sha256}, found {found}. {remedy}"
        )


def folder_in(cache: Path) -> Path:
    return cache / ("kafka-" + KAFKA.rsplit(":", 1)[1])


def fetch(cache: Path, progress: Progress) -> None:
    """Let the folder hold exactly the listed jars, each verified; what is missing is fetched.

    Raises: StackError when a jar cannot be fetched or is not the one that was listed.
    """
    folder = folder_in(cache)
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder / "lock"):
        missing = missing_jars(folder, listed_jars(LIST.read_text(encoding="ascii")))
        if missing:
            _fetch(missing, folder, progress)


def missing_jars(folder: Path, jars: list[Jar]) -> list[Jar]:
    """Which of the listed jars the folder lacks.

    Raises: StackError when a jar in the folder is not the listed one, or is not listed at all.
    """
    listed = {jar.path.name: jar for jar in jars}
    for file in sorted(folder.glob("*.jar")):
        if file.name not in listed:
            raise StackError(f"{file} is not one of the jars that {LIST.name} lists. Delete it.")
        refuse_what_differs(file, listed.pop(file.name), remedy="Delete this file; the next start fetches it again.")
    return list(listed.values())


def _fetch(missing: list[Jar], folder: Path, progress: Progress) -> None:
    # A broken download must never be taken for a jar: jars arrive in a folder of their own, made anew each
    # time, and are moved to their place only when their sum is right.
    incoming = folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    maven = MavenContext(repo_cache=incoming, timeout=_TIMEOUT_S)
    for number, jar in enumerate(missing, start=1):
        progress(f"fetching Apache Kafka: jar {number} of {len(missing)}, {jar.path.name}")
        file = _download(maven, jar)
        refuse_what_differs(
            file,
            jar,
            remedy="It was not kept. Try again; if it stays so, something between this machine and Maven's"
            " central repository changes files.",
        )
        file.replace(folder / jar.path.name)
    shutil.rmtree(incoming)


def _download(maven: MavenContext, jar: Jar) -> Path:
    group, artifact, version = jar.coordinate
    wanted = maven.project(group, artifact).at_version(version).artifact()
    for attempt in range(1, _TRIES + 1):
        try:
            return wanted.resolve()
        except (OSError, RuntimeError) as error:
            if attempt == _TRIES:
                raise StackError(
                    f"{jar.path.name} could not be fetched from Maven's central repository in {_TRIES} tries"
                    f" ({type(error).__name__}). Check this machine's way to the internet (HTTPS_PROXY, and"
                    " REQUESTS_CA_BUNDLE where a proxy has its own certificate), or give the address of a running"
                    " Kafka in SPM_KAFKA."
                ) from error
            (maven.repo_cache / jar.path).unlink(missing_ok=True)  # jgo would take a broken file for the jar
            time.sleep(attempt)
    raise AssertionError


def write_list() -> None:
    """Resolve Kafka and its dependencies and write the list of their sums."""
    group, artifact, version = LOG_BINDING.split(":")
    with tempfile.TemporaryDirectory() as scratch:
        repository = Path(scratch, "repository")
        maven = MavenContext(repo_cache=repository, timeout=_TIMEOUT_S)
        EnvironmentBuilder(context=maven, cache_dir=Path(scratch, "environment")).from_endpoint(KAFKA)
        maven.project(group, artifact).at_version(version).artifact().resolve()
        jars = sorted(repository.rglob("*.jar"), key=os.fspath)
        lines = [f"{sha256_of(jar)}  {jar.relative_to(repository).as_posix()}\n" for jar in jars]
    LIST.write_text("".join(lines), encoding="ascii")
    print(f"{LIST}: {len(lines)} jars")


if __name__ == "__main__":
    write_list()
