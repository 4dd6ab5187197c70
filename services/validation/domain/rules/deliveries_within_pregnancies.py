from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation, tidy
from services.validation.domain.comparison import Missing, at_most_times
from services.validation.domain.populations import unlike_targets


def deliveries_within_pregnancies(case: Case, *, ratio_max: Decimal) -> Iterator[Violation]:
    """Hardly more women give birth in a year than are pregnant in it; silent where a target is missing."""
    for position, deliveries, pregnancies in unlike_targets(
        case,
        "health.kab.delivery",
        at_most_times(ratio_max),
        "health.kab.pregnancy",
        missing=Missing.SKIP_IF_ANY,
    ):
        expected = f"≤ {tidy(ratio_max * 100)}% dari / of {pregnancies} (health.kab.pregnancy)"
        yield case.breach(position, "recipients/target", found=deliveries, expected=expected)
