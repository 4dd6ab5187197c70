from collections.abc import Iterator

from services.validation.domain.case import Case, Violation, written


def item_units_agree(case: Case) -> Iterator[Violation]:
    """An item that several service types need is measured in one unit, in whatever case it is written."""
    codes, units = case.columns.codes, case.columns.units
    if [*map(dict(zip(codes, units, strict=True)).__getitem__, codes)] == units:
        return
    first = dict(zip(reversed(codes), reversed(units), strict=True))
    for place, (code, unit) in enumerate(zip(codes, units, strict=True)):
        if unit.casefold() != first[code].casefold():
            yield case.item_breach(place, "unit", found=unit, expected=f"{written(first[code])} ({code})")
