"""The order of work of an edition: each step recorded, none skipped, each undone only by a recorded correction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from contracts.award import AwardChangedV1, AwardState, AwardStep, AwardStepTakenV1, CategoryAward
from regulation.award_rows import Panel
from regulation.awards import AwardEdition
from services.scoring.domain.errors import AlreadyTaken, OutOfOrder
from services.scoring.domain.panel import Given, given

ORDER: Final = (AwardStep.CLOSED, AwardStep.NOMINATED, AwardStep.DECIDED, AwardStep.ANNOUNCED)
"""The steps that every edition takes; the panel's stand between nomination and decision."""
_ORDERS: Final[Mapping[AwardStep, str]] = {
    AwardStep.CLOSED: "close",
    AwardStep.NOMINATED: "nominate",
    AwardStep.DECIDED: "decide",
    AwardStep.ANNOUNCED: "announce",
}


@dataclass(frozen=True, slots=True)
class Author:
    """Who takes a step, by office and by key, when and why."""

    client_id: str
    key_id: str
    role: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Progress:
    """How far an edition has come."""

    steps: tuple[AwardStepTakenV1, ...] = ()
    """Every step that was ever taken, in order."""

    @cached_property
    def standing(self) -> tuple[AwardStepTakenV1, ...]:
        """The steps that no correction has undone."""
        standing: list[AwardStepTakenV1] = []
        for step in self.steps:
            if step.step is AwardStep.CORRECTED:
                standing.pop()
            else:
                standing.append(step)
        return tuple(standing)

    def after(self, edition: AwardEdition, author: Author, step: AwardStep, **content: Any) -> "Progress":
        """With one more step at its end."""
        taken = AwardStepTakenV1(
            edition_year=edition.edition_year,
            fiscal_year=edition.fiscal_year,
            number=len(self.steps) + 1,
            step=step,
            taken_at=author.at,
            taken_by=author.client_id,
            key_id=author.key_id,
            author_role=author.role,
            reason=author.reason,
            **content,
        )
        return Progress((*self.steps, taken))

    @property
    def stage(self) -> AwardStep | None:
        """The last of ``ORDER`` that stands; None before the first."""
        return next((one.step for one in reversed(self.standing) if one.step in ORDER), None)

    @property
    def awards(self) -> tuple[CategoryAward, ...]:
        """What stands for each category; empty until nominated."""
        return next((one.awards for one in reversed(self.standing) if one.awards), ())

    @property
    def told(self) -> Mapping[str, AwardChangedV1]:
        """What others were told last of each category, and what no correction has undone: winners once announced."""
        return {change.category: change for step in self.standing for change in changes_of(step)}

    def found(self, step: AwardStep) -> AwardStepTakenV1 | None:
        return next((one for one in self.standing if one.step is step), None)

    def taken(self, step: AwardStep) -> AwardStepTakenV1:
        """The step as it stands.

        Raises:
            OutOfOrder: it was not taken, or was undone.
        """
        found = self.found(step)
        if found is None:
            raise OutOfOrder([_missing(step)])
        return found

    def numbered(self, number: int) -> AwardStepTakenV1:
        """Raises:
        OutOfOrder: no such step stands.
        """
        for one in self.standing:
            if one.number == number:
                return one
        standing = ", ".join(f"{one.number} ({one.step})" for one in self.standing) or "none"
        raise OutOfOrder([f"Step {number} does not stand; standing are: {standing}."])

    def stands_at(self, step: AwardStep) -> bool:
        """Whether this step of ``ORDER`` was the last to be taken, so that the order for it is a repetition."""
        return self.stage is step

    def admit(self, step: AwardStep, panel: Panel) -> None:
        """Raises:
        AlreadyTaken: the step stands, with others behind it.
        OutOfOrder: steps before it are missing; each is told.
        """
        if self.found(step):
            last = self.standing[-1]
            text = f"The edition is {step} already; last was step {last.number} ({last.step}). Correct that one first."
            raise AlreadyTaken([text])
        before = ORDER[: ORDER.index(step)]
        faults = [_missing(one) for one in before if not self.found(one)]
        if step in {AwardStep.DECIDED, AwardStep.ANNOUNCED}:
            faults += self.open_seats(panel)
        if faults:
            raise OutOfOrder(faults)

    def entry_of(self, seat: str) -> AwardStepTakenV1 | None:
        return next((one for one in self.standing if one.step is AwardStep.SCORED and one.seat == seat), None)

    def confirmation_of(self, entry: AwardStepTakenV1) -> AwardStepTakenV1 | None:
        return next((o for o in self.standing if o.step is AwardStep.CONFIRMED and o.refers_to == entry.number), None)

    def open_seats(self, panel: Panel) -> list[str]:
        """What is missing of the panel's scores."""
        faults = []
        for seat in panel.seats:
            entry = self.entry_of(seat)
            if entry is None:
                faults.append(f"The scores of seat {seat} are missing; enter them.")
            elif self.confirmation_of(entry) is None:
                faults.append(f"The scores of seat {seat} (step {entry.number}) wait to be confirmed by another key.")
        return faults

    def panel_scores(self) -> Mapping[str, Given]:
        """The scores of each seat, as they were confirmed."""
        entries = (one for one in self.standing if one.step is AwardStep.SCORED and self.confirmation_of(one))
        return {str(one.seat): given(one.scores) for one in entries}

    def admit_correction(self, number: int) -> AwardStepTakenV1:
        """The step that is undone.

        Raises:
            OutOfOrder: it is not the last that stands.
        """
        step = self.numbered(number)
        last = self.standing[-1]
        if step is not last:
            text = f"Step {number} ({step.step}) has others behind it; correct step {last.number} ({last.step}) first."
            raise OutOfOrder([text])
        return step

    def repeats_correction(self, number: int) -> bool:
        """Whether the last that was done is this very correction."""
        return bool(self.steps) and self.steps[-1].step is AwardStep.CORRECTED and self.steps[-1].refers_to == number


def changes_of(step: AwardStepTakenV1) -> list[AwardChangedV1]:
    """What a step tells others: nominees when they are named, winners when they are announced."""
    states = {AwardStep.NOMINATED: AwardState.NOMINATED, AwardStep.ANNOUNCED: AwardState.DECIDED}
    state = states.get(step.step)
    if state is None:
        return []
    return [
        AwardChangedV1(
            **dict(award),
            edition_year=step.edition_year,
            fiscal_year=step.fiscal_year,
            revision=step.number,
            state=state,
            law_rows=step.law_rows,
            changed_at=step.taken_at,
            changed_by=step.taken_by,
            author_role=step.author_role,
            reason=step.reason,
        )
        for award in step.awards
    ]


def progress_by_edition(steps: Iterable[AwardStepTakenV1]) -> Mapping[int, Progress]:
    by_edition: dict[int, list[AwardStepTakenV1]] = {}
    for step in sorted(steps, key=lambda one: (one.edition_year, one.number)):
        by_edition.setdefault(step.edition_year, []).append(step)
    return {year: Progress(tuple(taken)) for year, taken in by_edition.items()}


def _missing(step: AwardStep) -> str:
    return f"The edition is not {step} yet; take the step {_ORDERS[step]!r} first."
