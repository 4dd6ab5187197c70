"""An edition as people look at it: how far it has come, who was nominated, who won, who was left out, and why."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from contracts.award import AwardStep, CategoryAward, Excluded, Nominee
from contracts.message import Bilingual
from regulation.award_rows import AwardCategory
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.errors import OutOfOrder
from services.scoring.domain.steps import ORDER, Progress


class RankedRegion(Nominee):
    region_name: str


class ExcludedRegion(Excluded):
    region_name: str


class ShownCriterion(BaseModel):
    criterion: str
    name: Bilingual
    definition: Bilingual
    weight_pct: Decimal
    source: str
    """``ours`` where nobody published it."""


class ShownAward(BaseModel):
    category: str
    name: Bilingual
    state: AwardStep | None
    """How far the edition has come; null before its closing."""
    nominees: list[RankedRegion]
    winners: list[str]
    """Best first; empty until announced, for all but those who decide."""
    ranked: int
    excluded: list[ExcludedRegion]
    figures_digest: str | None
    criteria: list[ShownCriterion]


class ShownStep(BaseModel):
    number: int
    step: AwardStep
    refers_to: int | None
    seat: str | None
    taken_at: datetime
    author_role: str
    key_id: str
    reason: str
    undone_by: int | None
    """The correction that undid it; null while it stands."""


class ShownEdition(BaseModel):
    edition_year: int
    fiscal_year: int
    title: str
    stage: AwardStep | None
    missing: list[str]
    """What the next step of the order of work waits for."""
    snapshot_digest: str | None
    """Over the figures that the nomination froze."""
    panel_seats: list[str]
    awards: list[ShownAward]
    steps: list[ShownStep]


def view_of(law: Law, edition: AwardEdition, progress: Progress, *, insider: bool = False) -> ShownEdition:
    """``insider`` shows winners and the panel's scores before they are announced."""
    nomination = progress.found(AwardStep.NOMINATED)
    told = insider or progress.found(AwardStep.ANNOUNCED) is not None
    stage = progress.stage
    nominees = nomination.awards if nomination else ()
    awards = progress.awards if told else nominees
    by_category = {award.category: award for award in awards}
    return ShownEdition(
        edition_year=edition.edition_year,
        fiscal_year=edition.fiscal_year,
        title=edition.title,
        stage=stage,
        missing=_missing(edition, progress),
        snapshot_digest=nomination.snapshot_digest if nomination else None,
        panel_seats=list(edition.panel.seats),
        awards=[_award(law, edition, row, stage, by_category.get(row.id)) for row in edition.categories],
        steps=_steps(progress),
    )


def with_names(law: Law, nominees: Sequence[Nominee]) -> list[RankedRegion]:
    return [RankedRegion(**dict(one), region_name=law.regions[one.region_code].name) for one in nominees]


def excluded_with_names(law: Law, excluded: Sequence[Excluded]) -> list[ExcludedRegion]:
    return [ExcludedRegion(**dict(one), region_name=law.regions[one.region_code].name) for one in excluded]


def _award(
    law: Law, edition: AwardEdition, category: AwardCategory, stage: AwardStep | None, award: CategoryAward | None
) -> ShownAward:
    return ShownAward(
        category=category.id,
        name=Bilingual(id=category.name_id, en=category.name_en),
        state=stage,
        nominees=with_names(law, award.nominees) if award else [],
        winners=list(award.winners) if award else [],
        ranked=award.ranked if award else 0,
        excluded=excluded_with_names(law, award.excluded) if award else [],
        figures_digest=award.figures_digest if award else None,
        criteria=[
            ShownCriterion(
                criterion=row.id,
                name=Bilingual(id=row.name_id, en=row.name_en),
                definition=Bilingual(id=row.definition_id, en=row.definition_en),
                weight_pct=row.weight_pct,
                source=row.source,
            )
            for row in edition.criteria_of(category.id)
        ],
    )


def _missing(edition: AwardEdition, progress: Progress) -> list[str]:
    following = next((step for step in ORDER if progress.found(step) is None), None)
    if following is None:
        return []
    try:
        progress.admit(following, edition.panel)
    except OutOfOrder as order:
        return list(order.faults)
    return []


def _steps(progress: Progress) -> list[ShownStep]:
    undone_by = {step.refers_to: step.number for step in progress.steps if step.step is AwardStep.CORRECTED}
    return [
        ShownStep(
            number=step.number,
            step=step.step,
            refers_to=step.refers_to,
            seat=step.seat,
            taken_at=step.taken_at,
            author_role=step.author_role,
            key_id=step.key_id,
            reason=step.reason,
            undone_by=undone_by.get(step.number),
        )
        for step in progress.steps
    ]
