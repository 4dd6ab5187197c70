"""The reports in files of every kind that regions have, one after the other and in bounded memory."""

import gzip
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import IO, Final, cast

import zstandard
from pydantic import ValidationError

from contracts.submission import Submission

STANDARD_INPUT: Final = "-"
LINE_BYTES_MAX: Final = 1024 * 1024
"""Twice what a door takes as one report."""
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of a file that is no NDJSON: it is read as a whole."""
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZIP: Final = b"PK\x03\x04"
_BOM: Final = b"\xef\xbb\xbf"
_WINDOW_BYTES_MAX: Final = 128 * 1024 * 1024
_MAGIC_BYTES: Final = 4
_BETWEEN: Final = re.compile(r"[ \t\r\n,]*")


class Kind(Enum):
    """What a document is: the suffix of its file in the spool, its door and its media type."""

    REPORT = (".json", "/v1/submissions", "application/json")
    DATA_VALUES = (".dhis2", "/v1/dataValueSets", "application/json")
    WORKBOOK = (
        ".xlsx",
        "/v1/workbooks",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )

    def __init__(self, suffix: str, path: str, media_type: str) -> None:
        self.suffix = suffix
        self.path = path
        self.media_type = media_type


@dataclass(frozen=True, slots=True)
class Document:
    """One report as it will be sent."""

    kind: Kind
    body: bytes
    origin: str
    """File and place, for people."""

    @property
    def digest(self) -> str:
        """Names the content: a report that is written otherwise is the same report."""
        if self.kind is Kind.REPORT:
            try:
                return Submission.model_validate_json(self.body).content_digest
            except ValidationError:
                pass
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is no document, so that there is nothing to send."""

    origin: str
    detail: str


def documents_of(file: str) -> Iterator[Document | Unreadable]:
    """Every report of a file; ``-`` is standard input.

    Raises:
        OSError: the file cannot be read.
    """
    name = "standard input" if file == STANDARD_INPUT else file
    with sys.stdin.buffer if file == STANDARD_INPUT else Path(file).open("rb") as raw:
        try:
            yield from _read(name, _decompressed(cast("BufferedReader", raw)))
        except (EOFError, gzip.BadGzipFile, zstandard.ZstdError) as error:
            yield Unreadable(name, f"The compressed file is damaged: {error}.")


def _decompressed(raw: BufferedReader) -> IO[bytes]:
    magic = raw.peek(_MAGIC_BYTES)
    if magic.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if magic.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX).stream_reader(
            raw, read_across_frames=True
        )
        return BufferedReader(cast("BufferedReader", reader))
    return raw


def _read(name: str, content: IO[bytes]) -> Iterator[Document | Unreadable]:
    first = content.readline(LINE_BYTES_MAX + 1)
    if first.startswith(_ZIP):
        yield from _workbook(name, first, content)
        return
    first = first.removeprefix(_BOM)
    if isinstance(_one_value(first), dict):
        yield from _lines(name, first, content)
    else:
        yield from _whole(name, first + content.read(FILE_BYTES_MAX))


def _workbook(name: str, first: bytes, content: IO[bytes]) -> Iterator[Document]:
    yield Document(Kind.WORKBOOK, first + content.read(FILE_BYTES_MAX), name)


def _lines(name: str, first: bytes, content: IO[bytes]) -> Iterator[Document | Unreadable]:
    """NDJSON; a line that is too long or no JSON is told of, and the next ones are read."""
    number, line = 1, first
    while line:
        origin = f"{name}:{number}"
        if len(line) > LINE_BYTES_MAX:
            while line and not line.endswith(b"\n"):
                line = content.readline(LINE_BYTES_MAX + 1)
            yield Unreadable(origin, f"The line is longer than {LINE_BYTES_MAX} bytes; one report stands on a line.")
        elif body := line.strip():
            yield _document(origin, body, _one_value(body))
        number, line = number + 1, content.readline(LINE_BYTES_MAX + 1)


def _whole(name: str, text: bytes) -> Iterator[Document | Unreadable]:
    """One report over many lines, or an array of reports; each is cut out as it is written."""
    if len(text) >= FILE_BYTES_MAX:
        yield Unreadable(name, f"The file is larger than {FILE_BYTES_MAX} bytes; write one report a line (NDJSON).")
        return
    try:
        body = text.decode().strip()
        places = list(_elements(body)) if body.startswith("[") else [(body, json.loads(body))]
    except (ValueError, RecursionError) as error:
        yield Unreadable(name, f"No JSON, workbook, gzip or zstd file: {error}.")
        return
    for number, (written, value) in enumerate(places, start=1):
        yield _document(f"{name}[{number - 1}]" if body.startswith("[") else name, written.encode(), value)


def _elements(array: str) -> Iterator[tuple[str, object]]:
    """Each element's own text, so that no digit changes on the way."""
    json.loads(array)  # what is no array at all is told before anything is taken out of it
    decoder = json.JSONDecoder()
    at = _past(array, 1)
    while array[at] != "]":
        value, end = decoder.raw_decode(array, at)
        yield array[at:end], value
        at = _past(array, end)


def _past(array: str, at: int) -> int:
    """Behind what stands between two elements."""
    match = _BETWEEN.match(array, at)
    return match.end() if match else at


def _document(origin: str, body: bytes, value: object) -> Document | Unreadable:
    if not isinstance(value, dict):
        return Unreadable(origin, "Found no JSON object; a report is one.")
    return Document(Kind.DATA_VALUES if "dataValues" in value else Kind.REPORT, body, origin)


def _one_value(text: bytes) -> object:
    """The value that the text is; None for any other text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
