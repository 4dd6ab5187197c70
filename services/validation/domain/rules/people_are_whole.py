from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.validation.domain.case import Case, Violation

_PEOPLE: Final = {"orang", "Orang", "ORANG"}


def people_are_whole(case: Case) -> Iterator[Violation]:
    """An item that counts people counts whole ones; silent on a missing amount."""
    columns = case.columns
    people = [place for place, unit in enumerate(columns.units) if unit in _PEOPLE]
    for part, amounts in (("required", columns.required), ("fulfilled", columns.fulfilled)):
        for place in people:
            amount = amounts[place]
            if isinstance(amount, Decimal) and amount % 1:
                yield case.item_breach(place, part, found=amount, expected="bilangan bulat / a whole number")
