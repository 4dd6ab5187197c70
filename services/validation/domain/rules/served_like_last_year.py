from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy


def served_like_last_year(case: Case, *, ratio_max: Decimal, served_min: Decimal) -> Iterator[Violation]:
    """As many are served as in the same quarter of last year, within a ratio; small counts may vary.

    Silent where a figure is missing.
    """
    then, served = case.year_before, case.columns.served
    if then is None:
        return
    for position, (now, before) in enumerate(zip(served, then.served, strict=True)):
        if now is None or before is None or max(now, before) < served_min:
            continue
        if now > ratio_max * before or before > ratio_max * now:
            expected = f"≥ 1/{tidy(ratio_max)}, ≤ {tidy(ratio_max)} kali / times {before} ({then.period})"
            yield case.breach(position, "recipients/served", found=now, expected=expected)
