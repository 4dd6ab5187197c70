from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.validation.domain.case import Case, Violation

_PEOPLE: Final = "orang"


def people_are_whole(case: Case) -> Iterator[Violation]:
    """An item that counts people, in whatever case it says so, counts whole ones; silent on a missing amount."""
    columns = case.columns
    for part, amounts in (("required", columns.required), ("fulfilled", columns.fulfilled)):
        for place, amount in enumerate(amounts):
            if type(amount) is Decimal and columns.units[place].casefold() == _PEOPLE and amount % 1:
                yield case.item_breach(place, part, found=amount, expected="bilangan bulat / a whole number")
