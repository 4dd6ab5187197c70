"""What follows from a mark in a region's stream: the deadline nears, has passed some days ago, or entry was closed."""

from contracts.message import Message
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, EntryClosedV1
from contracts.verdict import EntrySettledV1, ReportAwaitedV1, ReportOverdueV1
from services.validation.domain.head import Head

Mark = EntryClosedV1 | DeadlineNearsV1 | DeadlinePassedV1


def settle(mark: Mark, head: Head) -> tuple[Message, ...]:
    """The close of entry is passed on; where no report was accepted before the mark, it is awaited or overdue."""
    reported = head.accepted_id is not None
    if isinstance(mark, DeadlineNearsV1):
        return () if reported else (_awaited(mark, head),)
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


def _awaited(mark: DeadlineNearsV1, head: Head) -> ReportAwaitedV1:
    return ReportAwaitedV1(
        region_code=mark.region_code,
        period=mark.period,
        period_revision=mark.period_revision,
        due_at=mark.due_at,
        days_before_due=mark.days_before_due,
        returned_reports=head.returned,
    )


def _overdue(mark: EntryClosedV1 | DeadlinePassedV1, head: Head) -> ReportOverdueV1:
    return ReportOverdueV1(
        region_code=mark.region_code,
        period=mark.period,
        period_revision=mark.period_revision,
        due_at=mark.due_at,
        closed_at=mark.occurred_at,
        returned_reports=head.returned,
        days_after_due=mark.days_after_due if isinstance(mark, DeadlinePassedV1) else None,
    )
