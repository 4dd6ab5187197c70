"""What intake reads: its own facts, so that the log can rebuild its database, and what became of each report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from chassis.events import Event, Received
from chassis.stream import Handler
from contracts.key import ClientKeyChangedV1
from contracts.message import Message
from contracts.notice import NoticeAcknowledgedV1, NoticeSettledV1
from contracts.operation import DeadLetterSettledV1
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, PeriodChangedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import SubmissionReceivedV1
from contracts.topics import (
    CLIENT_KEY_CHANGED,
    DEAD_LETTER_SETTLED,
    NOTICE_ACKNOWLEDGED,
    NOTICE_SETTLED,
    PERIOD_CHANGED,
    REPORT_OVERDUE,
    SCORECARD_UPDATED,
    SUBMISSION_JUDGED,
    SUBMISSION_RECEIVED,
    Topic,
)
from contracts.verdict import ReportOverdueV1, SubmissionJudgedV1
from services.intake.domain import kept
from services.intake.domain.happenings import event
from services.intake.store.events import Events
from services.intake.store.keys import Keys
from services.intake.store.reports import Reports
from services.intake.store.submissions import Store

M = TypeVar("M", bound=Message)
JUDGE: Final = "validation"


class Reader:
    """Keeps what was read and publishes nothing.

    The marks of closed periods, on two of the topics, are for others, and so is what is overdue while entry is open.
    """

    def __init__(self, store: Store, reports: Reports, keys: Keys) -> None:
        self._store = store
        self._reports = reports
        self._keys = keys

    @property
    def handlers(self) -> Mapping[Topic, Handler]:
        return {
            PERIOD_CHANGED: self.period_changed,
            SUBMISSION_RECEIVED: self.submission_received,
            SUBMISSION_JUDGED: self.submission_judged,
            REPORT_OVERDUE: self.report_overdue,
            SCORECARD_UPDATED: self.scorecard_updated,
            NOTICE_SETTLED: self.notice_settled,
            NOTICE_ACKNOWLEDGED: self.notice_acknowledged,
            CLIENT_KEY_CHANGED: self.key_changed,
            DEAD_LETTER_SETTLED: self.dead_letter_settled,
        }

    async def period_changed(self, batch: Sequence[Received]) -> list[Event]:
        await self._store.add_periods(message for message, _ in _only(PeriodChangedV1, batch))
        return []

    async def submission_received(self, batch: Sequence[Received]) -> list[Event]:
        facts = list(_only(SubmissionReceivedV1, batch))
        await self._reports.add(kept.report(message, record.offset) for message, record in facts)
        await self._store.add_received(
            (kept.logged(message, record.offset), record.logged_at) for message, record in facts
        )
        await self._store.add_marks(kept.mark(message) for message, _ in _only(DeadlineNearsV1, batch))
        await self._store.add_marks(kept.mark(message) for message, _ in _only(DeadlinePassedV1, batch))
        return []

    async def submission_judged(self, batch: Sequence[Received]) -> list[Event]:
        facts = _only(SubmissionJudgedV1, batch)
        await self._store.add_stage(kept.judged(message, record.logged_at) for message, record in facts)
        return []

    async def report_overdue(self, batch: Sequence[Received]) -> list[Event]:
        facts = _only(ReportOverdueV1, batch)
        await self._store.add_overdue(kept.overdue(message) for message, _ in facts if message.days_after_due is None)
        return []

    async def scorecard_updated(self, batch: Sequence[Received]) -> list[Event]:
        facts = _only(ScorecardUpdatedV1, batch)
        await self._store.add_stage(kept.scored(message, record.logged_at) for message, record in facts)
        return []

    async def notice_settled(self, batch: Sequence[Received]) -> list[Event]:
        facts = _only(NoticeSettledV1, batch)
        await self._store.add_notices(kept.notice(message, record.logged_at) for message, record in facts)
        return []

    async def notice_acknowledged(self, batch: Sequence[Received]) -> list[Event]:
        facts = _only(NoticeAcknowledgedV1, batch)
        await self._store.add_notices(kept.acknowledged(message, record.logged_at) for message, record in facts)
        return []

    async def key_changed(self, batch: Sequence[Received]) -> list[Event]:
        await self._keys.add(message for message, _ in _only(ClientKeyChangedV1, batch))
        return []

    async def dead_letter_settled(self, batch: Sequence[Received]) -> list[Event]:
        """Of reports that validation put aside: without a verdict they have no other place in the ledger."""
        facts = _only(DeadLetterSettledV1, batch)
        await self._store.add_settled(
            kept.settled(message, record.offset)
            for message, record in facts
            if message.submission_id is not None and message.service == JUDGE
        )
        return []


def noted(handlers: Mapping[Topic, Handler], events: Events) -> Mapping[Topic, Handler]:
    """The same handlers; what regions are told of is noted once it is kept, so that its links lead to it."""
    return {topic: _noting(handler, events) for topic, handler in handlers.items()}


def _noting(handler: Handler, events: Events) -> Handler:
    async def handle(batch: Sequence[Received]) -> Iterable[Event]:
        outgoing = await handler(batch)
        found = (event(record.message, offset=record.offset, logged_at=record.logged_at) for record in batch)
        await events.add(each for each in found if each is not None)
        return outgoing

    return handle


def _only(kind: type[M], batch: Sequence[Received]) -> Iterator[tuple[M, Received]]:
    for record in batch:
        if isinstance(record.message, kind):
            yield record.message, record
