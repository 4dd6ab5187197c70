from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.validation.domain.case import Case, Violation

_PEOPLE: Final = "orang"


def people_are_whole(case: Case) -> Iterator[Violation]:
    """An item that counts people counts whole ones; silent on a missing amount."""
    columns = case.columns
    for part, amounts in (("required", columns.required), ("fulfilled", columns.fulfilled)):
        if Decimal not in set(map(type, amounts)):
            continue
        for place, amount in enumerate(amounts):
            if isinstance(amount, Decimal) and amount % 1 and columns.items[place].unit.casefold() == _PEOPLE:
                yield case.item_breach(place, part, found=amount, expected="bilangan bulat / a whole number")
