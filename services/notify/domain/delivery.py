"""What follows from the mail server's answer."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from contracts.notice import NoticeState

FIRST_DELAY: Final = timedelta(seconds=1)
DELAY_GROWTH: Final = 4
DELAY_MAX: Final = timedelta(hours=6)
"""With twelve attempts, a notice is tried for about a day before it is given up."""


class Answer(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """For good: another attempt cannot help."""
    POSTPONED = "postponed"
    """Not now; also when the connection broke, so that nobody knows."""


_ENDS: Final[Mapping[Answer, NoticeState]] = MappingProxyType(
    {Answer.ACCEPTED: NoticeState.DELIVERED, Answer.REFUSED: NoticeState.PERMANENT_FAILURE}
)


def state_after(answer: Answer, attempts: int, attempts_max: int) -> NoticeState:
    otherwise = NoticeState.GIVEN_UP if attempts >= attempts_max else NoticeState.TEMPORARY_FAILURE
    return _ENDS.get(answer, otherwise)


def delay_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 1 s, 4 s, 16 s … 6 h."""
    delay = FIRST_DELAY
    for _ in range(1, attempts):
        delay = min(delay * DELAY_GROWTH, DELAY_MAX)
    return delay
