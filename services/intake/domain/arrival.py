"""What the headers of a submission say, and the id that follows from them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from contracts.message import deterministic_id
from contracts.submission import Submission, SubmissionReceivedV1

_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,128})"')
_BARE: Final = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~:/-]{1,128})")
_ESCAPED: Final = re.compile(r'\\(["\\])')


def idempotency_key(header: str) -> str:
    """The key within the header: a quoted string (RFC 9651), or bare, as many clients send it.

    Raises:
        ValueError: neither.
    """
    if match := _QUOTED.fullmatch(header):
        return _ESCAPED.sub(r"\1", match[1])
    if match := _BARE.fullmatch(header):
        return match[1]
    raise ValueError('expected one key of 1 to 128 printable characters in quotes, like "2f6c8a3e-64.71-2023Q4"')


def instant(header: str) -> datetime:
    """An RFC 3339 instant in UTC, to the millisecond.

    Raises:
        ValueError: no such instant, or one without its offset.
    """
    found = datetime.fromisoformat(header)
    if found.tzinfo is None:
        raise ValueError("the offset is missing; end it with Z or +07:00")
    return to_the_millisecond(found)


def to_the_millisecond(when: datetime) -> datetime:
    """In UTC, cut to what MongoDB keeps, so that the log and the database say the same."""
    return when.astimezone(UTC).replace(microsecond=when.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A well-formed report at the door."""

    submission: Submission
    client_id: str
    submission_id: str
    content_digest: str
    arrived_at: datetime
    recorded_at: datetime
    imported: bool

    @classmethod
    def of(
        cls,
        submission: Submission,
        *,
        client_id: str,
        key: str | None,
        imported_at: datetime | None,
        recorded_at: datetime,
    ) -> Self:
        """Without a key the content stands for it. ``imported_at`` is the original arrival of a report of the past."""
        digest = submission.content_digest
        return cls(
            submission=submission,
            client_id=client_id,
            submission_id=deterministic_id("submission", client_id, key or digest),
            content_digest=digest,
            arrived_at=imported_at or recorded_at,
            recorded_at=recorded_at,
            imported=imported_at is not None,
        )

    def received(self, due_at: datetime) -> SubmissionReceivedV1:
        return SubmissionReceivedV1(
            submission_id=self.submission_id,
            client_id=self.client_id,
            content_digest=self.content_digest,
            arrived_at=self.arrived_at,
            due_at=due_at,
            recorded_at=self.recorded_at,
            imported=self.imported,
            submission=self.submission,
        )
