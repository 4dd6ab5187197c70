"""What the headers of a submission say, and the id that follows from them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Self

from contracts.message import deterministic_id
from contracts.submission import Submission, SubmissionReceivedV1

_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\]){1,128})"')
_BARE: Final = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~:/-]{1,128})")
_ESCAPED: Final = re.compile(r'\\(["\\])')
_WAIT: Final = re.compile(r'wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;|$)', re.IGNORECASE)
WAIT_S_MAX: Final = 10
HAND_IN: Final = "POST /v1/submissions"


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


def wait_s(header: str) -> int | None:
    """How long a caller prefers to wait (``Prefer: wait=5``, RFC 7240), at most ten seconds; None where it says none.

    Preferences that are not understood are passed over and of two the first counts, as the standard wants it.
    """
    wishes = (_WAIT.match(wish.strip()) for wish in header.split(","))
    return next((min(int(wish[1]), WAIT_S_MAX) for wish in wishes if wish), None)


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
    written: bytes
    """The report as the log has it, of which ``content_digest`` is the SHA-256."""
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
        route: str = HAND_IN,
    ) -> Self:
        """A key is known by client and route; without one the content stands for it, whichever way it came.

        ``imported_at`` is the original arrival of a report of the past.
        """
        written = submission.written
        digest = sha256(written).hexdigest()
        of_key = [digest] if key is None else [route, key]
        return cls(
            submission=submission,
            client_id=client_id,
            submission_id=deterministic_id("submission", client_id, *of_key),
            content_digest=digest,
            written=written,
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
