"""What is passed on as it came must read like what would have been written."""

import json
from collections.abc import Callable

import pytest

from chassis.events import Event, Passage, Received
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import SubmissionJudgedV1
from tests.contracts.examples import EXAMPLES

RECEIVED = [example.message for example in EXAMPLES if isinstance(example.message, SubmissionReceivedV1)]
(JUDGED, *_) = [
    example.message
    for example in EXAMPLES
    if isinstance(example.message, SubmissionJudgedV1) and example.message.submission is not None
]
each_report = pytest.mark.parametrize("report", RECEIVED, ids=lambda report: report.submission_id)


def came(report: SubmissionReceivedV1, value: bytes | None = None) -> Received:
    event = Event.of(report)
    return Received(report, event.id, event.topic, 0, 0, report.recorded_at, event.value if value is None else value)


def judged(report: SubmissionReceivedV1) -> SubmissionJudgedV1:
    return JUDGED.model_copy(update={"submission": report.submission})


@each_report
def test_a_passage_gives_the_bytes_that_writing_would_give(report: SubmissionReceivedV1) -> None:
    passage = Passage.from_end_of(came(report), "submission")
    assert passage is not None
    assert Event.of(judged(report), passing_on=passage) == Event.of(judged(report))


def test_what_a_newer_sender_added_to_the_report_travels_on() -> None:
    report = RECEIVED[0]
    document = json.loads(Event.of(report).value)
    document["submission"]["added_in_2031"] = ["x"]
    value = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    passage = Passage.from_end_of(came(report, value), "submission")
    passed = Event.of(judged(report), passing_on=passage)
    assert json.loads(passed.value)["submission"]["added_in_2031"] == ["x"]
    assert SubmissionJudgedV1.model_validate_json(passed.value) == judged(report)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: b" " + value,
        lambda value: value + b"\n",
        lambda value: value.replace(b'","', b'", "', 1),
        lambda _: b"",
        lambda _: b"{}",
        lambda value: json.dumps({"submission": 1, **json.loads(value)}).encode(),
    ],
)
def test_a_report_written_in_another_way_is_written_again(spoil: Callable[[bytes], bytes]) -> None:
    report = RECEIVED[0]
    assert Passage.from_end_of(came(report, spoil(Event.of(report).value)), "submission") is None
    assert Event.of(judged(report), passing_on=None) == Event.of(judged(report))


@pytest.mark.parametrize(
    "tail",
    [b',"added_in_2031":1}', b',"added":{"submission":"}"}}'],
)
def test_fields_after_the_report_do_not_spoil_the_event(tail: bytes) -> None:
    report = RECEIVED[0]
    passage = Passage.from_end_of(came(report, Event.of(report).value[:-1] + tail), "submission")
    passed = Event.of(judged(report), passing_on=passage)
    assert SubmissionJudgedV1.model_validate_json(passed.value) == judged(report)
