from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, written


def item_units_agree(case: Case) -> Iterator[Violation]:
    """An item that several service types need is measured in one unit, in whatever case it is written."""
    items = case.columns.items
    units: dict[str, str] = {item.code: item.unit for item in reversed(items)}
    if all(units[item.code] == item.unit for item in items):
        return
    for place, item in enumerate(items):
        if item.unit.casefold() != units[item.code].casefold():
            yield case.item_breach(
                place, "unit", found=item.unit, expected=f"{written(units[item.code])} ({item.code})"
            )
