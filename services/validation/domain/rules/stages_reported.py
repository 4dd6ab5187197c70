from collections.abc import Iterator
from typing import Final

from contracts.submission import Stage
from services.validation.domain.case import NOT_REPORTED, Case, Violation

_STAGES: Final = tuple(Stage)


def stages_reported(case: Case) -> Iterator[Violation]:
    """Each of the four stages is reported once."""
    first_at: dict[Stage, int] = {}
    for position, report in enumerate(case.submission.stages):
        if report.stage in first_at:
            expected = f"satu kali, seperti pada / once, as at /stages/{first_at[report.stage]}"
            yield Violation(f"/stages/{position}/stage", found=report.stage.value, expected=expected)
        first_at.setdefault(report.stage, position)
    for stage in _STAGES:
        if stage not in first_at:
            yield Violation("/stages", found=NOT_REPORTED, expected=stage.value)
