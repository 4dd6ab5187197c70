"""Service types of different offices that count the same people, or some of them."""

from typing import NamedTuple

from services.validation.domain.case import Case
from services.validation.domain.comparison import Missing, Operator, breaks


class Unlike(NamedTuple):
    """A service type's target that does not go with those of others."""

    position: int
    target: int | None
    others: int | None
    """The sum of the others' targets."""


def unlike_targets(case: Case, name: str, holds: Operator, *others: str, missing: Missing) -> list[Unlike]:
    """What is wrong with a service type's target, held against the sum of the targets of others; at most one.

    Silent where one of them is not in the report: ``all_service_types_reported`` speaks then.
    """
    at, targets = case.position, case.columns.targets
    try:
        position, counted = at[name], [targets[at[other]] for other in others]
    except KeyError:
        return []
    target, total = targets[position], None if None in counted else sum(count or 0 for count in counted)
    return [Unlike(position, target, total) for _ in breaks([target], holds, [total], missing=missing)]
