from datetime import timedelta

import pytest

from contracts.notice import NoticeKind
from contracts.recipient import Role
from services.notify.domain.escalation import ASKING, LATE_MAX, Step, offices_above, step_due
from services.notify.domain.recipients import OPTIONAL
from tests.notify.messages import ARRIVED

AFTER = timedelta(days=3)
MINUTE = timedelta(minutes=1)
RETURNED, OVERDUE = NoticeKind.SUBMISSION_RETURNED, NoticeKind.REPORT_OVERDUE


def due(kind: NoticeKind, waited: timedelta, taken: int = 0) -> Step | None:
    return step_due(kind, ARRIVED, taken=taken, after=AFTER, now=ARRIVED + waited)


def test_what_the_team_was_told_goes_to_the_secretary_and_then_to_the_head() -> None:
    assert due(RETURNED, AFTER) == Step(1, Role.SECRETARY, ARRIVED + AFTER)
    assert due(RETURNED, 2 * AFTER, taken=1) == Step(2, Role.HEAD, ARRIVED + 2 * AFTER)


def test_who_was_told_at_once_is_not_told_as_the_next() -> None:
    assert offices_above(OVERDUE) == (Role.HEAD,)
    assert due(OVERDUE, AFTER) == Step(1, Role.HEAD, ARRIVED + AFTER)


@pytest.mark.parametrize(
    ("waited", "taken"),
    [
        (AFTER - MINUTE, 0),
        (AFTER, 1),
        (2 * AFTER - MINUTE, 1),
        (3 * AFTER, 2),
        (2 * AFTER + LATE_MAX, 0),
    ],
    ids=["early", "taken", "between", "all taken", "too late"],
)
def test_otherwise_nobody_is_told(waited: timedelta, taken: int) -> None:
    assert due(RETURNED, waited, taken) is None


def test_a_step_that_is_too_late_is_left_out_and_the_next_one_taken() -> None:
    assert due(RETURNED, AFTER + LATE_MAX) == Step(2, Role.HEAD, ARRIVED + 2 * AFTER)


def test_what_may_be_muted_asks_nobody_to_act() -> None:
    assert not ASKING & OPTIONAL
