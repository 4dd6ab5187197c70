"""CPU of judging one report of about 15 kB, reading it included: ``python -m tests.bench.judging``.

Printed, never asserted: figures of a shared machine are no test. The reports are the demo's, whole and faultless; each
quarter is held against those before it, as in the log.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from rich.console import Console
from rich.table import Table

from chassis.events import Event, Received, decode
from chassis.memory import calm_collector
from cli.demo.generator import plan_year
from contracts.quarter import Quarter
from contracts.submission import Submission, SubmissionReceivedV1
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from services.validation.domain.head import Head, history_ids
from services.validation.domain.judge import judge
from services.validation.domain.rulebook import rulebook_of
from services.validation.handlers import Decisions
from services.validation.store import Known
from tests.faults.story import LAW, YEAR, received

SEED: Final = 2023
WANTED_BYTES: Final = 15_000
GOAL_MS: Final = 1.0
MISTAKES: Final = 60


def records(count: int) -> list[Event]:
    """Those of the year whose size comes nearest to what is asked for."""
    events = [Event.of(received(planned)) for planned in plan_year(LAW, seed=SEED).reports]
    return sorted(events, key=lambda event: abs(len(event.value) - WANTED_BYTES))[:count]


def read(event: Event) -> Received:
    id_, message = decode(event.topic, event.wire_headers, event.value)
    return Received(message, id_, event.topic, 0, 0, message.occurred_at, event.value)


def submitted(record: Received) -> SubmissionReceivedV1:
    assert isinstance(record.message, SubmissionReceivedV1)
    return record.message


def heads_before(report: SubmissionReceivedV1) -> dict[str, Head]:
    """Eight quarters before, in each year growing as steadily as up to the report at hand."""
    code, period = report.submission.region_code, report.submission.period
    heads = {}
    for id_ in history_ids(code, period):
        head = Head(code, id_.partition("/")[2])
        submission = as_of(report.submission, Quarter.parse(head.period).number)
        heads[id_] = head.after(f"before-{id_}", VerdictOutcome.ACCEPTED, submission)
    return heads


def as_of(submission: Submission, number: int) -> Submission:
    """The report with what was served and realised up to another quarter of a year."""
    whole = Quarter.parse(submission.period).number
    services = tuple(
        replace(
            service,
            recipients=replace(service.recipients, served=(service.recipients.served or 0) * number // whole),
            budget=replace(service.budget, realised=(service.budget.realised or 0) * number // whole),
        )
        for service in submission.services
    )
    return submission.model_copy(update={"services": services})


def cpu_ms(work: Callable[[], object], times: int, rounds: int) -> float:
    """The least of several rounds, a time."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return 1_000 * best / times


def spoilt(report: SubmissionReceivedV1) -> SubmissionReceivedV1:
    """In every service more served than targeted, fulfilled than required, spent than allocated; much left out."""
    services = tuple(
        replace(
            service,
            recipients=replace(service.recipients, served=(service.recipients.target or 0) + 1),
            quality=tuple(replace(item, fulfilled=(item.required or 0) + 1) for item in service.quality),
            budget=replace(service.budget, realised=(service.budget.allocated or 0) + 1),
        )
        for service in report.submission.services
    )
    changes = {"services": services, "team": None, "stages": ()}
    return report.model_copy(update={"submission": report.submission.model_copy(update=changes)})


def decide(records: Sequence[Received], known: Sequence[Known]) -> list[SubmissionJudgedV1]:
    """The verdict on each record, with its event written."""
    verdicts = []
    for record, before in zip(records, known, strict=True):
        decisions = Decisions(LAW, before)
        decisions.events_of(record)
        verdicts += decisions.judged
    return verdicts


def measure(count: int, rounds: int) -> Sequence[tuple[str, float]]:
    """CPU by part of the work, in milliseconds a report."""
    events = records(count)
    reports = [submitted(read(event)) for event in events]
    at_hand = [read(event) for event in events]
    known = [Known(verdicts={}, settlements={}, heads=heads_before(report)) for report in reports]
    history = [
        tuple(earlier for head in each.heads.values() if (earlier := head.as_earlier) is not None) for each in known
    ]
    heads = [Head(report.submission.region_code, report.submission.period) for report in reports]
    bad = [Event.of(spoilt(report)) for report in reports]

    def judged(reports: Sequence[SubmissionReceivedV1]) -> None:
        for report, head, earlier in zip(reports, heads, history, strict=True):
            judge(LAW, report, head=head, history=earlier)

    parts: Sequence[tuple[str, Callable[[], object]]] = (
        ("read: CloudEvent to typed report", lambda: [read(event) for event in events]),
        (
            "judge, nothing before",
            lambda: [judge(LAW, report, head=head) for report, head in zip(reports, heads, strict=True)],
        ),
        ("judge, against eight quarters", lambda: judged(reports)),
        (f"read and judge (goal: {GOAL_MS:.1f})", lambda: judged([submitted(read(event)) for event in events])),
        ("judge and write the event", lambda: decide(at_hand, known)),
        ("all: read, judge, write the event", lambda: decide([read(event) for event in events], known)),
        ("all, more than 60 mistakes (goal: 20)", lambda: decide([read(event) for event in bad], known)),
    )
    least = min(len(verdict.findings) for verdict in decide([read(event) for event in bad], known))
    if least < MISTAKES:
        raise SystemExit(f"a spoilt report has {least} findings, expected at least {MISTAKES}")
    return [(name, cpu_ms(work, count, rounds)) for name, work in parts]


def main(count: int, rounds: int) -> None:
    calm_collector()
    sizes = [len(event.value) for event in records(count)]
    clauses = len(rulebook_of(LAW, f"{YEAR}Q4").clauses)
    table = Table(title=f"{clauses} rules, {count} reports of {sum(sizes) / count / 1000:.1f} kB", title_justify="left")
    table.add_column("work")
    table.add_column("CPU ms a report", justify="right")
    for name, ms in measure(count, rounds):
        table.add_row(name, f"{ms:.3f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reports", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    main(given.reports, given.rounds)
