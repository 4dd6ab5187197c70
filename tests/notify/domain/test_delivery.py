from datetime import timedelta

import pytest

from contracts.notice import NoticeState
from services.notify.domain.delivery import Answer, delay_after, state_after


@pytest.mark.parametrize(
    ("answer", "attempts", "state"),
    [
        (Answer.ACCEPTED, 1, NoticeState.DELIVERED),
        (Answer.ACCEPTED, 3, NoticeState.DELIVERED),
        (Answer.REFUSED, 1, NoticeState.PERMANENT_FAILURE),
        (Answer.POSTPONED, 1, NoticeState.TEMPORARY_FAILURE),
        (Answer.POSTPONED, 2, NoticeState.TEMPORARY_FAILURE),
        (Answer.POSTPONED, 3, NoticeState.GIVEN_UP),
        (Answer.POSTPONED, 4, NoticeState.GIVEN_UP),
    ],
)
def test_the_answer_decides_the_state_and_the_last_attempt_gives_up(
    answer: Answer, attempts: int, state: NoticeState
) -> None:
    assert state_after(answer, attempts, attempts_max=3) is state


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 1), (2, 4), (3, 16), (8, 16_384), (9, 21_600), (12, 21_600), (100, 21_600)]
)
def test_the_delay_grows_from_a_second_to_six_hours(attempts: int, seconds: int) -> None:
    assert delay_after(attempts) == timedelta(seconds=seconds)


def test_twelve_attempts_last_a_day() -> None:
    waited = sum((delay_after(attempts) for attempts in range(1, 12)), timedelta())
    assert timedelta(hours=24) <= waited < timedelta(hours=25)
