from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy
from services.validation.domain.comparison import Missing, within_pct
from services.validation.domain.populations import unlike_targets


def school_ages_agree(case: Case, *, difference_pct_max: Decimal) -> Iterator[Violation]:
    """The education and the health office count the same children of 7 to 15; silent where a target is missing."""
    for position, children, pupils in unlike_targets(
        case,
        "health.kab.school_age",
        within_pct(difference_pct_max),
        "edu.kab.basic",
        missing=Missing.SKIP_IF_ANY,
    ):
        expected = f"{pupils} ± {tidy(difference_pct_max)}% (edu.kab.basic)"
        yield case.breach(position, "recipients/target", found=children, expected=expected)
