from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy
from services.validation.domain.comparison import Missing, within_pct
from services.validation.domain.populations import unlike_targets


def newborns_agree_with_deliveries(case: Case, *, difference_pct_max: Decimal) -> Iterator[Violation]:
    """About as many children are born as women give birth; silent where a target is missing."""
    for position, newborns, deliveries in unlike_targets(
        case,
        "health.kab.newborn",
        within_pct(difference_pct_max),
        "health.kab.delivery",
        missing=Missing.SKIP_IF_ANY,
    ):
        expected = f"{deliveries} ± {tidy(difference_pct_max)}% (health.kab.delivery)"
        yield case.breach(position, "recipients/target", found=newborns, expected=expected)
