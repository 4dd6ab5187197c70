"""What happens where one report is owed: the usual faults of real reports, each with a known share."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from cli.demo.chance import chance
from cli.demo.faults import ERRORS, SLIP, WARNINGS, Fault, is_mostly_served, places
from cli.demo.figures import RegionYear
from cli.demo.plan import Slot
from contracts.quarter import Quarter


class Ending(StrEnum):
    """By default a report is sent once and is good."""

    MISSING = "missing"
    RETURNED_AND_LEFT = "returned and left"
    RETURNED_AND_MENDED = "returned and mended"
    CORRECTED = "accepted and corrected"
    WARNED = "warned"
    WARNED_AND_JUSTIFIED = "warned and justified"


SENT_TWICE: Final = frozenset({Ending.RETURNED_AND_MENDED, Ending.CORRECTED})
RETURNED: Final = frozenset({Ending.RETURNED_AND_MENDED, Ending.RETURNED_AND_LEFT})
_UNREPORTED: Final = frozenset({Ending.MISSING, Ending.RETURNED_AND_LEFT})
_SHARES: Final = {
    Ending.RETURNED_AND_MENDED: 0.04,
    Ending.CORRECTED: 0.01,
    Ending.RETURNED_AND_LEFT: 0.015,
    Ending.WARNED: 0.07,
    Ending.WARNED_AND_JUSTIFIED: 0.03,
}


@dataclass(frozen=True, slots=True)
class Story:
    ending: Ending
    fault: Fault | None
    """None where nothing is sent."""
    place: int = 0
    """The service that the fault befalls."""


def deal(slots: Sequence[Slot], years: Mapping[str, RegionYear], *, seed: int, random: Random) -> Mapping[Slot, Story]:
    """Stories for a share of the slots; each ending at least once.

    As many reports are missing as are sent a second time.
    """
    shuffled = random.sample(slots, k=len(slots))
    counts = {ending: max(1, round(share * len(slots))) for ending, share in _SHARES.items()}
    counts[Ending.MISSING] = sum(counts[ending] for ending in SENT_TWICE)
    owed = iter(shuffled)
    endings = {next(owed): ending for ending, count in counts.items() for _ in range(count)}
    return _with_faults(endings, years, seed)


def _with_faults(endings: Mapping[Slot, Ending], years: Mapping[str, RegionYear], seed: int) -> Mapping[Slot, Story]:
    """The faults in turn, each where it breaks its own rule and no other."""
    errors, warnings = deque(ERRORS), deque(WARNINGS)
    stories: dict[Slot, Story] = {}
    for slot, ending in endings.items():
        code, quarter = slot
        if ending is Ending.MISSING:
            stories[slot] = Story(ending, fault=None)
            continue
        place = chance(seed, "place", code, quarter.text).choice(places(years[code], quarter))
        if ending is Ending.CORRECTED:
            stories[slot] = Story(ending, SLIP, place)
            continue
        turn = errors if ending in RETURNED else warnings
        has_history = any(endings.get((code, earlier)) not in _UNREPORTED for earlier in quarter.earlier_this_year)
        fault = next(one for one in turn if _fits(one, years[code], quarter, place, has_history=has_history))
        turn.remove(fault)
        turn.append(fault)
        stories[slot] = Story(ending, fault, place)
    return stories


def _fits(fault: Fault, year: RegionYear, quarter: Quarter, place: int, *, has_history: bool) -> bool:
    levels = {service.service_type.level for service in year.services}
    return (
        quarter.number in fault.quarters
        and (has_history or not fault.needs_history)
        and (len(levels) == 1 or not fault.needs_other_level)
        and (not fault.needs_most_served or is_mostly_served(year, quarter, place))
    )
