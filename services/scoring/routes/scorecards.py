"""What a region attained, and what each of its corrections changed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis.access import KeyRow
from chassis.http import require_view, requires
from chassis.openapi import refusal
from chassis.problems import Problem
from contracts.message import COUNT_MAX, Bilingual, PeriodText, RegionCode
from contracts.quarter import Quarter
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import Submission
from regulation.law import Law
from services.scoring.domain.basis import basis_of
from services.scoring.domain.corrections import FigureChange, ServiceChange, figures_changed, services_changed
from services.scoring.domain.standing import Standing, standing
from services.scoring.store import KeptScorecard, Store

SCOPE: Final = "scorecards:read"
CHANGES_SHOWN: Final = 500

Revision = Annotated[int | None, Query(ge=1, le=COUNT_MAX, description="That of the report; the one that counts.")]


class ShownScorecard(BaseModel):
    """The scorecard, unrounded, and what of it is shown to people: achievement and completeness together."""

    region_name: str
    index_shown: Decimal
    completeness_shown: Decimal
    band_name: Bilingual
    standing: Standing
    counts: bool
    """Whether this is the revision that counts."""
    scorecard: ScorecardUpdatedV1


class ShownRevision(BaseModel):
    """One scorecard of a region and period, and what it changed against the one before."""

    revision: int
    submission_id: str
    counts: bool
    index_pct: Decimal
    completeness_pct: Decimal
    band: str
    on_time: bool
    index_before_pct: Decimal | None
    """Null for the first."""
    band_before: str | None
    services: list[ServiceChange]
    figures_changed: int
    figures: list[FigureChange]
    """The first of them, in the order of the report."""


@dataclass(frozen=True, slots=True)
class Scorecards:
    """The scorecards of one region and period as a door finds them."""

    store: Store

    async def revisions(self, region: str, period: str) -> list[KeptScorecard]:
        """Raises:
        Problem: 404, there is none.
        """
        found = await self.store.revisions(region, period)
        if not found:
            raise Problem(404, "not-found", f"No report of {region} for {period} was accepted and scored.")
        return found

    async def one(self, region: str, period: str, revision: int | None) -> tuple[KeptScorecard, bool]:
        """That of the revision, or the one that counts; and whether it counts.

        Raises:
            Problem: 404, there is none.
        """
        found = await self.revisions(region, period)
        for kept in found:
            if kept.figures.revision == (revision or found[-1].figures.revision):
                return kept, kept is found[-1]
        known = ", ".join(str(kept.figures.revision) for kept in found)
        raise Problem(404, "not-found", f"{region} has no scorecard {revision} for {period}; there are: {known}.")

    async def report(self, kept: KeptScorecard) -> Submission:
        """Raises:
        Problem: 404, the scorecard was kept before reports were kept with it.
        """
        submission_id = kept.figures.submission_id
        reports = await self.store.reports([submission_id])
        if submission_id not in reports:
            text = f"The report {submission_id} is not kept beside its scorecard. Rebuild scoring from the log."
            raise Problem(404, "not-found", text)
        return reports[submission_id]


def scorecard_routes(law: Law, store: Store) -> APIRouter:
    router = APIRouter(
        prefix="/v1/scorecards/{region}/{period}",
        tags=["scorecards"],
        responses=refusal("not-found", 404, "No report of 64.71 for 2023Q4 has been scored."),
    )
    scorecards = Scorecards(store)

    @router.get("", summary="The scorecard of the report that counts, or of an earlier one")
    async def scorecard(
        region: RegionCode, period: PeriodText, caller: Annotated[KeyRow, requires(SCOPE)], revision: Revision = None
    ) -> ShownScorecard:
        require_view(caller, region)
        kept, counts = await scorecards.one(region, period, revision)
        card = card_of(kept)
        quarter = Quarter.parse(period)
        basis = basis_of(law, region, quarter)
        band = basis.band_of(card.index_pct)
        return ShownScorecard(
            region_name=law.regions[region].name,
            index_shown=basis.shown(card.index_pct),
            completeness_shown=basis.shown(card.completeness_pct),
            band_name=Bilingual(id=band.name_id, en=band.name_en),
            standing=standing(card.index_pct, quarter, basis),
            counts=counts,
            scorecard=card,
        )

    @router.get("/revisions", summary="Every scorecard that there was, and what each correction changed")
    async def revisions(
        region: RegionCode, period: PeriodText, caller: Annotated[KeyRow, requires(SCOPE)]
    ) -> list[ShownRevision]:
        require_view(caller, region)
        found = await scorecards.revisions(region, period)
        reports = await store.reports([kept.figures.submission_id for kept in found])
        return [
            _shown(kept, before, reports, counts=kept is found[-1])
            for before, kept in zip([None, *found], found, strict=False)
        ]

    return router


def card_of(kept: KeptScorecard) -> ScorecardUpdatedV1:
    return ScorecardUpdatedV1.model_validate_json(kept.event.value)


def _shown(
    kept: KeptScorecard, before: KeptScorecard | None, reports: dict[str, Submission], *, counts: bool
) -> ShownRevision:
    figures = kept.figures
    changed: tuple[FigureChange, ...] = ()
    if before is not None:
        old, new = reports.get(before.figures.submission_id), reports.get(figures.submission_id)
        changed = figures_changed(old, new) if old and new else ()
    return ShownRevision(
        revision=figures.revision,
        submission_id=figures.submission_id,
        counts=counts,
        index_pct=figures.index_pct,
        completeness_pct=figures.completeness_pct,
        band=figures.band,
        on_time=figures.on_time,
        index_before_pct=before.figures.index_pct if before else None,
        band_before=before.figures.band if before else None,
        services=list(services_changed(card_of(before), card_of(kept))) if before else [],
        figures_changed=len(changed),
        figures=list(changed[:CHANGES_SHOWN]),
    )
