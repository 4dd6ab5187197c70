from collections.abc import Iterator
from decimal import Decimal

from contracts.quarter import Quarter
from services.validation.domain.case import Case, Violation


def served_grows_steadily(case: Case, *, pace_ratio_max: Decimal, growth_pct_min: Decimal) -> Iterator[Violation]:
    """A quarter serves about as many as those before it; a small growth is no jump, however great its ratio.

    Silent where a figure is missing or nobody was served before.
    """
    then, now = case.before, case.columns
    if then is None:
        return
    quarters = Quarter.parse(then.period).number
    since = case.quarter.number - quarters
    for position, (target, served, before) in enumerate(zip(now.targets, now.served, then.served, strict=True)):
        if not target or served is None or not before:
            continue
        growth = served - before
        if growth * 100 >= growth_pct_min * target * since and growth * quarters > pace_ratio_max * before * since:
            most = before + int(pace_ratio_max * before * since / quarters)
            expected = f"≤ {most} ({then.period}: {before})"
            yield case.breach(position, "recipients/served", found=served, expected=expected)
