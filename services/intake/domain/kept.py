"""What intake keeps of each fact. Every field follows from the log, so that a replay keeps the same."""

from datetime import datetime
from typing import Any

from contracts.notice import NoticeAcknowledgedV1, NoticeSettledV1
from contracts.operation import DeadLetterSettledV1
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, PeriodChangedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import ReportOverdueV1, SubmissionJudgedV1

Document = dict[str, Any]


def received(message: SubmissionReceivedV1) -> Document:
    """The report itself is left out: it is kept apart, see ``report``."""
    return {
        "_id": message.submission_id,
        "region_code": message.submission.region_code,
        "period": message.submission.period,
        "received": {
            "event_id": message.event_id,
            "client_id": message.client_id,
            "content_digest": message.content_digest,
            "arrived_at": message.arrived_at,
            "due_at": message.due_at,
            "recorded_at": message.recorded_at,
            "imported": message.imported,
        }
        | ({} if message.receipt is None else {"receipt": message.receipt}),
    }


def logged(message: SubmissionReceivedV1, offset: int) -> Document:
    """With its place in the log among the reports of its region, which share a partition."""
    return received(message) | {"offset": offset}


def report(message: SubmissionReceivedV1, offset: int) -> Document:
    return {
        "_id": message.submission_id,
        "region_code": message.submission.region_code,
        "period": message.submission.period,
        "content_digest": message.content_digest,
        "offset": offset,
        "written": message.submission.written,
    }


def judged(message: SubmissionJudgedV1, at: datetime) -> Document:
    return {
        "_id": message.submission_id,
        "region_code": message.region_code,
        "period": message.period,
        "judged": {
            "event_id": message.event_id,
            "at": at,
            "client_id": message.client_id,
            "revision": message.revision,
            "supersedes": message.supersedes,
            "outcome": message.outcome.value,
            "findings": [finding.model_dump(mode="json") for finding in message.findings],
        },
    }


def scored(message: ScorecardUpdatedV1, at: datetime) -> Document:
    return {
        "_id": message.submission_id,
        "region_code": message.region_code,
        "period": message.period,
        "scored": {
            "event_id": message.event_id,
            "at": at,
            "index_pct": str(message.index_pct),
            "band": message.band,
        },
    }


def settled(message: DeadLetterSettledV1, offset: int) -> Document:
    """What operators did about a report that validation could not judge; the latest in the log counts."""
    return {
        "_id": message.submission_id,
        "settled": {
            "event_id": message.event_id,
            "at": message.settled_at,
            "settlement": message.settlement.value,
            "reason": message.reason,
            "offset": offset,
        },
    }


def notice(message: NoticeSettledV1, at: datetime) -> Document:
    return {
        "_id": message.notice_id,
        "submission_id": message.submission_id,
        "event_id": message.event_id,
        "at": at,
        "kind": message.kind.value,
        "channel": message.channel,
        "state": message.state.value,
    }


def acknowledged(message: NoticeAcknowledgedV1, at: datetime) -> Document:
    return {
        "_id": message.event_id,
        "submission_id": message.submission_id,
        "event_id": message.event_id,
        "at": at,
        "kind": message.kind.value,
        "office": message.office,
    }


def overdue(message: ReportOverdueV1) -> Document:
    return {
        "_id": message.identity(),
        "region_code": message.region_code,
        "period": message.period,
        "period_revision": message.period_revision,
    }


def mark(message: DeadlineNearsV1 | DeadlinePassedV1) -> Document:
    """``days_after_due`` is negative before the deadline."""
    days = -message.days_before_due if isinstance(message, DeadlineNearsV1) else message.days_after_due
    return {
        "_id": message.identity(),
        "region_code": message.region_code,
        "period": message.period,
        "period_revision": message.period_revision,
        "days_after_due": days,
    }


def period(message: PeriodChangedV1) -> Document:
    return {"_id": message.period} | message.model_dump() | {"state": message.state.value}
