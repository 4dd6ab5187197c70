from datetime import UTC, datetime, timedelta

import pytest

from contracts.message import deterministic_id
from services.intake.domain.arrival import Arrival, idempotency_key, instant, to_the_millisecond, wait_s
from tests.intake.reports import DUE, NOW, arrival, submission


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('"64.71 2023Q4 kedua"', "64.71 2023Q4 kedua"),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        ("k", "k"),
        ("k" * 128, "k" * 128),
        ('"' + "k" * 128 + '"', "k" * 128),
    ],
)
def test_a_key_is_read_with_and_without_quotes(header: str, key: str) -> None:
    assert idempotency_key(header) == key


@pytest.mark.parametrize(
    "header", ["", '""', '"open', 'closed"', '"a", "b"', "a, b", "a b", '"é"', '"tab\t"', r'"\n"', "k" * 129]
)
def test_what_is_no_single_key_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="expected one key"):
        idempotency_key(header)


@pytest.mark.parametrize(
    "header",
    ["2024-01-20T23:59:58.987654+07:00", "2024-01-20T16:59:58.987Z", "2024-01-21T00:59:58.9879+08:00"],
)
def test_an_instant_is_read_in_utc_to_the_millisecond(header: str) -> None:
    found = instant(header)
    assert found == datetime(2024, 1, 20, 16, 59, 58, 987_000, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("header", ["2024-01-20T23:59:58", "2024-01-20", "kemarin", "1705744798", ""])
def test_an_instant_without_its_offset_is_none(header: str) -> None:
    with pytest.raises(ValueError, match=r"offset|isoformat"):
        instant(header)


def test_a_millisecond_is_cut_not_rounded() -> None:
    assert to_the_millisecond(NOW + timedelta(microseconds=999)) == NOW


def test_the_same_key_of_two_clients_names_two_reports() -> None:
    one, other = (
        Arrival.of(submission(), client_id=client, key="k", imported_at=None, recorded_at=NOW)
        for client in ("kota-contoh", "kota-lain")
    )
    assert one.submission_id != other.submission_id


def test_the_same_key_at_two_doors_names_two_reports() -> None:
    one, other = (
        Arrival.of(submission(), client_id="c", key="k", imported_at=None, recorded_at=NOW, route=route)
        for route in ("POST /v1/submissions", "POST /v1/workbooks")
    )
    assert one.submission_id != other.submission_id


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("wait=5", 5),
        ("respond-async, Wait = 3", 3),
        ('wait="7"; foo=bar', 7),
        ("wait=600", 10),
        ("wait=0", 0),
        ("wait=4, wait=9", 4),
        ("", None),
        ("wait", None),
        ("wait=soon", None),
        ("wait=1.5", None),
        ("waiting=5", None),
        ("wait=-1", None),
        ("wait=5x", None),
        ("wait=٣", None),
    ],
)
def test_how_long_a_caller_prefers_to_wait(header: str, expected: int | None) -> None:
    assert wait_s(header) == expected


def test_without_a_key_the_content_stands_for_it() -> None:
    first, again, changed = arrival(key=None), arrival(key=None, now=DUE), arrival(submission(served=801), key=None)
    assert first.submission_id == again.submission_id != changed.submission_id
    assert first.submission_id == deterministic_id("submission", "kota-contoh", submission().content_digest)


def test_an_import_counts_from_its_original_arrival() -> None:
    imported = Arrival.of(
        submission(), client_id="impor", key=None, imported_at=NOW, recorded_at=DUE + timedelta(days=9)
    )
    message = imported.received(DUE)
    assert (message.imported, message.arrived_at, message.on_time) == (True, NOW, True)


@pytest.mark.parametrize(("late_by", "on_time"), [(timedelta(), True), (timedelta(milliseconds=1), False)])
def test_the_deadline_itself_is_on_time(late_by: timedelta, on_time: bool) -> None:  # noqa: FBT001 - a row of the table
    assert arrival(now=DUE + late_by).received(DUE).on_time is on_time
