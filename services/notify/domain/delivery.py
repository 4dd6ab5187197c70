"""What follows from a receiver's answer."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from contracts.notice import NoticeState

FIRST_DELAY: Final = timedelta(seconds=1)
DELAY_GROWTH: Final = 4
DELAY_MAX: Final = timedelta(hours=6)
"""With twelve attempts, a mail is tried for about a day before it is given up."""
WEBHOOK_DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""As Standard Webhooks proposes: about three days."""
WEBHOOK_ATTEMPTS_MAX: Final = len(WEBHOOK_DELAYS) + 1
THROTTLED_DELAY_MIN: Final = timedelta(minutes=1)
ASKED_DELAY_MAX: Final = timedelta(hours=24)
"""A receiver that asks for more gets this."""
_JITTER: Final = 0.2


class Answer(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """For good: another attempt cannot help."""
    NO_SUCH_ADDRESS = "no_such_address"
    """Refused for good, and everything that is sent there after it, too."""
    POSTPONED = "postponed"
    """Not now; also when the connection broke, so that nobody knows."""


class Outcome(StrEnum):
    """What became of one delivery to a webhook."""

    DELIVERED = "delivered"
    GONE = "gone"
    THROTTLED = "throttled"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHED = "unreached"
    FORBIDDEN_ADDRESS = "forbidden_address"


_ENDS: Final[Mapping[Answer, NoticeState]] = MappingProxyType(
    {
        Answer.ACCEPTED: NoticeState.DELIVERED,
        Answer.REFUSED: NoticeState.PERMANENT_FAILURE,
        Answer.NO_SUCH_ADDRESS: NoticeState.PERMANENT_FAILURE,
    }
)
_GONE: Final = 410
_THROTTLING: Final = frozenset({429, 502, 504})
_OUTCOME_ANSWERS: Final[Mapping[Outcome, Answer]] = MappingProxyType(
    {Outcome.DELIVERED: Answer.ACCEPTED, Outcome.GONE: Answer.NO_SUCH_ADDRESS}
)


def state_after(answer: Answer, attempts: int, attempts_max: int) -> NoticeState:
    otherwise = NoticeState.GIVEN_UP if attempts >= attempts_max else NoticeState.TEMPORARY_FAILURE
    return _ENDS.get(answer, otherwise)


def delay_after(attempts: int) -> timedelta:
    """How long a mail waits after so many attempts: 1 s, 4 s, 16 s … 6 h."""
    delay = FIRST_DELAY
    for _ in range(1, attempts):
        delay = min(delay * DELAY_GROWTH, DELAY_MAX)
    return delay


def outcome_of(status: int) -> Outcome:
    """Only 2xx is success: a redirect is a failure, and nobody follows it."""
    if status // 100 == 2:  # noqa: PLR2004 - the class of success
        return Outcome.DELIVERED
    if status == _GONE:
        return Outcome.GONE
    return Outcome.THROTTLED if status in _THROTTLING else Outcome.REFUSED


def answer_of(outcome: Outcome) -> Answer:
    return _OUTCOME_ANSWERS.get(outcome, Answer.POSTPONED)


def webhook_delay_after(
    attempts: int, *, notice_id: str, outcome: Outcome, asked: timedelta | None = None
) -> timedelta:
    """How long an endpoint rests after so many attempts of one notice; ``asked`` is its ``Retry-After``.

    The jitter follows from the notice, so that endpoints which failed together do not come back together.
    """
    drawn = int.from_bytes(sha256(f"{notice_id}/{attempts}".encode()).digest()[:4]) / 2**32
    delay = WEBHOOK_DELAYS[min(attempts, len(WEBHOOK_DELAYS)) - 1] * (1 - _JITTER + 2 * _JITTER * drawn)
    least = THROTTLED_DELAY_MIN if outcome is Outcome.THROTTLED else timedelta(0)
    return max(delay, least, min(asked or timedelta(0), ASKED_DELAY_MAX))
