import asyncio
import json
from base64 import b64encode
from hashlib import sha256

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from chassis import bodies
from chassis.bodies import FAULTS_MAX, parsed, read_bytes, said_digest
from chassis.events import JSON
from chassis.problems import Problem
from contracts.submission import Submission
from tests.validation.reports import item, service, submission

BODY = b'{"contoh": true}'
DIGEST = f"sha-256=:{b64encode(sha256(BODY).digest()).decode()}:"
SLUG = "unprocessable-submission"


@pytest.mark.parametrize("header", [DIGEST, f"sha-512=:AAAA:, {DIGEST}", f"{DIGEST},sha-512=:AAAA:"])
def test_a_header_says_the_digest_of_its_body(header: str) -> None:
    assert said_digest(header) == sha256(BODY).digest()


@pytest.mark.parametrize("header", ["", "sha-256=:AAAA:", "sha-512=:AAAA:", "sha-256=AAAA", f"x{DIGEST}"])
def test_a_header_without_a_sha_256_says_nothing_of_the_body(header: str) -> None:
    with pytest.raises(ValueError, match="expected sha-256"):
        said_digest(header)


def test_a_body_is_read_as_its_model() -> None:
    report = submission(service())
    assert parsed(report.model_dump_json().encode(), Submission, SLUG) == report


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parsed(body, Submission, SLUG)
    assert (refused.value.status, refused.value.slug) == (400, "malformed-json")


def test_every_fault_is_told_at_once_where_it_stands() -> None:
    faulty = {"code": "K", "name": "n", "unit": "u", "required": -1, "fulfilled": 0.00001}
    body = json.loads(submission(service()).model_dump_json()) | {"tambahan": 1, "period": "2023Q5"}
    body["services"][0] |= {"quality": [faulty]}
    with pytest.raises(Problem) as refused:
        parsed(json.dumps(body).encode(), Submission, SLUG)
    assert (refused.value.status, refused.value.slug) == (422, SLUG)
    assert sorted(fault.pointer for fault in refused.value.errors) == [
        "/period",
        "/services/0/quality/0/fulfilled",
        "/services/0/quality/0/required",
        "/tambahan",
    ]


def test_the_list_of_faults_has_an_end() -> None:
    members = {f"m{number}": number for number in range(FAULTS_MAX + 1)}
    body = json.loads(submission(service()).model_dump_json()) | members
    with pytest.raises(Problem, match=f"{FAULTS_MAX + 1} faults; the first {FAULTS_MAX} are listed") as refused:
        parsed(json.dumps(body).encode(), Submission, SLUG)
    assert len(refused.value.errors) == FAULTS_MAX


REPORT = json.loads(submission(service(quality=[item()])).model_dump_json())
LEAVES = [
    ("region_code",),
    ("services",),
    ("services", 0, "recipients", "target"),
    ("services", 0, "quality", 0, "required"),
    ("services", 0, "quality", 0, "name"),
    ("services", 0, "budget", "realised"),
    ("team", "decree_date"),
    ("submitted_by", "role"),
    ("tambahan",),
]
hostile_texts = st.sampled_from(
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"-1e400",
        b"1e-400",
        b"-0",
        b"9" * 4_000,
        b"9" * 5_000,
        b"0." + b"1" * 5_000,
        b'"' + b"9" * 5_000 + b'"',
        b'"NaN"',
        b'"1e999999999"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\\u0000"',
        b'"\x00"',
        b'"\xe2\x80\xae"',
        b"'satu'",
        b"0x10",
        b"[" * 150 + b"]" * 150,
        b"[" * 300 + b"]" * 300,
        b'{"a":' * 150 + b"1" + b"}" * 150,
        b"{" + b",".join(b'"%d":1' % n for n in range(2_000)) + b"}",
        b'{"' + b"x" * 5_000 + b'":1}',
    ]
)


def with_hostile(path: tuple[str | int, ...], text: bytes) -> bytes:
    report = json.loads(json.dumps(REPORT))
    place = report
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "DI SINI"
    return json.dumps(report).encode().replace(b'"DI SINI"', text)


def outcome_of(body: bytes) -> Submission | Problem:
    try:
        return parsed(body, Submission, SLUG)
    except Problem as problem:
        return problem


@given(st.sampled_from(LEAVES), hostile_texts)
def test_a_hostile_value_is_refused_where_it_stands_or_is_a_value(path: tuple[str | int, ...], text: bytes) -> None:
    outcome = outcome_of(with_hostile(path, text))
    if isinstance(outcome, Submission):
        assert parsed(outcome.written, Submission, SLUG).content_digest == outcome.content_digest
        return
    assert (outcome.status, outcome.slug) in {(400, "malformed-json"), (422, SLUG)}
    assert len(outcome.errors) <= FAULTS_MAX
    assert all(len(fault.pointer) < 1_000 and len(fault.detail) < 1_000 for fault in outcome.errors)
    assert outcome.status == 400 or any(fault.pointer.startswith(f"/{path[0]}") for fault in outcome.errors)


@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda noise: b'{"region_code":"' + noise + b'"}'))
def test_bytes_of_chance_are_refused_and_never_a_mistake(body: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parsed(body, Submission, SLUG)
    assert refused.value.status in {400, 422}


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_is_named(mark: bytes) -> None:
    with pytest.raises(Problem, match="byte order mark"):
        parsed(mark + json.dumps(REPORT).encode(), Submission, SLUG)


def test_of_two_members_with_one_name_the_last_counts() -> None:
    body = json.dumps(REPORT).replace('"period"', '"period": "2023Q1", "period"', 1).encode()
    assert parsed(body, Submission, SLUG).period == REPORT["period"]


def dripping(piece: bytes, times: int, every_s: float) -> Request:
    """A request whose body comes in so many pieces."""
    left = times

    async def receive() -> Message:
        nonlocal left
        await asyncio.sleep(every_s)
        left -= 1
        return {"type": "http.request", "body": piece, "more_body": left > 0}

    return Request({"type": "http", "headers": [(b"content-type", JSON.encode())]}, receive)


async def test_a_body_that_comes_byte_by_byte_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WHOLE_S", 0.1)
    async with asyncio.timeout(5):
        with pytest.raises(Problem) as refused:
            await read_bytes(dripping(b"1", 10_000, 0.01), JSON, 100_000)
    assert (refused.value.status, refused.value.slug) == (408, "body-incomplete")


async def test_a_large_body_has_the_time_that_its_size_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WHOLE_S", 0.1)
    assert len(await read_bytes(dripping(b"1" * 32 * 1024, 30, 0.01), JSON, 1024 * 1024)) == 960 * 1024
