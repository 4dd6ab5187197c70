"""Memory that stays flat: few places to take it from, and cycles collected by the clock."""

import asyncio
import ctypes
import gc
from typing import Final

WHOLE_EVERY_S: Final = 15.0
_YOUNG: Final = 20_000
_ARENAS: Final = 2
_M_ARENA_MAX: Final = -8
"""glibc's ``malloc.h``."""


def few_arenas() -> None:
    """Let threads share what the C library keeps free; call it before the first of them begins.

    By default each thread may get an arena of its own, and what it frees serves no other: the threads of the database
    driver kept some 10 MB back during a stream of a gigabyte (``python -m tests.bench.stream``). Another C library than
    glibc has no such thing, and nothing happens.
    """
    if set_option := getattr(ctypes.CDLL(None), "mallopt", None):
        set_option(_M_ARENA_MAX, _ARENAS)


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
