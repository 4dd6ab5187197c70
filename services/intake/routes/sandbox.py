"""The sandbox: the same doors over collections of their own and a log that no topic holds.

Nothing that is handed in here leaves the process but into those collections: the log hands each event straight to the
readers that read the topics of the real job, and the facts of other services are played (``domain/scenario.py``).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Final

from fastapi import Request

from chassis.access import KeyRow
from chassis.clock import Clock
from chassis.errors import Retryable
from chassis.events import Event, Received, decode
from chassis.gate import SCENARIO
from chassis.kafka import Publishes
from chassis.problems import Problem
from chassis.stream import Handler
from chassis.tracing import Tracing
from contracts.message import deterministic_id
from contracts.period import PeriodChangedV1, PeriodState
from contracts.quarter import quarters_of
from contracts.topics import Topic
from regulation.law import Law
from services.intake.domain.arrival import Arrival
from services.intake.domain.proof import Signer
from services.intake.domain.scenario import Scenario, played, staged
from services.intake.metrics import IntakeMetrics
from services.intake.routes.admission import Admission
from services.intake.routes.commit import Admitted
from services.intake.store.sandbox import Expiry
from services.intake.store.submissions import Store

SLOW_S: Final = 8.0
_YEARS_BACK: Final = 3
_SCENARIO: ContextVar[Scenario] = ContextVar("scenario", default=Scenario.SCORED)


class SandboxLog:
    """Stands where the publisher stands. What is published is read at once, and by nobody else.

    One after the other, so that whoever was told of an event was told of those before it; replicas keep no such order.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._turn = asyncio.Lock()
        self._readers: dict[str, Handler] = {}

    def read_by(self, handlers: Mapping[Topic, Handler]) -> None:
        self._readers = {topic.name: handler for topic, handler in handlers.items()}

    async def publish(self, events: Iterable[Event]) -> None:
        for event in events:
            event_id, message = decode(event.topic, event.wire_headers, event.value)
            async with self._turn:
                now = self._clock.now()
                # Grows from event to event, over restarts too, as an offset does.
                offset = int(now.timestamp() * 1_000_000) + next(self._numbers)
                record = Received(message, event_id, event.topic, 0, offset, now, event.value)
                await self._readers[event.topic]([record])


class Rehearsal:
    """What a scenario does to a request before its door is reached; what it does later is remembered."""

    def __init__(self, expiry: Expiry) -> None:
        self._expiry = expiry

    async def __call__(self, request: Request, caller: KeyRow) -> None:
        """Raises:
        Problem, Retryable: as the scenario wants it.
        """
        scenario = scenario_of(request.headers.get(SCENARIO))
        _SCENARIO.set(scenario)
        if scenario is Scenario.UNAVAILABLE or (
            scenario is Scenario.UNAVAILABLE_ONCE and await self._expiry.first_time(_name_of(request, caller))
        ):
            raise Retryable("the scenario wants it")
        if scenario is Scenario.QUOTA_EXCEEDED:
            text = "The scenario wants it. Wait as long as Retry-After says, and send the same request again."
            raise Problem(429, "quota-exceeded", text, headers={"Retry-After": "1"})
        if scenario is Scenario.SLOW:
            await asyncio.sleep(SLOW_S)


class PlayedAdmission(Admission):
    """Admits as the real one does, then lets the other services speak."""

    def __init__(
        self,
        store: Store,
        log: Publishes,
        clock: Clock,
        metrics: IntakeMetrics,
        signer: Signer,
        *,
        tracing: Tracing | None = None,
    ) -> None:
        super().__init__(store, log, clock, metrics, signer, tracing=tracing)
        self._store = store
        self._log = log

    async def admit(self, arrival: Arrival, *, wait_s: float = 0) -> Admitted:
        scenario = _SCENARIO.get()
        if problem := _forced(scenario, arrival):
            raise problem
        arrival = staged(arrival, scenario)
        admitted = await super().admit(arrival, wait_s=wait_s)
        await self._play(arrival, admitted, scenario)
        return admitted

    async def admit_all(self, arrivals: Sequence[Arrival]) -> list[Admitted | Problem]:
        scenario = _SCENARIO.get()
        refusals: list[Admitted | Problem] = [
            problem for arrival in arrivals if (problem := _forced(scenario, arrival)) is not None
        ]
        if refusals:
            return refusals
        arrivals = [staged(arrival, scenario) for arrival in arrivals]
        outcomes = await super().admit_all(arrivals)
        for arrival, outcome in zip(arrivals, outcomes, strict=True):
            if not isinstance(outcome, Problem):
                await self._play(arrival, outcome, scenario)
        return outcomes

    async def _play(self, arrival: Arrival, admitted: Admitted, scenario: Scenario) -> None:
        receipt, _ = admitted
        received = replace(arrival, arrived_at=receipt.arrived_at).received(receipt.due_at)
        newest = await self._store.page(receipt.region_code, receipt.period, None, 2)
        before = next((each for each in newest if each["_id"] != receipt.submission_id), None)
        revision = (before.get("judged") or {}).get("revision", 0) + 1 if before else 1
        supersedes = before["_id"] if before and revision > 1 else None
        facts = played(received, scenario, revision=revision, supersedes=supersedes)
        await self._log.publish(Event.of(fact) for fact in facts)


def scenario_of(header: str | None) -> Scenario:
    """Raises:
    Problem: there is none of this name.
    """
    if header is None:
        return Scenario.SCORED
    try:
        return Scenario(header.strip().lower())
    except ValueError:
        known = ", ".join(Scenario)
        text = f"{SCENARIO}: found {header[:40]!r}, expected one of: {known}."
        raise Problem(400, "bad-test-scenario", text) from None


def calendar(law: Law, now: datetime) -> list[PeriodChangedV1]:
    """Every quarter of these years is open in the sandbox, with the deadline that it has in earnest."""
    first = now.year - _YEARS_BACK
    return [
        PeriodChangedV1(
            period=window.period,
            revision=1,
            state=PeriodState.OPEN,
            opens_at=datetime(first, 1, 1, tzinfo=UTC),
            due_at=window.due_at,
            changed_at=datetime(first, 1, 1, tzinfo=UTC),
            changed_by="sandbox",
            author_role="Sandbox",
            reason="Every quarter is open in the sandbox.",
            calendar_row=window.row_id,
        )
        for year in range(first, now.year + 2)
        for window in (law.calendar(quarter.text) for quarter in quarters_of(year))
    ]


def _forced(scenario: Scenario, arrival: Arrival) -> Problem | None:
    if scenario is Scenario.PERIOD_NOT_OPEN:
        text = f"Entry of {arrival.submission.period} is closed; the scenario wants it. Open now: no period."
        return Problem(409, "period-not-open", text)
    if scenario is Scenario.IN_FLIGHT:
        text = "This report is on its way into the log; the scenario wants it. Send the same request again."
        return Problem(409, "request-in-flight", text, headers={"Retry-After": "1"})
    return None


def _name_of(request: Request, caller: KeyRow) -> str:
    key = request.headers.get("idempotency-key", "")
    return deterministic_id("rehearsal", caller.client_id, request.method, request.url.path, key)
