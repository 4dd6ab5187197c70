"""Years upon years until so many reports stand in log and databases; what comes of it is looked at from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil

from chassis.clock import monotonic_s
from tests.load.likeness import Report, answers, balanced, some_reports, unlike
from tests.load.stock import Base, UnlikeError, add_year, base_of, have_read_all
from tests.load.system import System
from tests.load.years import FIRST, LAST, Year


@dataclass
class Copying:
    system: System
    say: Callable[[str], None]
    until_s: float
    """By the monotonic clock: no year is begun after it."""
    disk_mb_max: float
    years: int = 0
    """That were copied."""
    _base: Base | None = None
    _asked: Sequence[Report] = ()
    _told: list[bytes] = field(default_factory=list)
    """Of the first year, when it was copied first."""

    @property
    def reports(self) -> int:
        """That were copied."""
        return self.years * self._base.documents["validation", "verdicts"] if self._base else 0

    async def add(self, count: int) -> bool:
        """Whether at least so many more stand there; False where time, disk or years that can be written are over.

        Raises:
            UnlikeError: they do not read like the first year, or the services are not ready for more.
        """
        target = self.reports + count
        if self._base is None:
            self._asked = await some_reports(self.system)
            self._told = await answers(self.system, self._asked)
            await self._copy(1)  # looked at before an hour is spent on others like it
        await self._copy(target)
        return self.reports >= target

    async def _copy(self, target: int) -> None:
        """The services rest until so many reports were copied, or time, disk or years are over."""
        begun, begun_s = self.reports, monotonic_s()
        async with self.system.at_rest():
            self._base = base = self._base or await base_of(self.system.settings, self.system.folder)
            while self.reports < target and not self._over():
                await add_year(self.system.settings, base, Year(self.years + 1))
                self.years += 1
                disk_mb = sum(self.system.disk_mb().values())
                rate = (self.reports - begun) / (monotonic_s() - begun_s)
                self.say(f"{self.years} years copied: {self.reports:,} reports, {rate:.0f}/s; {disk_mb:,.0f} MB")
            await have_read_all(self.system.settings)
        await self._look()

    def _over(self) -> bool:
        disk_mb = sum(self.system.disk_mb().values())
        a_year_mb = disk_mb / (self.years + 1)
        return monotonic_s() > self.until_s or disk_mb + a_year_mb > self.disk_mb_max or self.years == LAST - FIRST

    async def _look(self) -> None:
        if waiting := {name: records for name, records in (await self.system.waiting()).items() if records}:
            raise UnlikeError(f"after the copying these wait to be read: {waiting}")
        for number in sorted({1, ceil(self.years / 2), self.years}) if self.years else ():
            year = Year(number)
            told = await answers(self.system, self._asked, year)
            if faults := unlike(self._told, told, year):
                raise UnlikeError(f"copy {number} reads otherwise at {len(faults)} of {len(told)} doors: {faults[0]}")
            self.say(f"copy {number} reads like the first year at {len(told)} doors")
        await balanced(self.system)
        self.say("every lag is 0 and the ledger of all years balances")
