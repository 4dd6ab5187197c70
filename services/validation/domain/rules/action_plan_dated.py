from collections.abc import Iterator

from services.validation.domain.case import Case, Violation


def action_plan_dated(case: Case) -> Iterator[Violation]:
    """The action plan is not younger than the quarter; of none ``action_plan_made`` speaks."""
    plan, last_day = case.submission.action_plan, case.last_day
    if plan is not None and plan.adopted_on > last_day:
        yield Violation("/action_plan/adopted_on", found=f"{plan.adopted_on}", expected=f"≤ {last_day}")
