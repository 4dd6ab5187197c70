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
    position, targets = case.position, case.columns.targets
    if name not in position or any(other not in position for other in others):
        return []
    target, counted = targets[position[name]], [targets[position[other]] for other in others]
    total = None if None in counted else sum(count for count in counted if count is not None)
    return [Unlike(position[name], target, total) for _ in breaks([target], holds, [total], missing=missing)]
