import json
from base64 import b64encode
from hashlib import sha256

import pytest

from chassis.bodies import FAULTS_MAX, parsed, said_digest
from chassis.problems import Problem
from contracts.submission import Submission
from tests.validation.reports import service, submission

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
    item = {"code": "K", "name": "n", "unit": "u", "required": -1, "fulfilled": 0.00001}
    body = json.loads(submission(service()).model_dump_json()) | {"tambahan": 1, "period": "2023Q5"}
    body["services"][0] |= {"quality": [item]}
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
