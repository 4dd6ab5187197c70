"""What a nation, ten and a hundred need, by the figures of a load: processors, replicas, partitions, memory, disk.

reports/s    546 regions in the last ten minutes, times nations, times 1 or 20
processors   reports/s x CPU of a report / 0.6, since nothing should be busier than that for minutes
replicas     as many as a service needs processors, for one process uses one; two at least, so that one may go
partitions   as many as the service with most replicas has, 12 at least
memory       of every replica what it had at most
disk a year  reports of a year x bytes of a report, in three copies
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from contracts.topics import PARTITIONS
from tests.faults.harness import SERVICES
from tests.load.evening import LAST_MINUTES_S, NATION, TIMES, Evening
from tests.load.system import ENGINES

NATIONS: Final = (1, 10, 100)
BUSY_AT_MOST: Final = 0.6
REPLICAS_LEAST: Final = 2
REPORTS_A_YEAR: Final = 4 * NATION
COPIES: Final = 3
MB_A_GB: Final = 1_024
HEAD: Final = (
    *("nations", "load", "reports/s", *(f"{service} replicas" for service in SERVICES)),
    *(f"{engine} processors" for engine in ENGINES),
    *("partitions", "services' memory GB", "disk GB a year"),
)


@dataclass(frozen=True)
class Need:
    """Of so many nations, at so many times the load of an evening."""

    nations: int
    times: int
    processors: dict[str, float]
    """By process."""
    memory_mb: dict[str, float]
    """Of one replica."""
    report_mb: float

    @classmethod
    def of(cls, nations: int, times: int, done: Evening, report_mb: float) -> "Need":
        per_second = nations * times * NATION / LAST_MINUTES_S
        processors = {name: per_second * done.cpu_ms(name) / 1_000 / BUSY_AT_MOST for name in (*SERVICES, *ENGINES)}
        memory_mb = {name: max(look[name] for look in done.seen.resident_mb) for name in SERVICES}
        return cls(nations, times, processors, memory_mb, report_mb)

    @property
    def replicas(self) -> dict[str, int]:
        return {name: max(REPLICAS_LEAST, ceil(self.processors[name])) for name in SERVICES}

    @property
    def partitions(self) -> int:
        return max(PARTITIONS, *self.replicas.values())

    def cells(self) -> list[str]:
        memory_gb = sum(count * self.memory_mb[name] for name, count in self.replicas.items()) / MB_A_GB
        disk_gb = COPIES * self.nations * REPORTS_A_YEAR * self.report_mb / MB_A_GB
        return [
            *(f"{self.nations}", f"{self.times}x", f"{self.nations * self.times * NATION / LAST_MINUTES_S:.1f}"),
            *(f"{count}" for count in self.replicas.values()),
            *(f"{self.processors[engine]:.1f}" for engine in ENGINES),
            *(f"{self.partitions}", f"{memory_gb:.1f}", f"{disk_gb:.1f}"),
        ]


def needs(done: Evening, report_mb: float) -> Sequence[Need]:
    return [Need.of(nations, times, done, report_mb) for nations in NATIONS for times in TIMES]
