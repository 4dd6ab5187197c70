"""Records that a service put aside, as they stand in the dead-letter twins of its topics.

A service takes each record at one place of the log: where it stood, or, once put aside, where it was replayed for it.
So the outcome is a function of the log, and a rebuild with mended code comes to what was told (decision record 0011).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple, Self

from aiokafka import ConsumerRecord

from chassis.events import report_in
from contracts.topics import DEAD_LETTER_SUFFIX

ERRORS: Final = "__spm.errors."
REPLAY: Final = "__spm.replay."
REPLAY_FOR: Final = REPLAY + "for"
"""The one service that handles a replayed record; without it, every reader of the topic does."""
REPLAY_OF: Final = REPLAY + "of"
"""Service, topic, partition and offset of the record that was put aside."""
TEXT_BYTES_MAX: Final = 1_024
CAUSES_MAX: Final = 5

Headers = Sequence[tuple[str, bytes | None]]


class Place(NamedTuple):
    """Where a record stands; the topic is named without the installation's prefix."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class NoLetterError(ValueError):
    """A record of a dead-letter topic does not say where it comes from: no service of ours wrote it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that one service put aside."""

    service: str
    place: Place
    stage: str
    reason: str
    fault: str
    """The kind of fault and what was found."""
    causes: tuple[str, ...]
    """What it followed from, the nearest first."""
    put_aside_at: datetime
    key: bytes | None
    headers: Headers
    """The record's own, without what was said of it since."""
    value: bytes | None
    digest: bytes
    submission_id: str | None
    """Of the report that the record brings; None where it brings none."""

    @property
    def id(self) -> str:
        return f"{self.service}/{self.place}"

    @classmethod
    def of(cls, record: ConsumerRecord) -> Self:
        """Raises:
        NoLetterError: the headers of a dead letter are missing or broken.
        """
        told = _told(record.headers)
        try:
            place = Place(told["topic"], int(told["partition"]), int(told["offset"]))
            return cls(
                service=told["service"],
                place=place,
                stage=told["stage"],
                reason=told["reason"],
                fault=f"{told['exception.class.name']}: {told['exception.message']}",
                causes=tuple(told.get("exception.causes", "").splitlines()),
                put_aside_at=datetime.fromtimestamp(record.timestamp / 1_000, UTC),
                key=record.key,
                headers=[header for header in record.headers if not header[0].startswith((ERRORS, REPLAY))],
                value=record.value,
                digest=digest_of(record.key, record.value),
                submission_id=report_in(record.headers, record.value),
            )
        except (KeyError, ValueError) as fault:
            raise NoLetterError(f"{record.topic}, offset {record.offset}: {ERRORS}* are missing or broken") from fault


def put_aside(
    record: ConsumerRecord, *, place: Place, service: str, stage: str, reason: str, fault: Exception
) -> tuple[str, bytes | None, Headers, bytes | None]:
    """The record to the byte, with what is known of the fault in headers behind the original ones; and its topic."""
    why = {
        "topic": place.topic,
        "partition": str(place.partition),
        "offset": str(place.offset),
        "service": service,
        "stage": stage,
        "reason": reason,
        "exception.class.name": type(fault).__name__,
        "exception.message": str(fault),
        "exception.causes": "\n".join(_causes(fault)),
    }
    added = [(ERRORS + name, text.encode()[:TEXT_BYTES_MAX]) for name, text in why.items()]
    key = sendable(record.key, record.value)
    return place.topic + DEAD_LETTER_SUFFIX, key, [*record.headers, *added], record.value


def _causes(fault: BaseException) -> Iterator[str]:
    """Each on one line. What was said not to matter (``from None``) does not."""
    for _ in range(CAUSES_MAX):
        cause = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
        if cause is None:
            return
        yield " ".join(f"{type(cause).__name__}: {cause}".split())[:TEXT_BYTES_MAX]
        fault = cause


def sendable(key: bytes | None, value: bytes | None) -> bytes | None:
    """The key; an empty one where there is neither, because the client sends no record without both."""
    return b"" if key is None and value is None else key


def digest_of(key: bytes | None, value: bytes | None) -> bytes:
    """Tells a record from another one that came to stand at its place, as after a topic was made again."""
    return sha256((key or b"") + b"\0" + (value or b"")).digest()


def header(headers: Headers, name: str) -> str | None:
    """The last of the name, so that what this system added counts and not what a record brought along."""
    found = [raw for given, raw in headers if given == name]
    return (found[-1] or b"").decode("utf-8", "replace") if found else None


def letters_in(records: Sequence[ConsumerRecord]) -> Iterator[Letter]:
    for record in records:
        try:
            yield Letter.of(record)
        except NoLetterError:
            continue  # nothing of ours: there is no place to which it could go back


def _told(headers: Any) -> Mapping[str, str]:
    return {
        name.removeprefix(ERRORS): (raw or b"").decode("utf-8", "replace")
        for name, raw in headers
        if name.startswith(ERRORS)
    }
