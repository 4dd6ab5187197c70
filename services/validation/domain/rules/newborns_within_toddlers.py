from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_MOST, Missing
from services.validation.domain.populations import unlike_targets


def newborns_within_toddlers(case: Case) -> Iterator[Violation]:
    """The newborns of a year are some of the children under five; silent where a target is missing."""
    for position, newborns, toddlers in unlike_targets(
        case, "health.kab.newborn", AT_MOST, "health.kab.toddler", missing=Missing.SKIP_IF_ANY
    ):
        expected = f"≤ {toddlers} (health.kab.toddler)"
        yield case.breach(position, "recipients/target", found=newborns, expected=expected)
