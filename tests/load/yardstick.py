"""How fast the machine is just now: the same small piece of work, timed while something else is measured.

A processor that others use too, or that changes its clock, does the same work in a third less or more of its time from
one half hour to the next; the sizes of a load lie that far apart.
"""

import json
import random
import time
import zlib
from typing import Final

_chance = random.Random(1)  # always the same figures; nobody guesses at them
_PIECE: Final = json.dumps([{"code": f"{n:05}", "value": _chance.random()} for n in range(2_000)])


def piece_ms() -> float:
    """CPU that this thread uses for one piece: read as JSON, written again, compressed; 5 to 9 ms here."""
    begun_s = time.thread_time()
    zlib.compress(json.dumps(json.loads(_PIECE)).encode())
    return 1_000 * (time.thread_time() - begun_s)
