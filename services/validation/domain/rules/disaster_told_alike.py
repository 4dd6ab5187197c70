from collections.abc import Iterator
from typing import Final

from services.validation.domain.case import Case, Violation

_VICTIMS: Final = {"prov": "social.prov.disaster_protection", "kab": "social.kab.disaster_protection"}
_SIGNS: Final = {
    "prov": ("health.prov.disaster_crisis", "housing.prov.disaster_home"),
    "kab": ("order.kab.disaster_rescue", "housing.kab.disaster_home"),
}


def disaster_told_alike(case: Case) -> Iterator[Violation]:
    """No office tells of a disaster's victims while the social office says that there are none.

    Silent where a target is missing, or a service type is not reported: other rules speak then.
    """
    targets = case.columns.targets
    for level, victims in _VICTIMS.items():
        position = case.position.get(victims)
        if position is None or targets[position] != 0:
            continue
        told = {sign: targets[at] for sign in _SIGNS[level] if (at := case.position.get(sign)) is not None}
        if victims_elsewhere := [f"{sign}: {target}" for sign, target in told.items() if target]:
            expected = f"> 0 ({', '.join(victims_elsewhere)})"
            yield case.breach(position, "recipients/target", found=0, expected=expected)
