from collections.abc import Iterator
from datetime import UTC

from services.validation.domain.case import Case, Violation


def period_has_ended(case: Case) -> Iterator[Violation]:
    """A report arrives on the last day of its quarter or later.

    Days are those of UTC, which begin later than Indonesia's; so no report of the day after is held to be early.
    """
    if case.arrived_at is None:
        return
    arrived_on, last_day = case.arrived_at.astimezone(UTC).date(), case.last_day
    if arrived_on < last_day:
        yield Violation("/period", found=f"{case.submission.period} ({arrived_on})", expected=f"≥ {last_day}")
