"""The year as it passes: entry opens, reports come in, entry closes, awards are decided, officials are told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from chassis.clock import monotonic_s
from chassis.groups import group_of, wait_until_read
from chassis.settings import Settings
from cli.demo.doors import Answer, DemoError, Doors, RefusedError
from cli.demo.plan import Plan, PlannedReport
from cli.demo.screen import Screen
from contracts.award import AwardStep
from contracts.notice import NoticeState
from contracts.quarter import quarters_of
from contracts.topics import AWARD_CHANGED, NOTICE_SETTLED, REPORT_OVERDUE, SCORECARD_UPDATED, SUBMISSION_JUDGED, Topic
from contracts.verdict import VerdictOutcome
from regulation.loading import load_law
from services.scoring.domain.audit import Audit, audit

CONCURRENCY: Final = 16
STALLED_S: Final = 120.0
"""How long a step may go without progress before the demo gives up."""
_LOOK_EVERY_S: Final = 0.5
_WEIGH_EVERY_S: Final = 1.0
_WHAT_NOTIFY_READS: Final = (SUBMISSION_JUDGED, REPORT_OVERDUE, SCORECARD_UPDATED, AWARD_CHANGED)
ORDER_OF_WORK: Final = {
    AwardStep.CLOSED: "close",
    AwardStep.NOMINATED: "nominate",
    AwardStep.DECIDED: "decide",
    AwardStep.ANNOUNCED: "announce",
}
"""What is ordered to come to each stage of an edition without a panel."""
_WHAT_INTAKE_TELLS_OF: Final = (SUBMISSION_JUDGED, REPORT_OVERDUE, SCORECARD_UPDATED, NOTICE_SETTLED)
_UNSETTLED: Final = {NoticeState.CREATED, NoticeState.SENDING, NoticeState.TEMPORARY_FAILURE}
_OPEN_REASON: Final = "Demonstration with synthetic figures: entry opens."
_CLOSE_REASON: Final = "Demonstration with synthetic figures: entry closes."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """What the system says at the end."""

    ledger: Answer
    stories: Mapping[str, Answer]
    """Each report's status and findings, by the planned key."""
    award: Answer
    attainment: Mapping[str, Answer]
    """By period."""
    notices: Mapping[tuple[str, str], int]
    """By kind and state."""
    audit: Audit
    """The edition recomputed from its bundle alone."""
    samples: int = field(default=0, compare=False)
    """How often the ledger was weighed while all this went on."""
    imbalances: tuple[str, ...] = ()
    """The samples that were out of balance."""


