"""Whether the steps of an edition follow the order of work, told from the steps alone."""

from collections.abc import Iterator

from contracts.award import AwardStep, AwardStepTakenV1
from regulation.awards import AwardEdition
from services.scoring.domain.differences import Difference
from services.scoring.domain.errors import OutOfOrder
from services.scoring.domain.panel import score_faults
from services.scoring.domain.steps import ORDER, Progress


def replay_faults(progress: Progress, edition: AwardEdition, pointer: str) -> Iterator[Difference]:
    """Each step that could not have been taken, or that is not counted as it came."""
    for place, step in enumerate(progress.steps):
        before = Progress(progress.steps[:place])
        if (step.edition_year, step.fiscal_year) != (edition.edition_year, edition.fiscal_year):
            yield Difference(f"{pointer}/{place}", f"a step of edition {step.edition_year}", edition.title)
        if step.number != place + 1:
            yield Difference(f"{pointer}/{place}/number", str(step.number), str(place + 1))
            return
        try:
            _replay(before, step, edition)
        except OutOfOrder as order:
            yield Difference(f"{pointer}/{place}", f"{step.step}: {order}", "the order of work")
            return


def _replay(before: Progress, step: AwardStepTakenV1, edition: AwardEdition) -> None:
    if step.step in ORDER:
        before.admit(step.step, edition.panel)
    elif step.step is AwardStep.CORRECTED:
        before.admit_correction(step.refers_to or 0)
    elif step.step is AwardStep.SCORED:
        nomination = before.taken(AwardStep.NOMINATED)
        faults = [told for _, told in score_faults(step.scores, nomination.awards)]
        if step.seat not in edition.panel.seats or before.entry_of(step.seat):
            faults.append(f"Seat {step.seat} has no scores to give.")
        if faults:
            raise OutOfOrder(faults)
    else:
        entry = before.numbered(step.refers_to or 0)
        if entry.step is not AwardStep.SCORED or step.seat != entry.seat:
            raise OutOfOrder([f"Step {entry.number} holds no scores of seat {step.seat}."])
        if step.taken_by == entry.taken_by or step.key_id == entry.key_id:
            raise OutOfOrder([f"{step.taken_by} confirms its own scores."])
