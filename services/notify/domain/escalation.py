"""Who is told next of what nobody of a region acknowledged, and when. Our choice, no rule of law."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.notice import NoticeKind
from contracts.recipient import Role
from services.notify.domain.recipients import READERS

ASKING: Final = frozenset(
    {
        NoticeKind.SUBMISSION_RETURNED,
        NoticeKind.WARNINGS_TO_JUSTIFY,
        NoticeKind.REPORT_OVERDUE,
        NoticeKind.ACHIEVEMENT_DEFICIENCY,
    }
)
"""Ask somebody to act on a report, until an office acknowledges it or a later report of the quarter is accepted."""
LADDER: Final = (Role.TEAM, Role.SECRETARY, Role.HEAD)
LATE_MAX: Final = timedelta(days=7)
"""A step is left out when it is later than this: who begins to escalate, or was away, writes of nothing old."""


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    office: Role
    at: datetime


def offices_above(kind: NoticeKind) -> tuple[Role, ...]:
    """Those of the ladder above everybody whom the kind itself is told, nearest first."""
    told = [place for place, role in enumerate(LADDER) if role in READERS[kind]]
    return LADDER[max(told, default=-1) + 1 :]


def step_due(kind: NoticeKind, told_at: datetime, *, taken: int, after: timedelta, now: datetime) -> Step | None:
    """The step to be taken now of a matter that nobody acknowledged; ``taken`` is the number of the last one."""
    for number, office in enumerate(offices_above(kind), start=1):
        at = told_at + number * after
        if number > taken and at <= now < at + LATE_MAX:
            return Step(number, office, at)
    return None
