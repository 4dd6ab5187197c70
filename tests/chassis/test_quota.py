import pytest

from chassis import quota
from chassis.quota import Quota


class Stopwatch:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def stopwatch() -> Stopwatch:
    return Stopwatch()


def test_a_whole_quota_is_taken_at_once_and_nothing_beyond_it(stopwatch: Stopwatch) -> None:
    counted = Quota(3, stopwatch)
    standings = [counted.take("kota") for _ in range(5)]
    assert [each.admitted for each in standings] == [True, True, True, False, False]
    assert [each.left for each in standings] == [2, 1, 0, 0, 0]
    assert standings[-1].headers("burst") == {
        "RateLimit-Policy": '"burst";q=3;w=60',
        "RateLimit": '"burst";r=0;t=20',
    }
    assert counted.take("kota lain").left == 2


@pytest.mark.parametrize("limit", [1, 3, 7, 60, 6_000, 7_919, 1_000_000])
def test_who_waits_as_long_as_it_was_told_is_let_in(stopwatch: Stopwatch, limit: int) -> None:
    counted = Quota(limit, stopwatch)
    while (standing := counted.take("kota")).admitted:
        stopwatch.now_s += 1e-9
    stopwatch.now_s += standing.more_in_s
    assert counted.take("kota").admitted
    stopwatch.now_s += quota.WINDOW_S
    assert counted.take("kota").left == limit - 1


def test_a_key_can_have_a_limit_of_its_own(stopwatch: Stopwatch) -> None:
    counted = Quota(3, stopwatch)
    assert [counted.take("kota", 1).admitted for _ in range(2)] == [True, False]
    assert counted.take("kota", 1).limit == 1


def test_no_more_callers_are_remembered_than_is_written(stopwatch: Stopwatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "CALLERS_MAX", 2)
    counted = Quota(1, stopwatch)
    assert [counted.take(who).admitted for who in ("a", "b", "a", "c", "a", "b")] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
