"""How completely a report is filled in (tingkat keterisian), apart from what it attains.

The definition is ours; officials publish the figure and not how it is made. Regions fill in the counts and skip the
other modules of the form, so each module weighs the same, whatever the number of its figures.
"""

from collections.abc import Sequence
from decimal import Decimal

from contracts.submission import QualityItem, ServiceReport, Stage, Submission
from services.scoring.domain.rounding import NONE_PCT, WHOLE_PCT, mean, share_pct


def completeness_pct(submission: Submission, applying: Sequence[ServiceReport]) -> Decimal:
    """The mean over the modules of the share of expected figures that is filled in; zero is filled in, null is not.

    - recipients: target and served of each service that applies
    - quality: for each of them at least one item, and every item with both its figures
    - budget: allocated and realised of each of them
    - stages: each of the stages
    - team and action plan: named or not

    Problems and solutions are left out: a region may have none.
    """
    counts = [count for report in applying for count in (report.recipients.target, report.recipients.served)]
    rupiah = [amount for report in applying for amount in (report.budget.allocated, report.budget.realised)]
    stages = {stage.stage for stage in submission.stages}
    return mean(
        [
            _filled_pct(counts),
            share_pct(sum(_complete(report.quality) for report in applying), len(applying)),
            _filled_pct(rupiah),
            share_pct(len(stages), len(Stage)),
            WHOLE_PCT if submission.team else NONE_PCT,
            WHOLE_PCT if submission.action_plan else NONE_PCT,
        ]
    )


def _filled_pct(figures: Sequence[int | None]) -> Decimal:
    return share_pct(len(figures) - figures.count(None), len(figures))


def _complete(items: Sequence[QualityItem]) -> bool:
    # A plain loop: it looks at each of a report's hundred items.
    for item in items:
        if item.required is None or item.fulfilled is None:
            return False
    return bool(items)