@dataclass
class Flow:
    plan: Plan
    doors: Doors
    settings: Settings
    """Where Kafka is, to see how far the notices have come."""
    screen: Screen
    replayed: int = 0
    """Reports that the system had already."""
    already: list[str] = field(default_factory=list)
    """Steps that an earlier run had done."""
    _samples: list[Answer] = field(default_factory=list)
    """The ledger's total and difference, again and again."""

    @property
    def periods(self) -> list[str]:
        return [quarter.text for quarter in quarters_of(self.plan.fiscal_year)]

    async def run(self) -> Found:
        weighing = asyncio.create_task(self._weigh())
        try:
            found = await self._through_the_year()
        finally:
            weighing.cancel()
            await asyncio.wait([weighing])
        if not weighing.cancelled():
            weighing.result()  # raises what ended it before its time
        return found

    async def _through_the_year(self) -> Found:
        await self.open_entry()
        receipts = await self.send()
        await self.wait_until_scored()
        await self.close_entry()
        await self.decide_awards()
        await self.wait_until_told()
        return await self.read_back(receipts)

    async def open_entry(self) -> None:
        """Open each period that was never opened; one that is closed stays closed."""
        for period in self.periods:
            known = await self.doors.period(period)
            if known is None:
                await self.doors.order_period(period, "open", _OPEN_REASON)
            elif known["state"] == "closed":
                self.already.append(f"entry of {period} is closed")

    async def send(self) -> Mapping[str, str]:
        """Each report's submission id by its key."""
        received: dict[str, str] = {}
        with self.screen.step("reports sent", len(self.plan.reports)) as step:

            async def send_in_turn(reports: Iterable[PlannedReport]) -> None:
                for report in reports:
                    receipt, replayed = await self._sent(report)
                    received[report.key] = receipt["submission_id"]
                    self.replayed += replayed
                    step.at(len(received))

            await _all(send_in_turn(reports) for reports in _lanes(self.plan.reports))
        return received

    async def _sent(self, report: PlannedReport) -> tuple[Answer, bool]:
        try:
            return await self.doors.send(report)
        except RefusedError as refusal:
            if refusal.slug == "period-not-open" and self.already:
                text = "An earlier run with another seed or nation closed the year here; this report was not in it."
                raise DemoError(
                    f"{text} Repeat that run with its options, or begin anew: make down; rm -rf .run"
                ) from None
            raise

    async def wait_until_scored(self) -> None:
        sent = len(self.plan.reports)

        async def finished() -> int:
            ledger = await self.doors.ledger(self.plan.fiscal_year)
            more = max(0, ledger["total"]["sent"] - sent)
            return int(ledger["scored"] + ledger["verdicts"][VerdictOutcome.RETURNED] - more)

        await self._watch("reports judged and scored", sent, finished)

    async def close_entry(self) -> None:
        with self.screen.step("periods closed", len(self.periods)) as step:
            for number, period in enumerate(self.periods, start=1):
                known = await self.doors.period(period)
                if known is None or known["state"] != "closed":
                    await self.doors.order_period(period, "closed", _CLOSE_REASON)
                step.at(number)

    async def decide_awards(self) -> None:
        """Every step of the order of work; what an earlier run did stands."""
        year = self.plan.edition_year
        stage = (await self.doors.award(year))["stage"]
        taken = list(ORDER_OF_WORK).index(stage) + 1 if stage else 0
        if taken == len(ORDER_OF_WORK):
            self.already.append(f"edition {year} is announced")
            return
        with self.screen.step("steps of the awards taken", len(ORDER_OF_WORK)) as step:
            for number, order in enumerate(ORDER_OF_WORK.values(), start=1):
                if number > taken:
                    await self._order(year, order)
                    self.screen.say(f"  edition {year}: {order}")
                step.at(number)

    async def _order(self, year: int, order: str) -> None:
        """As soon as nothing is in flight any more."""
        end_s = monotonic_s() + STALLED_S
        while True:
            try:
                await self.doors.order_award(year, order)
            except RefusedError as refusal:
                if refusal.slug != "figures-in-flight" or monotonic_s() > end_s:
                    raise
            else:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def wait_until_told(self) -> None:
        """Until every fact has its notices, every notice has its end, and intake knows of all that."""
        # What a step tells is published by scoring when it reads the step back.
        await self._until_read("scoring", (AWARD_CHANGED,))
        await self._until_read("notify", _WHAT_NOTIFY_READS)
        notices = await self._notices()

        async def settled() -> int:
            return sum(count for (_, state), count in (await self._notices()).items() if state not in _UNSETTLED)

        await self._watch("notices settled", sum(notices.values()), settled)
        await self._until_read("intake", _WHAT_INTAKE_TELLS_OF)

    async def _until_read(self, service: str, topics: Iterable[Topic]) -> None:
        group = group_of(service, self.settings)
        await _all(asyncio.wait_for(wait_until_read(self.settings, group, topic), STALLED_S) for topic in topics)

    async def read_back(self, submission_ids: Mapping[str, str]) -> Found:
        stories: dict[str, Answer] = {}
        with self.screen.step("verdicts read back", len(submission_ids)) as step:

            async def read(ids: Iterable[tuple[str, str]]) -> None:
                for key, submission_id in ids:
                    stories[key] = await self.doors.story(submission_id)
                    step.at(len(stories))

            ids = list(submission_ids.items())
            await _all(read(ids[lane::CONCURRENCY]) for lane in range(CONCURRENCY))
        await self._sample()
        return Found(
            ledger=self._samples[-1],
            stories=stories,
            award=await self.doors.award(self.plan.edition_year),
            attainment={period: await self.doors.attainment(period) for period in self.periods},
            notices=await self._notices(),
            audit=audit(await self.doors.bundle(self.plan.edition_year), load_law()),
            samples=len(self._samples),
            imbalances=tuple(
                f"Sample {number} of the ledger is out of balance by {sample['difference']}: {sample['total']}."
                for number, sample in enumerate(self._samples, start=1)
                if not sample["balanced"]
            ),
        )

    async def _weigh(self) -> None:
        """Until cancelled: at every moment each report that was sent has its place."""
        while True:
            await self._sample()
            await asyncio.sleep(_WEIGH_EVERY_S)

    async def _sample(self) -> None:
        self._samples.append(await self.doors.ledger(self.plan.fiscal_year))

    async def _notices(self) -> Mapping[tuple[str, str], int]:
        summary = await self.doors.notices(self.plan.fiscal_year)
        return {(row["kind"], row["state"]): row["notices"] for row in summary["counts"]}

    async def _watch(self, title: str, total: int, look: Callable[[], Awaitable[int]]) -> None:
        """Until all is done.

        Raises:
            DemoError: nothing moved for too long.
        """
        with self.screen.step(title, total) as step:
            done, moved_s = await look(), monotonic_s()
            while done < total:
                await asyncio.sleep(_LOOK_EVERY_S)
                now_done = await look()
                if now_done != done:
                    done, moved_s = now_done, monotonic_s()
                elif monotonic_s() - moved_s > STALLED_S:
                    text = f"{title}: {done} of {total}, and nothing moved for {STALLED_S:.0f} s."
                    raise DemoError(f"{text} Look at the logs of the services and at: make status")
                step.at(done)


def _lanes(reports: Iterable[PlannedReport]) -> list[list[PlannedReport]]:
    """The reports parted for concurrent senders, each region within one lane, so that its reports keep their order."""
    lanes: list[list[PlannedReport]] = [[] for _ in range(CONCURRENCY)]
    lane_of: dict[str, list[PlannedReport]] = {}
    for report in reports:
        lane = lane_of.setdefault(report.region.code, lanes[len(lane_of) % CONCURRENCY])
        lane.append(report)
    return lanes


async def _all(work: Iterable[Awaitable[Any]]) -> None:
    """All at once; the first failure ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(_awaited(one))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _awaited(work: Awaitable[T]) -> T:
    return await work
