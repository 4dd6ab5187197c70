"""The only reader of time."""

import time
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC, to the millisecond: what MongoDB keeps, so that a time survives its store."""
        ...


class SystemClock:
    def now(self) -> datetime:
        instant = datetime.now(UTC)  # noqa: TID251 - the one place that reads the wall clock
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


class FixedClock:
    """Stands still until it is told otherwise."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant


def monotonic_s() -> float:
    """Seconds for measuring durations; its zero means nothing."""
    return time.monotonic()


def unix_s() -> float:
    """Seconds since 1970, for metrics."""
    return time.time()  # noqa: TID251 - the one place that reads the wall clock
