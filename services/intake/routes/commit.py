"""Reports that came together, brought into the log together: a handful of round trips for all of them.

Each attempt is noted in the database, the periods are looked at once more, the events are published, the attempts are
marked. What becomes of a report is settled as soon as it is known, so that none waits for its neighbours' trouble.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final, Self

from chassis.clock import Clock
from chassis.errors import BROKEN_WORLD, Unprocessable
from chassis.events import Event, Passage
from chassis.kafka import Publishes
from chassis.logs import logger
from chassis.mongo import Document
from chassis.problems import Problem
from chassis.tracing import Span, together, traceparent_of
from contracts.period import PeriodChangedV1
from services.intake.domain import kept
from services.intake.domain.arrival import Arrival
from services.intake.domain.period import shut
from services.intake.domain.proof import Signer
from services.intake.domain.status import Receipt, status_url
from services.intake.metrics import IntakeMetrics
from services.intake.store.submissions import Store

ABANDONED_AFTER: Final = timedelta(seconds=15)
"""No attempt lives so long: the process that began an older one has ended."""
CLEARED_AFTER: Final = timedelta(days=1)
"""What is left of an attempt that its client did not take up again."""
IN_FLIGHT: Final = "request-in-flight"
_AFTERWARDS_WITHIN_S: Final = 2.0
"""To mark attempts, or to take them back."""

log = logger(__name__)

Admitted = tuple[Receipt, bool]
"""The receipt of a report that the log has, and whether it was given before."""
Together = dict[tuple[str, str], dict[str, bool]]
"""By region and period, the new reports of one request, and whether they name the report that they replace."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A report on its way, and whoever waits for what becomes of it."""

    arrival: Arrival
    outcome: asyncio.Future[Admitted | Problem]
    until_s: float
    """The loop's time at which it is too late to begin."""
    request: object
    """The same for reports that came in one request."""
    span: Span | None = None
    """None while nothing is traced."""

    @property
    def region(self) -> str:
        return self.arrival.submission.region_code

    @property
    def traceparent(self) -> str | None:
        return None if self.span is None else traceparent_of(self.span)

    def settle(self, outcome: Admitted | Problem) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, fault: BaseException) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(fault)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try to bring a report into the log."""

    pending: Pending
    event: Event
    document: Document

    @classmethod
    def of(cls, pending: Pending, due_at: datetime, signer: Signer, *, name: str, begun_at: datetime) -> Self:
        arrival = pending.arrival
        message = signer.signed(arrival.received(due_at))
        try:
            passage = Passage("submission", arrival.written)
            event = Event.of(message, passing_on=passage, traceparent=pending.traceparent)
        except Unprocessable as fault:
            raise Problem(413, "body-too-large", f"The report is too large for one record: {fault}.") from None
        document = kept.received(message) | {"published": False, "attempt": name, "begun_at": begun_at}
        if arrival.submission.supersedes is not None:
            document["claim"] = f"{arrival.submission.region_code}/{arrival.submission.period}"
        return cls(pending, event, document)

    def resuming(self, left_behind: Document, signer: Signer) -> Self:
        """With the times of an attempt at the same content: it may have reached the log, which then says those."""
        arrival = self.pending.arrival
        if left_behind["content_digest"] != arrival.content_digest:
            return self
        first = replace(arrival, **{name: left_behind[name] for name in ("arrived_at", "recorded_at", "imported")})
        return self.of(
            replace(self.pending, arrival=first),
            left_behind["due_at"],
            signer,
            name=self.document["attempt"],
            begun_at=self.document["begun_at"],
        )


class Commit:
    def __init__(
        self, store: Store, publisher: Publishes, clock: Clock, metrics: IntakeMetrics, signer: Signer
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._signer = signer

    async def run(self, batch: Sequence[Pending], *, within_s: float) -> None:
        """Settle every report of the batch.

        Raises:
            BROKEN_WORLD: those that are not settled are not known to be in the log; their attempts were taken back.
        """
        with together([pending.span for pending in batch]):
            await self._run(batch, within_s)

    async def _run(self, batch: Sequence[Pending], within_s: float) -> None:
        name = token_hex(8)
        attempts: list[_Attempt] = []
        async with asyncio.timeout(within_s) as limit:
            try:
                attempts, shut_out = await self._prepared(batch, name)
                attempts = await self._noted(attempts, shut_out)
                attempts = await self._still_admitted(attempts)
                if limit.expired():
                    raise TimeoutError  # a driver that is cleaning up can swallow the cancellation, so it is asked too
                await self._publisher.publish(attempt.event for attempt in attempts)
            except (asyncio.CancelledError, *BROKEN_WORLD):
                await self._take_back(attempts)
                raise
        await self._mark(attempts)
        for attempt in attempts:
            receipt = self._signer.receipt(attempt.document)
            self._metrics.count(receipt)
            attempt.pending.settle((receipt, False))

    async def foreseen(self, arrivals: Sequence[Arrival], together: Together) -> list[Problem | None]:
        """Why each would not be admitted as things stand; None where nothing speaks against it.

        ``together`` holds the request's reports that were asked about before, and gains these.
        """
        periods = {p.period: p for p in await self._store.periods({each.submission.period for each in arrivals})}
        known = await self._store.submissions([each.submission_id for each in arrivals])
        closed: dict[str, Problem] = {}
        found: list[Problem | None] = []
        for each in arrivals:
            period = each.submission.period
            problem = None
            if known.get(each.submission_id, {}).get("published"):
                pass  # it will be given its receipt again
            elif shut(periods.get(period), each.recorded_at):
                problem = closed[period] = closed.get(period) or await self._not_open(each)
            else:
                problem = _not_alone(each, together)
                if problem is None and each.submission.supersedes is not None:
                    problem = await self._not_current(each)
            found.append(problem)
        return found

    async def _prepared(self, batch: Sequence[Pending], name: str) -> tuple[list[_Attempt], list[Pending]]:
        """An attempt for each report whose entry is open, and the reports whose entry is not."""
        periods = await self._periods_of(batch)
        begun_at = self._clock.now()
        attempts, shut_out = [], []
        for pending in batch:
            period = periods.get(pending.arrival.submission.period)
            if period is None or shut(period, pending.arrival.recorded_at):
                shut_out.append(pending)
                continue
            try:
                attempts.append(_Attempt.of(pending, period.due_at, self._signer, name=name, begun_at=begun_at))
            except Problem as problem:
                pending.settle(problem)
        return attempts, shut_out

    async def _noted(self, attempts: Sequence[_Attempt], shut_out: Sequence[Pending]) -> list[_Attempt]:
        """Those that are now the only attempt at their report; copies and repetitions are settled."""
        refused = {id(document) for document in await self._store.begin([each.document for each in attempts])}
        noted = [attempt for attempt in attempts if id(attempt.document) not in refused]
        others = [attempt for attempt in attempts if id(attempt.document) in refused]
        if not others and not shut_out:
            return noted
        known = await self._store.submissions(
            [pending.arrival.submission_id for pending in (*(each.pending for each in others), *shut_out)]
        )
        for pending in shut_out:
            repeated = self._repeated(pending.arrival, known.get(pending.arrival.submission_id))
            pending.settle(repeated or await self._not_open(pending.arrival))
        for attempt in others:
            arrival = attempt.pending.arrival
            document = known.get(arrival.submission_id)
            if repeated := self._repeated(arrival, document):
                attempt.pending.settle(repeated)
            elif in_its_place := await self._taken_over(attempt, document):
                noted.append(in_its_place)
            else:
                attempt.pending.settle(_in_flight("This report is on its way into the log."))
        return noted

    async def look(self, arrival: Arrival) -> Admitted | Problem | None:
        """What a copy of the report got from the log; None while the log does not have it."""
        return self._repeated(arrival, await self._store.submission(arrival.submission_id))

    def _repeated(self, arrival: Arrival, known: Document | None) -> Admitted | Problem | None:
        """The first receipt again, where the log has the report already."""
        if known is None or not known.get("published"):
            return None
        if known["received"]["content_digest"] != arrival.content_digest:
            text = "This Idempotency-Key was sent with another report; send a new report under a new key."
            return Problem(422, "idempotency-key-reused", text)
        self._metrics.replays.inc()
        return self._signer.receipt(known), True

    async def _taken_over(self, attempt: _Attempt, known: Document | None) -> _Attempt | None:
        """The attempt that takes the place of one that ended with its process; None while that one may live."""
        before = self._clock.now() - ABANDONED_AFTER
        if known is None:
            # Not the report but the claim is taken, or whatever was in the way is gone.
            claim = attempt.document.get("claim")
            if claim is not None:
                await self._store.release(claim, before)
            return None if await self._store.begin([attempt.document]) else attempt
        if "attempt" not in known or known["begun_at"] >= before:
            return None
        resumed = attempt.resuming(known["received"], self._signer)
        return resumed if await self._store.take_over(resumed.document, known["attempt"]) else None

    async def _still_admitted(self, attempts: Sequence[_Attempt]) -> list[_Attempt]:
        """Those that entry and guard still let in, looked at when the attempts could be seen by everybody.

        Entry may have closed since it was found open. Closing waits for every attempt that it sees (see
        ``announcement``): either it sees this one, or the closing is seen here. So no mark is overtaken.
        """
        if not attempts:
            return []
        periods = await self._periods_of([attempt.pending for attempt in attempts])
        admitted: list[_Attempt] = []
        refused: list[tuple[_Attempt, Problem]] = []
        for attempt in attempts:
            arrival = attempt.pending.arrival
            problem = None
            if shut(periods.get(arrival.submission.period), arrival.recorded_at):
                problem = await self._not_open(arrival)
            elif arrival.submission.supersedes is not None:
                problem = await self._not_current(arrival)
            if problem is None:
                admitted.append(attempt)
            else:
                refused.append((attempt, problem))
        await self._take_back([attempt for attempt, _ in refused])
        for attempt, problem in refused:
            attempt.pending.settle(problem)
        return admitted

    async def _periods_of(self, batch: Sequence[Pending]) -> dict[str, PeriodChangedV1]:
        wanted = {pending.arrival.submission.period for pending in batch}
        return {period.period: period for period in await self._store.periods(wanted)}

    async def _not_open(self, arrival: Arrival) -> Problem:
        wanted = arrival.submission.period
        periods = await self._store.periods()
        why = shut(next((period for period in periods if period.period == wanted), None), arrival.recorded_at)
        taken = ", ".join(period.period for period in periods if shut(period, arrival.recorded_at) is None)
        text = f"Entry of {wanted} {why or 'has just opened'}. Open now: {taken or 'no period'}."
        return Problem(409, "period-not-open", text)

    async def _not_current(self, arrival: Arrival) -> Problem | None:
        """Why the report that the author means to replace cannot be; None where it is the current one."""
        region, period = arrival.submission.region_code, arrival.submission.period
        since = self._clock.now() - ABANDONED_AFTER
        if await self._store.has_others_under_way(region, period, arrival.submission_id, since):
            return _in_flight(f"Another report of {region} for {period} is on its way into the log.")
        tied = await self._store.newest(region, period)
        if len(tied) > 1 and not all("offset" in each for each in tied):
            return _in_flight(f"Reports of {region} for {period} came at once; which is the last is not known yet.")
        newest = max(tied, key=lambda each: int(each.get("offset", 0)), default=None)
        if newest is not None and newest["_id"] == arrival.submission.supersedes:
            return None
        current = None if newest is None else _told(newest)
        found = f"{current['submission_id']} of {current['arrived_at']}" if current else "none"
        text = (
            f"supersedes names {arrival.submission.supersedes}; the current report of {region} for {period} is {found}."
            " Read what is current, then name it, or leave supersedes out."
        )
        return Problem(409, "newer-report", text, current=current)

    async def _mark(self, attempts: Sequence[_Attempt]) -> None:
        if not attempts:
            return
        try:
            async with asyncio.timeout(_AFTERWARDS_WITHIN_S):
                await self._store.published(_ids(attempts), attempts[0].document["attempt"])
        except BROKEN_WORLD as error:
            # The log has them, which is what counts; intake will read it there.
            log.warning("attempts.unmarked", attempts=len(attempts), cause=type(error).__name__)

    async def _take_back(self, attempts: Sequence[_Attempt]) -> None:
        if not attempts:
            return
        try:
            async with asyncio.timeout(_AFTERWARDS_WITHIN_S):
                await self._store.take_back(_ids(attempts), attempts[0].document["attempt"])
        except BROKEN_WORLD as error:
            # They stay until they are seen to be abandoned.
            log.warning("attempts.left", attempts=len(attempts), cause=type(error).__name__)


def _ids(attempts: Sequence[_Attempt]) -> list[str]:
    return [attempt.document["_id"] for attempt in attempts]


def _not_alone(arrival: Arrival, together: Together) -> Problem | None:
    """Of several reports, one that names what it replaces would find another one current, or on its way."""
    region, period = arrival.submission.region_code, arrival.submission.period
    reports = together.setdefault((region, period), {})
    reports[arrival.submission_id] = arrival.submission.supersedes is not None
    if len(reports) == 1 or not any(reports.values()):
        return None
    text = (
        f"A report of {region} for {period} that names supersedes has to be the only new one of that region and period"
        " here, and there is another. Send them one after the other."
    )
    return Problem(409, "newer-report", text)


def _told(document: Document) -> dict[str, str]:
    return {
        "submission_id": document["_id"],
        "arrived_at": document["received"]["arrived_at"].isoformat(),
        "status_url": status_url(document["_id"]),
    }


def _in_flight(text: str) -> Problem:
    return Problem(409, IN_FLIGHT, f"{text} Send the same request again.", headers={"Retry-After": "1"})
