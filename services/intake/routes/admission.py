"""From a well-formed report to one that the log has: 202 means kept.

An attempt is noted in the database, published, and only then answered. One attempt at a time pursues a report; a copy
of the request is told so. An attempt that fails is taken back: one that nobody answered proves no arrival, so its
repetition is stamped with the time at which that one came.

Reports that come at the same time go together (``commit``), a few batches at once. A batch belongs to no request: a
client that goes away takes nothing with it. Of one region a batch follows the other, so that its order is kept.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from functools import partial
from typing import Final

from chassis.clock import Clock
from chassis.errors import Retryable
from chassis.kafka import Publishes
from chassis.problems import Problem
from chassis.tracing import Span, Tracing, fail
from services.intake.domain.arrival import Arrival
from services.intake.domain.proof import Signer
from services.intake.metrics import IntakeMetrics
from services.intake.routes.commit import IN_FLIGHT, Admitted, Commit, Pending, Together
from services.intake.store.submissions import Store

ADMITTED_WITHIN_S: Final = 8.0
BATCH_REPORTS: Final = 128
BATCH_BYTES: Final = 4 * 1024 * 1024
BATCHES: Final = 2
WAITING_REPORTS: Final = 4_096
WAITING_BYTES: Final = 64 * 1024 * 1024
WAITING_S: Final = 4.0
"""With a batch's limit and the time to take it back, less than the age at which an attempt counts as abandoned."""
_LOOK_AGAIN_S: Final = 0.05
_LOOK_AGAIN_S_MAX: Final = 0.5


