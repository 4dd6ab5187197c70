"""The form of a region and period, and what a filled-in one says. One file is worked on at a time, beside the loop."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from chassis.errors import Retryable
from contracts.quarter import Quarter
from contracts.submission import Submission
from contracts.verdict import Finding
from regulation.errors import RegulationError
from regulation.law import Law
from services.intake.domain.workbook.filling import Filled, blank, filled, hints
from services.intake.domain.workbook.kinds import Place
from services.intake.domain.workbook.layout import Form, laid_out
from services.intake.domain.workbook.lists import Lists
from services.intake.domain.workbook.report import Fault, Reading, fault_of, read
from services.intake.sheets.reading import NotReadable, Sheets, sheets_of
from services.intake.sheets.writing import written

WAITING_MAX: Final = 32
"""Files in hand and waiting: more are turned away for the moment."""

_CODE_CHARS: Final = 20

T = TypeVar("T")


class Kept(Protocol):
    """A report that the log has."""

    @property
    def submission_id(self) -> str: ...
    @property
    def submission(self) -> Submission: ...


class KeptReports(Protocol):
    async def latest(self, region_code: str, period: str) -> Kept | None: ...


@dataclass(frozen=True)
class HandedIn:
    """A filled-in form."""

    sheets: Sheets
    region_code: str
    period: Quarter
    reading: Reading

    def address_of(self, fault: Fault) -> str:
        """The cell in the file that was sent, like ``Capaian!E12``."""
        return "!".join(self.sheets.address_of(fault.place))


class Forms:
    def __init__(self, law: Law, reports: KeptReports) -> None:
        self._law = law
        self._reports = reports
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    def lists(self, region_code: str, period: Quarter) -> Lists | None:
        """What the region reports in that period; None where there is no such region, or no law for it."""
        region = self._law.regions.get(region_code)
        if region is None or not region.reports_spm:
            return None
        try:
            return Lists(self._law.service_types(region, period.last_day))
        except RegulationError:
            return None

    async def template(self, region_code: str, period: Quarter, lists: Lists) -> bytes:
        """With what the current report of the period says, if there is one; it is what the workbook will replace."""
        current = await self._reports.latest(region_code, period.text)
        last = await self._last(region_code, period)
        if current is None:
            form = blank(region_code, period, lists, last)
        else:
            form = filled(current.submission, lists, replaces=current.submission_id)
        return await self._written(form, region_code, period, lists, last)

    async def judged(self, report: Kept, findings: Iterable[Finding]) -> bytes:
        """A report with what was found in it marked; handed in again, the workbook replaces it.

        Raises:
            NotReadable: the region or the period is none that the law knows.
        """
        submission, period = report.submission, Quarter.parse(report.submission.period)
        lists = self._lists_of(submission.region_code, period)
        form = filled(submission, lists, replaces=report.submission_id)
        faults = [fault_of(finding, form) for finding in findings]
        last = await self._last(submission.region_code, period)
        return await self._written(form, submission.region_code, period, lists, last, faults)

    async def read(self, file: bytes) -> HandedIn:
        """Raises:
        NotReadable: no form of ours, or of a region or period that the law does not know.
        """
        sheets = await self._in_turn(lambda: sheets_of(file))
        region_code, period = _head(sheets.entries.get)
        lists = self._lists_of(region_code, period)
        reading = await self._in_turn(lambda: read(Filled(sheets.entries), lists))
        return HandedIn(sheets, region_code, period, reading)

    async def marked(self, handed_in: HandedIn) -> bytes:
        """A new workbook with the same entries, the faulty ones marked; nothing else of the file goes back."""
        region_code, period = handed_in.region_code, handed_in.period
        lists, last = self._lists_of(region_code, period), await self._last(region_code, period)
        form = Filled(handed_in.sheets.entries)
        return await self._written(form, region_code, period, lists, last, handed_in.reading.faults)

    def _lists_of(self, region_code: str, period: Quarter) -> Lists:
        lists = self.lists(region_code, period)
        if lists is None:
            raise NotReadable(
                f"Daerah {region_code} tidak melapor untuk {period.text}. Unduh lagi formulirnya.",
                f"Region {region_code} reports nothing for {period.text}. Download the form again.",
            )
        return lists

    async def _last(self, region_code: str, period: Quarter) -> Submission | None:
        found = await self._reports.latest(region_code, period.preceding.text)
        return found.submission if found else None

    async def _written(
        self,
        form: Filled,
        region_code: str,
        period: Quarter,
        lists: Lists,
        last: Submission | None,
        faults: Iterable[Fault] = (),
    ) -> bytes:
        before = hints(form, filled(last, lists, replaces=None)) if last else {}
        name = self._law.regions[region_code].name
        whole = Form(name, region_code, period, lists, form, before, tuple(faults))
        return await self._in_turn(lambda: written(laid_out(whole)))

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise Retryable("too many workbooks at once")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _head(entry: Callable[[Place], object]) -> tuple[str, Quarter]:
    region_code, period = str(entry(Place("head.region_code"))), str(entry(Place("head.period")))
    try:
        return region_code[:_CODE_CHARS], Quarter.parse(period)
    except ValueError:
        raise NotReadable(
            f"Formulir ini tidak menyebut periodenya ({period[:20]!r}). Unduh lagi formulirnya.",
            f"The form names no period ({period[:20]!r}). Download it again.",
        ) from None
