"""From a well-formed report to one that the log has: 202 means kept.

An attempt is noted in the database, published, and only then answered. One attempt at a time pursues a report; a copy
of the request waits for its end and gets the same receipt. An attempt that fails is taken back: one that nobody
answered proves no arrival, so its repetition is stamped with the time at which that one came.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final, Self

from chassis.clock import Clock
from chassis.errors import BROKEN_WORLD, Unprocessable
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.logs import logger
from chassis.mongo import Document
from chassis.problems import Problem
from services.intake.domain import kept
from services.intake.domain.arrival import Arrival
from services.intake.domain.period import shut
from services.intake.domain.status import Receipt
from services.intake.metrics import IntakeMetrics
from services.intake.store.submissions import Store

ADMITTED_WITHIN_S: Final = 10.0
ABANDONED_AFTER: Final = timedelta(seconds=15)
"""No attempt lives so long: the process that began an older one has ended."""
_LOOK_AGAIN_S: Final = 0.05
_TAKEN_BACK_WITHIN_S: Final = 2.0

log = logger(__name__)


class Admission:
    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        clock: Clock,
        metrics: IntakeMetrics,
        *,
        within_s: float = ADMITTED_WITHIN_S,
    ) -> None:
        self._within_s = within_s
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics

    async def admit(self, arrival: Arrival) -> tuple[Receipt, bool]:
        """The receipt of a report that the log has, and whether it was given before.

        Raises:
            Problem: entry is not open, or the key was used for another report.
            TimeoutError: the report, or a copy of it that came first, is not in the log in time.
        """
        async with asyncio.timeout(self._within_s) as limit:
            # The limit cancels once, and a driver that is cleaning up can swallow that: so it is also asked.
            while not limit.expired():
                due_at = await self._deadline_if_open(arrival)
                attempt = None if due_at is None else _Attempt.of(arrival, due_at)
                if attempt is not None and await self._store.begin(attempt.document):
                    return await self._finish(attempt), False
                known = await self._store.submission(arrival.submission_id)
                if known is not None and known.get("published"):
                    return self._repeated(known, arrival), True
                if attempt is None:
                    raise await self._not_open(arrival)
                left = self._left_behind(known)
                if left is not None and await self._store.take_over(attempt.document, left):
                    return await self._finish(attempt), False
                await asyncio.sleep(_LOOK_AGAIN_S)
            raise TimeoutError

    async def _finish(self, attempt: "_Attempt") -> Receipt:
        try:
            # Entry may have closed since it was found open. Closing waits for every attempt that it sees (see
            # ``announcement``): either it sees this one, or the closing is seen here. So no mark is overtaken.
            if await self._deadline_if_open(attempt.arrival) is None:
                raise await self._not_open(attempt.arrival)
            await self._publisher.publish([attempt.event])
        except (Problem, asyncio.CancelledError, *BROKEN_WORLD):
            await self._take_back(attempt)
            raise
        try:
            await self._store.published(attempt.document)
        except BROKEN_WORLD as error:
            # The log has it, which is what counts; intake will read it there.
            log.warning("attempt.unmarked", submission_id=attempt.arrival.submission_id, cause=type(error).__name__)
        receipt = Receipt.of(attempt.document)
        self._metrics.count(receipt)
        return receipt

    async def _take_back(self, attempt: "_Attempt") -> None:
        try:
            async with asyncio.timeout(_TAKEN_BACK_WITHIN_S):
                await self._store.take_back(attempt.document)
        except BROKEN_WORLD as error:
            # It stays until it is seen to be abandoned.
            log.warning("attempt.left", submission_id=attempt.arrival.submission_id, cause=type(error).__name__)

    def _repeated(self, known: Document, arrival: Arrival) -> Receipt:
        if known["received"]["content_digest"] != arrival.content_digest:
            text = "This Idempotency-Key was sent with another report; send a new report under a new key."
            raise Problem(422, "idempotency-key-reused", text)
        self._metrics.replays.inc()
        return Receipt.of(known)

    def _left_behind(self, known: Document | None) -> str | None:
        """The attempt that ended with its process, if there is one."""
        if known is None or "attempt" not in known:
            return None
        age = self._clock.now() - known["received"]["recorded_at"]
        return str(known["attempt"]) if age > ABANDONED_AFTER else None

    async def _deadline_if_open(self, arrival: Arrival) -> datetime | None:
        """The deadline in force; None while reports of the period are not taken."""
        period = await self._store.period(arrival.submission.period)
        return None if period is None or shut(period, arrival.recorded_at) else period.due_at

    async def _not_open(self, arrival: Arrival) -> Problem:
        wanted = arrival.submission.period
        periods = await self._store.periods()
        why = shut(next((period for period in periods if period.period == wanted), None), arrival.recorded_at)
        taken = ", ".join(period.period for period in periods if shut(period, arrival.recorded_at) is None)
        text = f"Entry of {wanted} {why or 'has just opened'}. Open now: {taken or 'no period'}."
        return Problem(409, "period-not-open", text)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try to bring a report into the log."""

    arrival: Arrival
    event: Event
    document: Document

    @classmethod
    def of(cls, arrival: Arrival, due_at: datetime) -> Self:
        message = arrival.received(due_at)
        try:
            event = Event.of(message)
        except Unprocessable as fault:
            raise Problem(413, "body-too-large", f"The report is too large for one record: {fault}.") from None
        return cls(arrival, event, kept.received(message) | {"published": False, "attempt": token_hex(8)})
