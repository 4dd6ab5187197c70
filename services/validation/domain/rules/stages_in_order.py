from collections.abc import Iterator
from typing import Final

from contracts.submission import Stage, StageStatus
from services.validation.domain.case import Case, Violation

_STATUSES: Final = tuple(StageStatus)
_STAGES: Final = tuple(Stage)


def stages_in_order(case: Case) -> Iterator[Violation]:
    """No stage is further than the one before it; a stage that is not reported is passed over."""
    at = {report.stage: position for position, report in reversed(list(enumerate(case.submission.stages)))}
    reached: tuple[Stage, StageStatus] | None = None
    for stage in _STAGES:
        if stage not in at:
            continue
        status = case.submission.stages[at[stage]].status
        if reached and _STATUSES.index(status) > _STATUSES.index(reached[1]):
            expected = f"≤ {reached[1].value} ({reached[0].value})"
            yield Violation(f"/stages/{at[stage]}/status", found=status.value, expected=expected)
        reached = (stage, status)
