"""Where reports wait until the log has them: one file a report, whose folder is its state.

A file is written beside its place and moved there, so it is there as a whole or not. A report leaves ``waiting`` only
when its receipt or its refusal is kept; whatever is found in between after a kill is sent again with the same key.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.documents import Document, Kind

_BEGUN: Final = ".begun-"
_KIND_OF: Final = {kind.suffix: kind for kind in Kind}


class SpoolInUseError(Exception):
    """Another command works with this spool."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A report that waits; ``key`` is its Idempotency-Key."""

    key: str
    kind: Kind
    file: Path


class Spool:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.receipts = folder / "receipts"
        self.refusals = folder / "refused"
        self._waiting = folder / "waiting"

    @contextmanager
    def opened(self) -> Iterator["Spool"]:
        """For this process alone; a process that was killed holds nothing.

        Raises:
            SpoolInUseError: another process has it.
        """
        for folder in (self._waiting, self.receipts, self.refusals):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SpoolInUseError(f"another spm submit works with {self.folder}; wait until it ends") from None
            for folder in (self._waiting, self.receipts, self.refusals):
                for begun in folder.glob(f"{_BEGUN}*"):
                    begun.unlink()
            yield self

    def put(self, document: Document, key: str) -> Entry | None:
        """Let a document wait; None where its receipt is kept already."""
        if self.receipt(key).exists():
            return None
        entry = Entry(key, document.kind, self._waiting / f"{key}{document.kind.suffix}")
        if not (entry.file.exists() and entry.file.read_bytes() == document.body):
            _write(entry.file, document.body)
        for left in self.refusals.glob(f"{key}.*"):
            left.unlink()
        return entry

    def waiting(self) -> list[Entry]:
        """What waits. Those whose receipt is kept only waited to be cleared away."""
        entries = []
        for file in sorted(self._waiting.iterdir()):
            entry = Entry(file.stem, _KIND_OF[file.suffix], file)
            if self.receipt(entry.key).exists():
                file.unlink()
            else:
                entries.append(entry)
        return entries

    def receipt(self, key: str) -> Path:
        return self.receipts / f"{key}.json"

    def taken(self, entry: Entry, receipt: bytes) -> None:
        _write(self.receipt(entry.key), receipt)
        entry.file.unlink()

    def refused(self, entry: Entry, problem: bytes) -> None:
        """Put aside with what was said of it; it waits again when it is put again."""
        _write(self.refusals / f"{entry.key}.problem", problem)
        entry.file.replace(self.refusals / entry.file.name)


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, and there after a power cut."""
    begun = file.with_name(f"{_BEGUN}{file.name}")
    with begun.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    begun.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
