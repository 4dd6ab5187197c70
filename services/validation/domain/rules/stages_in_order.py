from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from contracts.submission import Stage, StageStatus
from services.validation.domain.case import Case, Violation

_STAGES: Final = tuple(Stage)
_STATUSES: Final = tuple(StageStatus)


def stages_in_order(case: Case) -> Iterator[Violation]:
    """No stage is further than the one before it; a stage that is not reported is passed over.

    Of a stage that stands twice ``stages_reported`` speaks.
    """
    stages = case.submission.stages
    in_order = sorted((_STAGES.index(report.stage), position) for position, report in enumerate(stages))
    for (_, position), (_, following) in pairwise(in_order):
        before, after = stages[position], stages[following]
        if after.stage is not before.stage and _STATUSES.index(after.status) > _STATUSES.index(before.status):
            expected = f"≤ {before.status.value} ({before.stage.value})"
            yield Violation(f"/stages/{following}/status", found=after.status.value, expected=expected)
