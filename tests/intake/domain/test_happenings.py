from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.message import Message
from contracts.period import EntryClosedV1
from services.intake.domain.happenings import CURSOR_CHARS_MAX, Cursor, Kind, event, in_order, told
from tests.intake.reports import (
    ANOTHER_KOTA,
    CLOSED,
    DUE,
    KOTA,
    NOW,
    PERIOD,
    SECOND,
    judged,
    noticed,
    overdue,
    period,
    received,
    scored,
)

FACT = received()
OFFSETS = st.integers(0, 10**18 - 1)
PERIODS = st.builds("20{:02}Q{}".format, st.integers(0, 99), st.integers(1, 4))
CURSORS = st.builds(
    Cursor,
    st.dictionaries(
        st.one_of(
            st.tuples(st.sampled_from([kind for kind in Kind if kind.of_a_region]), st.just("")),
            st.tuples(st.just(Kind.PERIOD_CHANGED), PERIODS),
        ),
        OFFSETS,
        max_size=45,
    ),
)


def kept(message: Message, offset: int = 1, at: datetime = NOW) -> dict[str, Any]:
    found = event(message, offset=offset, logged_at=at)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("message", "kind", "submission_id"),
    [
        (FACT, "received", FACT.submission_id),
        (judged(FACT), "judged", FACT.submission_id),
        (scored(FACT), "scored", FACT.submission_id),
        (noticed(FACT), "noticed", FACT.submission_id),
        (overdue(KOTA, days_after_due=1), "overdue", None),
        (period(), "period_changed", None),
    ],
)
def test_a_fact_becomes_a_thin_event(message: Message, kind: str, submission_id: str | None) -> None:
    document = kept(message, 7)
    assert (document["kind"], document["offset"], document["submission_id"]) == (kind, 7, submission_id)
    assert document["key"] == (PERIOD if kind == "period_changed" else KOTA)
    (shown,) = told([document], KOTA, Cursor()).events
    assert (shown.event_id, shown.type, shown.time) == (message.event_id, message.TYPE, NOW)
    assert ("submission" in shown.links) == (submission_id is not None)
    assert shown.links["obligations"] == f"/v1/obligations?region={KOTA}"


def test_marks_are_for_others() -> None:
    mark = EntryClosedV1(region_code=KOTA, period=PERIOD, period_revision=2, due_at=DUE, closed_at=CLOSED)
    assert event(mark, offset=1, logged_at=NOW) is None


@given(CURSORS)
def test_a_cursor_is_read_back_as_it_was_written(cursor: Cursor) -> None:
    text = cursor.text(KOTA)
    assert Cursor.parse(text, KOTA) == cursor
    assert len(text) <= CURSOR_CHARS_MAX
    assert "\n" not in text
    assert text.isascii()


@given(st.text(max_size=40))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="none of ours"):
        Cursor.parse(text, KOTA)


@pytest.mark.parametrize(
    "text",
    [
        Cursor({(Kind.JUDGED, ""): 7}).text(ANOTHER_KOTA),
        Cursor({(Kind.JUDGED, ""): 7}).text(KOTA).replace("7", "8", 1),
        Cursor({(Kind.JUDGED, PERIOD): 7}).text(KOTA),
        Cursor({(Kind.PERIOD_CHANGED, ""): 7}).text(KOTA),
        Cursor({(Kind.JUDGED, ""): 10**18}).text(KOTA),
        Cursor({(Kind.JUDGED, ""): -1}).text(KOTA),
        "",
    ],
)
def test_a_cursor_of_another_region_or_altered_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="none of ours"):
        Cursor.parse(text, KOTA)


def test_a_cursor_counts_a_region_by_kind_and_the_calendar_by_period() -> None:
    cursor = Cursor().behind_all([kept(FACT, 3), kept(judged(FACT), 5), kept(period(), 9), kept(FACT, 4)])
    assert cursor.seen == {(Kind.RECEIVED, ""): 4, (Kind.JUDGED, ""): 5, (Kind.PERIOD_CHANGED, PERIOD): 9}
    assert (cursor.offset(Kind.RECEIVED), cursor.offset(Kind.SCORED), cursor.periods) == (4, -1, {PERIOD: 9})


def test_events_are_told_by_time_and_those_of_one_kind_by_offset_whatever_the_clocks_say() -> None:
    early, late = kept(FACT, 1, NOW + 9 * SECOND), kept(received(key="kunci-2"), 2, NOW)
    between = kept(judged(FACT), 1, NOW + 5 * SECOND)
    assert in_order([late, between, early]) == [between, early, late]


def test_the_next_cursor_stays_while_nothing_happens() -> None:
    cursor = Cursor({(Kind.JUDGED, ""): 7})
    assert told([], KOTA, cursor).next == cursor.text(KOTA)
