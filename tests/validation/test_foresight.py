"""What a trial foresees is what the verdict says: over ten thousand invented reports, and in the reports of a year."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import TypeVar

import pytest

from chassis.events import Event, Received, decode
from contracts.message import Message
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.validation.domain.foresight import SUBMISSION_ID, as_if_received
from services.validation.domain.head import Head
from services.validation.domain.peers import PeerHead
from services.validation.domain.rules import RULES
from services.validation.handlers import Decisions, foreseen
from services.validation.store import Known
from tests.faults.story import planned_reports
from tests.faults.story import received as as_planned
from tests.validation.invented import invented_log
from tests.validation.reports import ARRIVED, KOTA, faultless

REPORTS = 10_000
A_BATCH = 50

S = TypeVar("S", Head, PeerHead)


def logged(message: Message, *, from_bytes: bool = False) -> Received:
    if from_bytes:
        event = Event.of(message)
        id_, message = decode(event.topic, event.wire_headers, event.value)
        return Received(message, id_, event.topic, 0, 0, ARRIVED, event.value)
    return Received(message, message.event_id, SUBMISSION_RECEIVED.name, 0, 0, ARRIVED)


def told(verdict: SubmissionJudgedV1) -> SubmissionJudgedV1:
    """Without what belongs to the arrival: who sent it, and until when it would have been on time."""
    arrival = {
        "submission_id": "",
        "client_id": "",
        "arrived_at": ARRIVED,
        "due_at": ARRIVED,
        "recorded_at": ARRIVED,
        "on_time": True,
        "imported": False,
    }
    return verdict.model_copy(update=arrival)


def moved_on(before: Mapping[str, S], moved: Iterable[tuple[S, S | None]]) -> dict[str, S]:
    return {**before, **{state.id: state for state, _ in moved}}


def compare(law: Law, log: Iterable[Message], *, from_bytes: bool = False) -> dict[VerdictOutcome, int]:
    """Try each report just before it is judged in its batch; how often each outcome came."""
    outcomes = dict.fromkeys(VerdictOutcome, 0)
    heads: dict[str, Head] = {}
    peers: dict[str, PeerHead] = {}
    decisions = Decisions(law, Known(verdicts={}, settlements={}, heads=heads, peers=peers))
    for message in log:
        heads_now, peers_now = moved_on(heads, decisions.moved), moved_on(peers, decisions.moved_peers)
        if isinstance(message, SubmissionReceivedV1):
            trial = as_if_received(law, message.submission, client_id="percobaan", at=message.arrived_at)
            known = Known(verdicts={}, settlements={}, heads=heads_now, peers=peers_now)
            foretold = foreseen(law, known, logged(trial))
            decisions.events_of(logged(message, from_bytes=from_bytes))
            verdict = decisions.judged[-1]
            assert told(foretold) == told(verdict)
            outcomes[verdict.outcome] += 1
            if len(decisions.judged) == A_BATCH:
                heads, peers = moved_on(heads, decisions.moved), moved_on(peers, decisions.moved_peers)
                decisions = Decisions(law, Known(verdicts={}, settlements={}, heads=heads, peers=peers))
        else:
            decisions.events_of(logged(message))
    return outcomes


@pytest.mark.timeout(600)
def test_ten_thousand_reports_are_judged_as_they_were_foreseen(law: Law) -> None:
    outcomes = compare(law, invented_log(law, Random(2023), REPORTS, codes=tuple(RULES)))
    assert sum(outcomes.values()) == REPORTS
    assert all(count > REPORTS // 200 for count in outcomes.values()), outcomes


def test_a_year_of_whole_reports_is_judged_as_it_was_foreseen(law: Law) -> None:
    outcomes = compare(law, map(as_planned, planned_reports(20)), from_bytes=True)
    assert all(outcomes.values()), outcomes


def test_a_trial_is_no_report(law: Law) -> None:
    trial = as_if_received(law, faultless(law), client_id="percobaan", at=ARRIVED)
    assert (trial.submission_id, trial.key, trial.due_at) == (SUBMISSION_ID, KOTA, law.calendar("2023Q4").due_at)
