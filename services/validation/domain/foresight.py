"""A report that nobody has handed in yet, as it would come."""

from datetime import datetime
from typing import Final

from contracts.submission import Submission, SubmissionReceivedV1
from regulation.law import Law

SUBMISSION_ID: Final = "not-handed-in"
"""No id of a report that was handed in: those are UUIDs."""


def as_if_received(law: Law, submission: Submission, *, client_id: str, at: datetime) -> SubmissionReceivedV1:
    """The deadline is that of the law: only intake knows whether it was extended, and no finding rests on it.

    Raises:
        RegulationError: the law has no calendar for the period.
    """
    return SubmissionReceivedV1(
        submission_id=SUBMISSION_ID,
        client_id=client_id,
        content_digest=submission.content_digest,
        arrived_at=at,
        due_at=law.calendar(submission.period).due_at,
        recorded_at=at,
        submission=submission,
    )
