from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import NOT_REPORTED, Case, Violation


def action_plan_made(case: Case, *, quarter_min: Decimal) -> Iterator[Violation]:
    """From a quarter on, the report names the action plan by its document."""
    if case.submission.action_plan is None and case.quarter.number >= quarter_min:
        yield Violation(
            "/action_plan", found=NOT_REPORTED, expected="dokumen rencana aksi / the action plan's document"
        )
