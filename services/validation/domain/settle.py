"""What follows when entry of a period is closed for a region."""

from contracts.message import Message
from contracts.period import EntryClosedV1
from contracts.verdict import EntrySettledV1, ReportOverdueV1
from services.validation.domain.head import Head


def settle(closed: EntryClosedV1, head: Head) -> tuple[Message, ...]:
    """The mark passed on and, where no report was accepted, that the report is overdue."""
    reported = head.accepted_id is not None
    settled = EntrySettledV1(
        region_code=closed.region_code,
        period=closed.period,
        period_revision=closed.period_revision,
        reports=head.revision,
        reported=reported,
        closed_at=closed.closed_at,
    )
    if reported:
        return (settled,)
    overdue = ReportOverdueV1(
        region_code=closed.region_code,
        period=closed.period,
        period_revision=closed.period_revision,
        due_at=closed.due_at,
        closed_at=closed.closed_at,
        returned_reports=head.returned,
    )
    return (settled, overdue)
