"""``spm backup`` and ``spm restore``: the log and what does not follow from it, to a folder and back."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from chassis.backup import take
from chassis.clock import SystemClock, monotonic_s
from chassis.copies import CopyError, Manifest, checked
from chassis.restore import bring_back
from chassis.settings import Settings
from cli.operators import ask, fail
from cli.saying import tell

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Of this backup alone.")]


def backup(folder: Folder) -> None:
    """Copy every topic, and the few collections that follow from no log, into a folder. Everything may go on meanwhile.

    Interrupted, it goes on when it is run again. Keep the files of keys beside it: SPM_RECEIPT_KEYS, SPM_API_KEYS and
    SPM_WEBHOOK_SECRET stand in no topic.
    """
    _done("copied", lambda settings: take(settings, folder, SystemClock(), tell), folder)


def restore(
    folder: Folder,
    check: Annotated[bool, typer.Option("--check", help="Only look whether the backup is as it was written.")] = False,
) -> None:
    """Write a backup into empty engines, each record at its own offset; the services then make their databases again.

    Refused where anything stands or runs already.
    """
    if not check:
        _done("brought back", lambda settings: bring_back(settings, folder, tell), folder)
        return
    try:
        _told("checked", checked(folder), folder, monotonic_s())
    except CopyError as fault:
        fail(str(fault))


def _done(what: str, act: Callable[[Settings], Coroutine[Any, Any, Manifest]], folder: Path) -> None:
    started_s = monotonic_s()
    try:
        manifest = ask(act, "kafka", "mongo")
    except CopyError as fault:
        fail(str(fault))
    _told(what, manifest, folder, started_s)


def _told(what: str, manifest: Manifest, folder: Path, started_s: float) -> None:
    entries = sum(file.entries for file in manifest.files.values())
    mib = sum(file.size_bytes for file in manifest.files.values()) / 2**20
    when = manifest.plan.began_at.isoformat()
    took_s = monotonic_s() - started_s
    tell(f"{what}: {entries:,} records and documents, {mib:,.1f} MiB in {folder}, of {when}, in {took_s:,.1f} s")