class Admission:
    def __init__(
        self,
        store: Store,
        publisher: Publishes,
        clock: Clock,
        metrics: IntakeMetrics,
        signer: Signer,
        *,
        tracing: Tracing | None = None,
        within_s: float = ADMITTED_WITHIN_S,
    ) -> None:
        self._tracing = tracing
        self._commit = Commit(store, publisher, clock, metrics, signer)
        self._within_s = within_s
        self._waiting: deque[Pending] = deque()
        self._waiting_bytes = 0
        self._batches: set[asyncio.Task[None]] = set()
        self._in_hand: dict[str, set[str]] = {}
        """By region, the ids of the reports that a batch has."""
        self._looking = False
        self._alarm: asyncio.TimerHandle | None = None

    async def admit(self, arrival: Arrival, *, wait_s: float = 0) -> Admitted:
        """The receipt of a report that the log has, and whether it was given before.

        Args:
            arrival: The report.
            wait_s: How long to wait while a copy of it is on its way.

        Raises:
            Problem: entry is not open, the key was used for another report, a copy is on its way, another report is
                the current one.
            BROKEN_WORLD: the report is not known to be in the log in time.
        """
        outcome = await self._queued(arrival)
        if isinstance(outcome, Problem) and outcome.slug == IN_FLIGHT:
            outcome = await self._waited(arrival, wait_s) or outcome
        if isinstance(outcome, Problem):
            raise outcome
        return outcome

    async def _waited(self, arrival: Arrival, wait_s: float) -> Admitted | Problem | None:
        """What the copy on its way got, where it got it in time. Whoever waits does not try by itself."""
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        delay_s = _LOOK_AGAIN_S
        while (left_s := end - loop.time()) > 0:
            await asyncio.sleep(min(delay_s, left_s))
            if outcome := await self._commit.look(arrival):
                return outcome
            delay_s = min(2 * delay_s, _LOOK_AGAIN_S_MAX)
        return None

    async def admit_all(self, arrivals: Sequence[Arrival]) -> list[Admitted | Problem]:
        """What ``admit`` says of each, in order; those of one region reach the log in this order.

        Raises:
            BROKEN_WORLD: some are not known to be in the log in time; sent again, those that are get their receipts.
        """
        request = object()
        outcomes = await asyncio.gather(*(self._queued(each, request) for each in arrivals), return_exceptions=True)
        settled: list[Admitted | Problem] = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, Problem):
                raise outcome
            settled.append(outcome)
        return settled

    async def foreseen(self, arrivals: Sequence[Arrival], together: Together) -> list[Problem | None]:
        """Why each would not be admitted as things stand and beside those of its request that were asked about before.

        None where nothing speaks against it; ``together`` gains these.
        """
        return await self._commit.foreseen(arrivals, together) if arrivals else []

    def _queued(self, arrival: Arrival, request: object = None) -> asyncio.Future[Admitted | Problem]:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Admitted | Problem] = loop.create_future()
        span = None if self._tracing is None else _begun(self._tracing, arrival, outcome, apart=request is not None)
        pending = Pending(arrival, outcome, loop.time() + WAITING_S, request or object(), span)
        if len(self._waiting) >= WAITING_REPORTS or self._waiting_bytes >= WAITING_BYTES:
            pending.fail(Retryable(f"{len(self._waiting)} reports of {self._waiting_bytes} bytes wait already"))
            return pending.outcome
        self._waiting.append(pending)
        self._waiting_bytes += len(arrival.written)
        self._look_soon()
        return pending.outcome

    def _look_soon(self) -> None:
        """In the loop's next turn, so that those that come in this one go together."""
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        self._looking = False
        while len(self._batches) < BATCHES and (batch := self._taken()):
            regions = {pending.region for pending in batch} - self._in_hand.keys()
            for pending in batch:
                if pending.region in regions:
                    self._in_hand.setdefault(pending.region, set()).add(pending.arrival.submission_id)
            task = asyncio.create_task(self._commit.run(batch, within_s=self._within_s))
            self._batches.add(task)
            task.add_done_callback(partial(self._ended, batch, regions))
        self._let_go()

    def _taken(self) -> list[Pending]:
        """The next batch, in the order of arrival. While a batch has another report of its region, a report waits."""
        batch: list[Pending] = []
        size = 0
        waiting, self._waiting = self._waiting, deque()
        for pending in waiting:
            in_hand = self._in_hand.get(pending.region)
            fits = len(batch) < BATCH_REPORTS and size < BATCH_BYTES
            if fits and (in_hand is None or pending.arrival.submission_id in in_hand):
                size += len(pending.arrival.written)
                batch.append(pending)
            else:
                self._waiting.append(pending)
        self._waiting_bytes -= size
        return batch

    def _let_go(self) -> None:
        """Those that have waited too long; again when the next one will have."""
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0].until_s <= loop.time():
            pending = self._waiting.popleft()
            self._waiting_bytes -= len(pending.arrival.written)
            pending.fail(Retryable(f"not begun within {WAITING_S} s"))
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = loop.call_at(self._waiting[0].until_s, self._let_go) if self._waiting else None

    def _ended(self, batch: Sequence[Pending], regions: Collection[str], task: asyncio.Task[None]) -> None:
        self._batches.discard(task)
        for region in regions:
            del self._in_hand[region]
        fault = Retryable("the batch was broken off") if task.cancelled() else task.exception()
        if fault is not None:
            self._turn_back({pending.request for pending in batch}, fault)
        for pending in batch:
            pending.fail(fault or Retryable("the batch left it unsettled"))
        self._look_soon()

    def _turn_back(self, requests: Collection[object], fault: BaseException) -> None:
        """What is behind reports that may not be in the log: those are sent again, and would stand behind it there."""
        waiting, self._waiting = self._waiting, deque()
        for pending in waiting:
            if pending.request in requests:
                self._waiting_bytes -= len(pending.arrival.written)
                pending.fail(fault)
            else:
                self._waiting.append(pending)


def _begun(tracing: Tracing, arrival: Arrival, outcome: asyncio.Future[Admitted | Problem], *, apart: bool) -> Span:
    """A span until the outcome is known. Of many reports in one request, each has a trace of its own."""
    report = arrival.submission
    attributes = {"spm.submission_id": arrival.submission_id, "spm.region": report.region_code}
    span = tracing.begin("admit report", apart=apart, attributes=attributes | {"spm.period": report.period})
    outcome.add_done_callback(partial(_told, span))
    return span


def _told(span: Span, outcome: asyncio.Future[Admitted | Problem]) -> None:
    if outcome.cancelled():
        fail(span, "cancelled")  # whoever waited is gone; the report may be in the log
    elif fault := outcome.exception():
        fail(span, type(fault).__name__)
    elif isinstance(answer := outcome.result(), Problem):
        span.set_attribute("spm.problem", answer.slug)
    span.end()
