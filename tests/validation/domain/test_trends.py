from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.message import Bilingual
from contracts.submission import Justification
from contracts.verdict import Finding, Severity
from services.validation.domain.trends import Episode, Fired, JudgedCodes, episodes, fired, justified, trends_by

START = datetime(2024, 1, 2, tzinfo=UTC)
WORDS = Bilingual(id="kalimat", en="sentence")
REASON = Justification(rule="bb", author_role="Operator SPM", reason="cukup panjang untuk dibaca")
RETURNED, IN_FORCE = True, False


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def report(
    revision: int,
    returned: bool,  # noqa: FBT001 - a column of the table
    *codes: str,
    reasons: Sequence[str] = (),
    region: str = "64.71",
) -> JudgedCodes:
    return JudgedCodes("2023Q4", region, revision, returned, day(revision), codes, reasons)


def finding(code: str, reason: Justification | None = None) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        pointer="",
        found="1",
        expected="2",
        summary=WORDS,
        remedy=WORDS,
        justification=reason,
    )


def lives(*reports: JudgedCodes) -> list[tuple[str, int, int | None]]:
    """Each episode with the days on which it was opened and resolved."""
    return [
        (each.code, (each.opened_at - START).days, (each.resolved_at - START).days if each.resolved_at else None)
        for each in episodes(reports)
    ]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([report(1, IN_FORCE)], []),
        ([report(1, RETURNED, "a")], [("a", 1, None)]),
        ([report(1, RETURNED, "a"), report(2, IN_FORCE)], [("a", 1, 2)]),
        ([report(1, IN_FORCE, "a"), report(2, IN_FORCE)], [("a", 1, 2)]),
        ([report(1, RETURNED, "a"), report(2, RETURNED, "b"), report(3, IN_FORCE)], [("a", 1, 3), ("b", 2, 3)]),
        ([report(1, RETURNED, "a", "b"), report(2, IN_FORCE, "b")], [("a", 1, 2), ("b", 1, None)]),
        ([report(1, IN_FORCE, "a"), report(2, IN_FORCE, "a"), report(3, IN_FORCE)], [("a", 1, 3)]),
        (
            [report(1, IN_FORCE, "a"), report(2, IN_FORCE), report(3, IN_FORCE, "a"), report(4, RETURNED)],
            [("a", 1, 2), ("a", 3, None)],
        ),
        ([report(1, IN_FORCE, "a", reasons=["a"])], []),
        ([report(1, IN_FORCE, "a", "b"), report(2, IN_FORCE, "a", "b", reasons=["a"])], [("a", 1, 2), ("b", 1, None)]),
    ],
)
def test_a_rule_is_open_from_the_first_report_that_breaks_it_until_one_in_force_does_not(
    reports: list[JudgedCodes], expected: list[tuple[str, int, int | None]]
) -> None:
    assert sorted(lives(*reports)) == sorted(expected)


def test_regions_and_periods_do_not_mix() -> None:
    mixed = [report(1, RETURNED, "a"), report(1, IN_FORCE, region="64.72")]
    assert lives(*mixed) == [("a", 1, None)]
    later = report(2, IN_FORCE)._replace(period="2024Q1")
    assert lives(report(1, RETURNED, "a"), later) == [("a", 1, None)]


@given(st.lists(st.tuples(st.booleans(), st.frozensets(st.sampled_from("abc"))), max_size=12))
def test_what_is_open_at_the_end_is_what_a_recount_finds(story: list[tuple[bool, frozenset[str]]]) -> None:
    reports = [report(place, returned, *sorted(codes)) for place, (returned, codes) in enumerate(story)]
    found = list(episodes(reports))
    for code in "abc":
        broken = [place for place, (_, codes) in enumerate(story) if code in codes]
        mended = [place for place, (returned, codes) in enumerate(story) if not returned and code not in codes]
        is_open = bool(broken) and not any(place > broken[-1] for place in mended)
        ends = [episode.resolved_at for episode in found if episode.code == code]
        assert ends.count(None) == is_open
        assert ends == sorted(ends, key=lambda end: (end is None, end or START))


def test_a_rule_is_justified_where_every_place_has_its_reason() -> None:
    assert justified([]) == ()
    assert justified([finding("aa"), finding("bb", REASON), finding("bb", REASON)]) == ("bb",)
    assert justified([finding("bb", REASON), finding("bb")]) == ()


def episode(code: str, region: str, days: int | None) -> Episode:
    return Episode(code, region, "2023Q4", START, None if days is None else day(days))


def test_trends_count_and_take_the_median_of_what_was_mended() -> None:
    found = [episode("a", "64", 1), episode("a", "64.71", 9), episode("a", "64.72", 3), episode("b", "64", None)]
    trends = trends_by(found, "code")
    assert list(trends) == [("a",), ("b",)]
    assert (trends["a",].opened, trends["a",].resolved, trends["a",].median_time) == (3, 3, timedelta(days=3))
    assert (trends["b",].opened, trends["b",].resolved, trends["b",].median_time) == (1, 0, None)
    assert list(trends_by(found, "code", "region_code")) == [("a", "64"), ("a", "64.71"), ("a", "64.72"), ("b", "64")]


def test_rules_that_never_or_always_fire_are_those_of_no_and_of_every_report() -> None:
    reports = [report(1, RETURNED, "a", "b"), report(2, IN_FORCE, "a", "gone")]
    assert fired(reports, ["c", "a", "b"]) == Fired(never=("c",), always=("a",))
    assert fired([], ["a"]) == Fired((), ())
