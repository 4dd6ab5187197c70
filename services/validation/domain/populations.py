"""Service types of different offices that count the same people, or some of them."""

from collections.abc import Iterator

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import Missing, Operator, breaks


def unlike_targets(
    case: Case, name: str, holds: Operator, *others: str, told: str, missing: Missing
) -> Iterator[Violation]:
    """What is wrong with a service type's target, held against the sum of the targets of others.

    Silent where one of them is not in the report: ``all_service_types_reported`` speaks then.
    """
    position, others_at = case.position.get(name), [case.position.get(other) for other in others]
    if position is None or None in others_at:
        return
    targets = case.columns.targets
    counted = [targets[at] for at in others_at if at is not None]
    limit = None if None in counted else sum(count for count in counted if count is not None)
    for _ in breaks([targets[position]], holds, [limit], missing=missing):
        expected = f"{told} {limit} ({' + '.join(others)})"
        yield case.breach(position, "recipients/target", found=targets[position], expected=expected)
