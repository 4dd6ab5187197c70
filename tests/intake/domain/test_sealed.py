"""What was let in is known by its digest; whatever else is asked of the contract."""

import json
from hashlib import sha256

import pytest

from chassis.errors import Unprocessable
from chassis.events import Event, Views, decode
from contracts.submission import SubmissionReceivedV1
from services.intake.domain import kept
from services.intake.domain.happenings import event
from services.intake.domain.sealed import SealedReceivedV1, sealed
from tests.intake.reports import NOW, SIGNER, received

VIEWS: Views = {SubmissionReceivedV1: sealed}
FACT = SIGNER.signed(received())
RECORD = Event.of(FACT)
WRITTEN = FACT.submission.written


def read(value: bytes) -> SubmissionReceivedV1:
    message = decode(RECORD.topic, RECORD.wire_headers, value, VIEWS)[1]
    assert isinstance(message, SubmissionReceivedV1)
    return message


def with_digest_of(report: bytes) -> bytes:
    """A record of this report, whatever it is, and of its digest."""
    return RECORD.value.replace(WRITTEN, report).replace(
        FACT.content_digest.encode(), sha256(report).hexdigest().encode()
    )


def test_everything_that_intake_keeps_is_the_same_as_by_the_contract() -> None:
    message = read(RECORD.value)
    assert isinstance(message, SealedReceivedV1)
    assert kept.logged(message, 7) == kept.logged(FACT, 7)
    assert kept.report(message, 7) == kept.report(FACT, 7)
    assert event(message, offset=7, logged_at=NOW) == event(FACT, offset=7, logged_at=NOW)


@pytest.mark.parametrize(
    "value",
    [
        b" " + RECORD.value,
        RECORD.value + b"\n",
        RECORD.value[:-1] + b',"later":true}',
        RECORD.value.replace(b'"services":', b'"later":[],"services":'),
        json.dumps(json.loads(RECORD.value)).encode(),
        json.dumps(dict(reversed(json.loads(RECORD.value).items()))).encode(),
        RECORD.value.replace(b'"2023Q4"', b'"2023-Q4"'),
        RECORD.value.replace(FACT.content_digest.encode(), b"0" * 64),
    ],
)
def test_a_record_in_another_form_is_read_by_the_contract(value: bytes) -> None:
    message = read(value)
    assert not isinstance(message, SealedReceivedV1)
    assert message.submission == FACT.submission
    assert kept.report(message, 7)["written"] == WRITTEN


@pytest.mark.parametrize(
    "value",
    [
        RECORD.value[:-1],
        RECORD.value[:-40],
        RECORD.value.replace(b'"target":1000', b'"target":-1'),
        RECORD.value.replace(b'"64.71"', b'"6471"'),
        RECORD.value.replace(b'"imported":false', b'"imported":"no"'),
        with_digest_of(WRITTEN.replace(b'"64.71"', b'"6471"')),
        with_digest_of(WRITTEN.replace(b'"2023Q4"', b'"2023Q9"')),
        with_digest_of(b"{}"),
    ],
)
def test_a_damaged_record_is_refused_as_by_the_contract(value: bytes) -> None:
    with pytest.raises(Unprocessable) as by_the_contract:
        decode(RECORD.topic, RECORD.wire_headers, value)
    with pytest.raises(Unprocessable) as here:
        read(value)
    assert (here.value.reason, str(here.value)) == (by_the_contract.value.reason, str(by_the_contract.value))
