"""The collector of cycles: seldom while work comes and goes, wholly by the clock."""

import asyncio
import gc
from typing import Final

WHOLE_EVERY_S: Final = 15.0
_YOUNG: Final = 20_000


def calm_collector() -> None:
    """Let the garbage collector look at what is young alone, and rarely.

    A batch of reports is some fifty thousand small objects without cycles; at the default thresholds the collector goes
    through them again and again and takes more than half of the time of reading them (``make bench``). Looking at every
    20,000 costs 4 % of that time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 50, 100)


async def collect_whole(every_s: float = WHOLE_EVERY_S) -> None:
    """Until cancelled, find the cycles that were in use when the collector looked last.

    Refused requests and read workbooks leave some, and what lives for a second is old to a collector that counts
    objects: without this they wait for minutes, and the heap grows in steps with every wave of them (``make fuzz``).
    """
    while True:
        await asyncio.sleep(every_s)
        gc.collect()
