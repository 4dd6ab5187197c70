"""What is done when a step of an edition is ordered: look at what stands, decide, keep, publish."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chassis.errors import Retryable
from chassis.events import Event
from chassis.kafka import Publishes
from chassis.problems import Fault, Problem
from contracts.award import AwardStep, AwardStepTakenV1, PanelScore
from contracts.quarter import quarters_of
from regulation.award_rows import AwardCategory
from regulation.awards import AwardEdition
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.errors import AlreadyTaken, OutOfOrder
from services.scoring.domain.flight import unsettled
from services.scoring.domain.law_rows import law_digest
from services.scoring.domain.nomination import decided, nominated
from services.scoring.domain.panel import score_faults
from services.scoring.domain.snapshot import Snapshot
from services.scoring.domain.steps import Author, Progress
from services.scoring.store import Store


@dataclass(frozen=True, slots=True)
class AwardDesk:
    """Repeating the last order changes nothing and publishes what a failure left unpublished.

    Every order may raise ``Problem``, or ``OutOfOrder`` where steps are missing or in the way.
    """

    law: Law
    store: Store
    publisher: Publishes
    past_known: asyncio.Event
    """Set when the log was read up to where it ended at the start."""

    def edition(self, edition_year: int) -> AwardEdition:
        try:
            return self.law.award_edition(edition_year)
        except RegulationError as silent:
            raise Problem(404, "edition-unknown", str(silent)) from silent

    def category(self, edition: AwardEdition, category: str) -> AwardCategory:
        try:
            return edition.category(category)
        except RegulationError as silent:
            raise Problem(404, "category-unknown", str(silent)) from silent

    async def close(self, edition: AwardEdition, author: Author) -> Progress:
        progress = await self._published(edition)
        if progress.stands_at(AwardStep.CLOSED):
            return progress
        progress.admit(AwardStep.CLOSED, edition.panel)
        snapshot = await self._settled(edition)
        return await self._take(progress, edition, author, AwardStep.CLOSED, snapshot_digest=snapshot.digest)

    async def nominate(self, edition: AwardEdition, author: Author) -> Progress:
        progress = await self._published(edition)
        if progress.stands_at(AwardStep.NOMINATED):
            return progress
        progress.admit(AwardStep.NOMINATED, edition.panel)
        snapshot = await self._settled(edition)
        self._refuse_changed(edition, progress.taken(AwardStep.CLOSED), snapshot)
        return await self._take(
            progress,
            edition,
            author,
            AwardStep.NOMINATED,
            snapshot_digest=snapshot.digest,
            submissions=snapshot.submissions,
            law_digest=law_digest(self.law, edition),
            law_rows=edition.row_ids,
            awards=nominated(self.law, edition, snapshot.figures),
        )

    async def enter_scores(
        self, edition: AwardEdition, author: Author, *, seat: str, scores: Sequence[PanelScore]
    ) -> Progress:
        """Of one seat of the panel, for every nominee of every category."""
        progress = await self._published(edition)
        nomination = progress.taken(AwardStep.NOMINATED)
        self._refuse_decided(progress)
        _refuse_unfit(edition, seat, score_faults(scores, nomination.awards))
        entry = progress.entry_of(seat)
        if entry is None:
            return await self._take(progress, edition, author, AwardStep.SCORED, seat=seat, scores=tuple(scores))
        if (entry.taken_by, entry.scores) != (author.client_id, tuple(scores)):
            raise AlreadyTaken([f"Seat {seat} has its scores (step {entry.number}); correct that step first."])
        return progress

    async def confirm_scores(self, edition: AwardEdition, author: Author, *, number: int) -> Progress:
        """By another client than the one that entered them."""
        progress = await self._published(edition)
        entry = progress.numbered(number)
        if entry.step is not AwardStep.SCORED:
            raise OutOfOrder([f"Step {number} ({entry.step}) holds no scores; confirm a step that does."])
        self._refuse_decided(progress)
        if author.client_id == entry.taken_by or author.key_id == entry.key_id:
            text = f"Step {number} was entered by {entry.taken_by}; another client has to confirm it."
            raise Problem(403, "four-eyes", text)
        if progress.confirmation_of(entry):
            return progress
        return await self._take(progress, edition, author, AwardStep.CONFIRMED, refers_to=entry.number, seat=entry.seat)

    async def decide(self, edition: AwardEdition, author: Author) -> Progress:
        progress = await self._published(edition)
        if progress.stands_at(AwardStep.DECIDED):
            return progress
        progress.admit(AwardStep.DECIDED, edition.panel)
        nomination = progress.taken(AwardStep.NOMINATED)
        self._refuse_changed(edition, nomination, await self._settled(edition))
        return await self._take(
            progress,
            edition,
            author,
            AwardStep.DECIDED,
            snapshot_digest=nomination.snapshot_digest,
            law_digest=nomination.law_digest,
            law_rows=nomination.law_rows,
            awards=decided(nomination.awards, edition, progress.panel_scores()),
        )

    async def announce(self, edition: AwardEdition, author: Author) -> Progress:
        """Tell the winners what was decided."""
        progress = await self._published(edition)
        if progress.stands_at(AwardStep.ANNOUNCED):
            return progress
        progress.admit(AwardStep.ANNOUNCED, edition.panel)
        decision = progress.taken(AwardStep.DECIDED)
        kept = {"law_digest": decision.law_digest, "law_rows": decision.law_rows, "awards": decision.awards}
        return await self._take(progress, edition, author, AwardStep.ANNOUNCED, **kept)

    async def correct(self, edition: AwardEdition, author: Author, *, number: int) -> Progress:
        """Undo the last step that stands."""
        progress = await self._published(edition)
        if progress.repeats_correction(number):
            return progress
        undone = progress.admit_correction(number)
        return await self._take(progress, edition, author, AwardStep.CORRECTED, refers_to=undone.number)

    async def frozen(self, nomination: AwardStepTakenV1) -> Snapshot:
        """The figures as they were nominated from, whatever came later."""
        return Snapshot.of(await self.store.counted(nomination.submissions))

    async def _published(self, edition: AwardEdition) -> Progress:
        """The edition's steps; one that a failure left unpublished is published first.

        Raises:
            Retryable: what was decided before is not yet known.
        """
        if not self.past_known.is_set():
            raise Retryable("the log is still being read up to the point where it ended at the start")
        kept = await self.store.steps(edition.edition_year)
        await self._publish([one.step for one in kept if not one.published])
        return Progress(tuple(one.step for one in kept))

    async def _take(
        self, progress: Progress, edition: AwardEdition, author: Author, step: AwardStep, **content: Any
    ) -> Progress:
        after = progress.after(edition, author, step, **content)
        taken = after.steps[-1]
        await self.store.take_step(taken)
        await self._publish([taken])
        return after

    async def _publish(self, steps: Sequence[AwardStepTakenV1]) -> None:
        await self.publisher.publish(Event.of(step) for step in steps)
        await self.store.keep_published(steps)

    async def _settled(self, edition: AwardEdition) -> Snapshot:
        """Marks are read before the figures that they vouch for.

        Raises:
            Problem: 409, something is still in flight.
        """
        periods = periods_of(edition)
        marks, calendar = await self.store.marks(periods), await self.store.periods(periods)
        figures = await self.store.figures_of(periods)
        found = unsettled(
            quarters_of(edition.fiscal_year),
            [region.code for region in self.law.regions.reporting()],
            periods=calendar,
            marks=marks,
            scored=[(one.region_code, one.period) for one in figures],
        )
        if found:
            told = " ".join(one.detail for one in found)
            text = f"Figures of fiscal year {edition.fiscal_year} may still change: {told}"
            faults = [Fault(code=one.code, pointer=f"/periods/{one.period}", detail=one.detail) for one in found]
            raise Problem(409, "figures-in-flight", text, errors=faults)
        return Snapshot.of(figures)

    def _refuse_changed(self, edition: AwardEdition, before: AwardStepTakenV1, snapshot: Snapshot) -> None:
        if before.law_digest not in {None, law_digest(self.law, edition)}:
            changed = "A row of law"
        elif before.snapshot_digest != snapshot.digest:
            changed = _changed(before, snapshot)
        else:
            return
        text = f"{changed} changed since step {before.number} ({before.step}); correct the steps and take them again."
        raise Problem(409, "figures-changed", text)

    def _refuse_decided(self, progress: Progress) -> None:
        decision = progress.found(AwardStep.DECIDED)
        if decision:
            raise AlreadyTaken([f"The edition is decided (step {decision.number}); correct that step first."])


def periods_of(edition: AwardEdition) -> list[str]:
    return [quarter.text for quarter in quarters_of(edition.fiscal_year)]


def _refuse_unfit(edition: AwardEdition, seat: str, faults: Sequence[tuple[int | None, str]]) -> None:
    if seat not in edition.panel.seats:
        seats = ", ".join(edition.panel.seats) or "none: no panel sits"
        raise Problem(
            422, "panel-scores-unfit", f"{seat} is no seat of the panel of {edition.title}; seats are {seats}."
        )
    if faults:
        errors = [
            Fault(code="panel-score", pointer="/scores" if place is None else f"/scores/{place}", detail=told)
            for place, told in faults
        ]
        raise Problem(422, "panel-scores-unfit", f"{len(faults)} scores cannot be taken as they are.", errors=errors)


def _changed(before: AwardStepTakenV1, snapshot: Snapshot) -> str:
    known = set(before.submissions)
    new = [f"{one.region_code} {one.period}" for one in snapshot.figures if one.submission_id not in known]
    return f"The figures of {', '.join(new[:20])}" if known and new else "A figure"
