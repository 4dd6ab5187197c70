"""What follows from a mark in a region's stream: entry was closed, or some days have passed since the deadline."""

from contracts.message import Message
from contracts.period import DeadlinePassedV1, EntryClosedV1
from contracts.verdict import EntrySettledV1, ReportOverdueV1
from services.validation.domain.head import Head

Mark = EntryClosedV1 | DeadlinePassedV1


def settle(mark: Mark, head: Head) -> tuple[Message, ...]:
    """The close of entry is passed on; where no report was accepted before the mark, the report is overdue."""
    reported = head.accepted_id is not None
    passed_on = (_settled(mark, head, reported=reported),) if isinstance(mark, EntryClosedV1) else ()
    return passed_on if reported else (*passed_on, _overdue(mark, head))


def _settled(closed: EntryClosedV1, head: Head, *, reported: bool) -> EntrySettledV1:
    return EntrySettledV1(
        region_code=closed.region_code,
        period=closed.period,
        period_revision=closed.period_revision,
        reports=head.revision,
        reported=reported,
        closed_at=closed.closed_at,
    )


def _overdue(mark: Mark, head: Head) -> ReportOverdueV1:
    return ReportOverdueV1(
        region_code=mark.region_code,
        period=mark.period,
        period_revision=mark.period_revision,
        due_at=mark.due_at,
        closed_at=mark.occurred_at,
        returned_reports=head.returned,
        days_after_due=mark.days_after_due if isinstance(mark, DeadlinePassedV1) else None,
    )
