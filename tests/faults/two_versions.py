"""An earlier version runs beside the present one, on the same topics and databases, and is rolled back to.

Run with ``python -m tests.faults.two_versions [REV]``. ``REV`` is a commit or tag, by default the newest tag or, before
there is one, {BEFORE_TAGS}; its code is checked out beside this one and runs in the same environment, so what its lock
pins must be pinned here too. Kafka, MongoDB, a mail catcher and the services are started for this run alone; the
reports are synthetic.

While regions hand in: every service in the earlier version; beside each replica one of the present version; the rest
upgraded; one replica of each rolled back. At the end every report has one verdict, as planned, a scorecard where it was
accepted, and each notice one end and one mail; nothing was put aside; and each database is what the present version
alone makes of the log, document by document. A difference is told with its collection.

The schemas that a version has released are compared in the gate (``tests/contracts``): the present version reads all
that an earlier one wrote. This run adds the other direction, an earlier reader of what the present version writes, and
the databases, which both write. What the load does not happen to write is told from the schemas before the run: it is
no fault where the readers are upgraded first (docs/operations.md, Upgrade).
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from contracts.topics import TOPICS
from tests.contracts.compatibility import breaking_changes
from tests.engines import run_with_engines
from tests.faults.harness import SERVICES
from tests.faults.pairs import Pairs, Version, console, pairs
from tests.processes import ROOT

BEFORE_TAGS: Final = "710d7d6"
LIMIT_S: Final = 40 * 60
PRESENT: Final = Version("present")
ADDED: Final = ": removed or renamed"
"""What a comparison in this direction says of a field that came."""


def newest_tag() -> str | None:
    told = subprocess.run(
        ("git", "describe", "--tags", "--abbrev=0"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None


@contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Version]:
    """The code of a revision, in a folder of its own.

    Raises:
        SystemExit: there is no such revision, or its lock pins what is not in this environment.
    """
    tree = folder / "earlier"
    added = subprocess.run(
        ("git", "worktree", "add", "--detach", "--quiet", str(tree), revision),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if added.returncode:
        raise SystemExit(f"{revision} cannot be checked out: {added.stderr.strip()}")
    try:
        if missing := pinned(tree) - pinned(ROOT):
            raise SystemExit(f"{revision} would not run in this environment: it wants {', '.join(sorted(missing))}")
        yield Version(revision, root=tree)
    finally:
        subprocess.run(("git", "worktree", "remove", "--force", str(tree)), cwd=ROOT, check=True)


def pinned(tree: Path) -> set[str]:
    """Each library with its version."""
    lines = (tree / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if "==" in line}


def unreadable(earlier: Path, present: Path = ROOT) -> list[str]:
    """What the present version may write and the earlier one would put aside; an added field it passes over."""
    told = []
    topics = (earlier / "contracts" / "topics.py").read_text(encoding="utf-8")
    for topic in TOPICS:
        for message in topic.messages:
            file = Path("contracts", "schemas", f"{message.schema_name()}.schema.json")
            if (earlier / file).exists():
                old, new = (json.loads((tree / file).read_text(encoding="utf-8")) for tree in (earlier, present))
                changes = [each for each in breaking_changes(new, old) if not each.endswith(ADDED)]
                told += [f"{message.schema_name()} {change}" for change in changes]
            elif f'"{topic.name}"' in topics:
                told.append(f"{message.schema_name()}, which is new on {topic.name}")
    return told


async def beside_each_other(system: Pairs, earlier: Version) -> list[str]:
    """What was not as demanded while versions came and went."""
    faults = []
    steps: list[tuple[int, Version, str]] = [
        (2, PRESENT, "beside each replica of {} one of the present version"),
        (1, PRESENT, "the rest upgraded from {}"),
        (2, earlier, "one replica of each rolled back to {}"),
    ]
    for number, version, words in steps:
        before, refused = len(system.regions.receipts), system.regions.refused
        for service in SERVICES:
            if (service, number) in system.doors:
                await system.stop(service, number)
            await system.start(service, number, version)
        if not await system.goes_on():
            faults.append(f"{words.format(earlier.name)}: intake took no more reports: {system.regions.answers}")
        console.print(
            f"{words.format(earlier.name)}: {len(system.regions.receipts) - before} reports taken meanwhile,"
            f" {system.regions.refused - refused} asked to come again"
        )
    return faults


async def run(folder: Path, earlier: Version) -> list[str]:
    """What is not as demanded; empty when all is well."""
    for each in unreadable(earlier.root):
        console.print(f"{earlier.name} could not read {each}")
    async with pairs(folder, earlier) as system:
        handing_in = asyncio.create_task(system.regions.hand_in())
        faults = [] if await system.goes_on() else [f"{earlier.name} took no reports"]
        faults += await beside_each_other(system, earlier)
        return faults + await system.settled(handing_in)


async def main() -> int:
    told = (__doc__ or "").replace("{BEFORE_TAGS}", BEFORE_TAGS)
    parser = argparse.ArgumentParser(description=told, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", nargs="?", default=newest_tag() or BEFORE_TAGS, metavar="REV")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spm-versions-") as name:
        folder = Path(name)
        with checked_out(given.revision, folder) as earlier:
            async with asyncio.timeout(LIMIT_S):
                faults = await run(folder, earlier)
    for fault in faults:
        console.print(f"[red]not as demanded:[/red] {fault}")
    if not faults:
        console.print(f"[green]KEPT: {given.revision} and the present version did the work of one[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run_with_engines(main()))
