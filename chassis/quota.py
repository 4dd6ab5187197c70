"""How many requests somebody may send: a full quota at once, restored evenly over a minute.

Counted in this process alone: with several replicas behind a balancer a client has the quota at each. One number a
caller and no timers, so that counting costs nothing next to the request (the memory store of the ``limits`` library
looks through all its callers at every hit: 3.5 ms with 20,000 of them).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from chassis.clock import monotonic_s

WINDOW_S: Final = 60
CALLERS_MAX: Final = 10_000
"""Of whom a count is kept; beyond it, that of the caller who was silent longest is forgotten."""
_ROUNDING: Final = 1e-6
"""Of a request: who waits as long as it was told is not refused for the last bit of a float."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after a request."""

    admitted: bool
    limit: int
    left: int
    more_in_s: int
    """Whole seconds until at least one more request than ``left`` is taken."""

    def headers(self, policy: str) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers names them."""
        return {
            "RateLimit-Policy": f'"{policy}";q={self.limit};w={WINDOW_S}',
            "RateLimit": f'"{policy}";r={self.left};t={self.more_in_s}',
        }


class Quota:
    def __init__(self, per_minute: int, clock_s: Callable[[], float] = monotonic_s) -> None:
        self._per_minute = per_minute
        self._clock_s = clock_s
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Requests that are not restored yet, and when that was so."""

    def take(self, who: str, per_minute: int | None = None) -> Standing:
        """Count one request of the caller, whose limit may be its own; a refused one is not counted."""
        limit, now_s = per_minute or self._per_minute, self._clock_s()
        used, since_s = self._used.get(who, (0.0, now_s))
        restored_per_s = limit / WINDOW_S
        used = max(0.0, used - (now_s - since_s) * restored_per_s)
        admitted = used + 1 <= limit + _ROUNDING
        if admitted:
            used += 1
        self._used[who] = used, now_s
        self._used.move_to_end(who)
        if len(self._used) > CALLERS_MAX:
            self._used.popitem(last=False)
        left = max(0, floor(limit - used + _ROUNDING))
        missing = used - (limit - left - 1)
        return Standing(admitted, limit, left, max(1, ceil(missing / restored_per_s)))
