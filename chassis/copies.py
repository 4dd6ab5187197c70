"""The files of a backup: lines in zstd, and a manifest that is written last, so that a folder with one is whole.

A record is one line: offset, time in milliseconds, key, headers, value; bytes in base64.
"""

import io
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple

import zstandard
from aiokafka import ConsumerRecord
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from chassis.dead_letters import Headers
from contracts.message import Digest
from contracts.operation import OFFSET_MAX

MANIFEST: Final = "manifest.json"
PLAN: Final = "plan.json"
_UNFINISHED: Final = ".part"
_LEVEL: Final = 3


class CopyError(Exception):
    """The backup cannot be taken or brought back like this; the text says why, and what to do."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Written):
    """A partition, from the first record that the log still had to where it ended."""

    topic: str
    partition: int = Field(ge=0)
    first: int = Field(ge=0, le=OFFSET_MAX)
    end: int = Field(ge=0, le=OFFSET_MAX)

    @property
    def file(self) -> str:
        return f"topics/{self.topic}/{self.partition:05}.jsonl.zst"


class Kept(_Written):
    """A collection that follows from no log."""

    service: str
    collection: str

    @property
    def file(self) -> str:
        return f"collections/{self.service}.{self.collection}.jsonl.zst"


class Plan(_Written):
    began_at: AwareDatetime
    spans: tuple[Span, ...]
    kept: tuple[Kept, ...]

    @property
    def files(self) -> tuple[str, ...]:
        return (*(span.file for span in self.spans), *(one.file for one in self.kept))


class File(_Written):
    entries: int
    size_bytes: int
    sha256: Digest


class Manifest(_Written):
    format: Literal[1] = 1
    version: str
    """Of this software."""
    plan: Plan
    files: dict[str, File]


class Copied(NamedTuple):
    """A record as it stood in the log."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    headers: Headers
    value: bytes | None


def line_of(record: ConsumerRecord) -> bytes:
    headers = [[name, _text(raw)] for name, raw in record.headers]
    told = [record.offset, record.timestamp, _text(record.key), headers, _text(record.value)]
    return json.dumps(told, separators=(",", ":")).encode()


def record_of(line: bytes) -> Copied:
    offset, timestamp_ms, key, headers, value = json.loads(line)
    return Copied(offset, timestamp_ms, _raw(key), [(name, _raw(raw)) for name, raw in headers], _raw(value))


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all, for its owner alone."""
    for folder in (path.parent.parent, path.parent):  # made with its parents, these would be open to others
        folder.mkdir(exist_ok=True, mode=0o700)
    unfinished = path.with_name(path.name + _UNFINISHED)
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with unfinished.open("wb") as raw, zstandard.ZstdCompressor(_LEVEL).stream_writer(raw, closefd=False) as compressed:
        yield compressed
    unfinished.replace(path)


def lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw, io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw)) as plain:
        for line in plain:
            yield line.rstrip(b"\n")


def measured(path: Path) -> File:
    with path.open("rb") as raw:
        digest = file_digest(raw, "sha256").hexdigest()
    return File(entries=sum(1 for _ in lines(path)), size_bytes=path.stat().st_size, sha256=digest)


def write_json(path: Path, what: BaseModel) -> None:
    unfinished = path.with_name(path.name + _UNFINISHED)
    unfinished.touch(mode=0o600)
    unfinished.write_text(what.model_dump_json(indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)


def checked(folder: Path) -> Manifest:
    """The manifest of a backup of which every file is as it was written.

    Raises:
        CopyError: it is none, or it was changed.
    """
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise CopyError(f"{folder} holds no whole backup: {MANIFEST} is missing; take it again, it goes on") from None
    except ValidationError as fault:
        raise CopyError(f"{folder / MANIFEST} is no manifest ({fault.error_count()} faults)") from None
    for file in manifest.plan.files:
        try:
            found = measured(folder / file)
        except (OSError, zstandard.ZstdError) as fault:
            raise CopyError(f"{folder / file} cannot be read ({fault}); use another backup") from None
        if found != manifest.files.get(file):
            raise CopyError(f"{folder / file} is not as it was written; use another backup")
    return manifest


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()


def _raw(text: Any) -> bytes | None:
    return None if text is None else b64decode(text, validate=True)
