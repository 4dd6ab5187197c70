"""Why a scorecard is what it is, and what would come of other figures. Asking leaves no trace."""

from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.access import KeyRow
from chassis.http import require_region, require_view, requires
from chassis.openapi import refusal
from chassis.problems import Fault, Problem, faults_of
from contracts.message import Bilingual, PeriodText, RegionCode
from contracts.quarter import Quarter
from contracts.scorecard import ServiceScore
from contracts.submission import Submission
from regulation.law import Law
from services.scoring.domain.basis import Basis, basis_of
from services.scoring.domain.corrections import ServiceChange, service_changes
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.explanation import explain
from services.scoring.domain.lifting import Lifting, lifting
from services.scoring.domain.scorecard import Assessment, assess
from services.scoring.domain.standing import Standing, standing
from services.scoring.domain.tree import Computed
from services.scoring.domain.what_if import CHANGES_MAX, Change, UnchangeableError, with_changes
from services.scoring.routes.scorecards import SCOPE, Revision, Scorecards
from services.scoring.store import KeptScorecard, Store

_NOTHING_LIFTS: Final = Bilingual(
    id="Tidak ada layanan dengan sasaran yang diketahui yang sendirian menaikkan kategori.",
    en="No service with a known target lifts the band by itself.",
)
_HIGHEST: Final = Bilingual(id="Kategori tertinggi sudah tercapai.", en="The highest band is reached already.")
_CHEAPEST_FIRST: Final = Bilingual(
    id="Setiap baris sendirian menaikkan kategori; tambahan yang paling sedikit lebih dulu.",
    en="Each line lifts the band by itself; the fewest additional units come first.",
)


class ShownExplanation(BaseModel):
    """The figures of a scorecard as trees; ``services/scoring/domain/tree.py`` defines the operations."""

    region_code: str
    period: str
    revision: int
    submission_id: str
    index_shown: Decimal
    band: str
    band_row: str
    law_rows: list[str]
    index: Computed
    completeness: Computed


class WhatIf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    changes: Annotated[list[Change], Field(max_length=CHANGES_MAX)] = []


class Outcome(BaseModel):
    """What a report comes to: achievement and completeness together."""

    index_pct: Decimal
    index_shown: Decimal
    completeness_pct: Decimal
    band: str
    standing: Standing


class ShownWhatIf(BaseModel):
    before: Outcome
    after: Outcome
    services: list[ServiceChange]
    """Those whose index would be another."""
    lifting: Lifting
    """The smallest changes that would lift the band further, from where ``after`` stands."""
    lifting_words: Bilingual


def question_routes(law: Law, store: Store) -> APIRouter:
    router = APIRouter(
        prefix="/v1/scorecards/{region}/{period}",
        tags=["scorecards"],
        responses=refusal("not-found", 404, "No report of 64.71 for 2023Q4 has been scored.")
        | refusal("explained-otherwise", 409, "The scorecard says 81.25, these rows of law give 81.5."),
    )
    scorecards = Scorecards(store)

    @router.get("/explain", summary="The index and the completeness as trees of reported figures and rows of law")
    async def explanation(
        region: RegionCode, period: PeriodText, caller: Annotated[KeyRow, requires(SCOPE)], revision: Revision = None
    ) -> ShownExplanation:
        require_view(caller, region)
        kept, _ = await scorecards.one(region, period, revision)
        return explained(law, kept, await scorecards.report(kept))

    @router.post(":what-if", summary="What would come of other figures, and the smallest change that lifts the band")
    async def what_if(
        region: RegionCode,
        period: PeriodText,
        asked: WhatIf,
        caller: Annotated[KeyRow, requires(SCOPE)],
        revision: Revision = None,
    ) -> ShownWhatIf:
        require_region(caller, region)
        kept, _ = await scorecards.one(region, period, revision)
        quarter = Quarter.parse(period)
        basis, report = basis_of(law, region, quarter), await scorecards.report(kept)
        changed = _changed(report, asked)
        before, after = _assessed(report, basis), _assessed(changed, basis)
        lifts = lifting(changed, after.attained, basis)
        return ShownWhatIf(
            before=_outcome(before, quarter, basis),
            after=_outcome(after, quarter, basis),
            services=list(service_changes(_by_type(before), _by_type(after))),
            lifting=lifts,
            lifting_words=_words(lifts),
        )

    return router


def explained(law: Law, kept: KeptScorecard, report: Submission) -> ShownExplanation:
    """Raises:
    Problem: 409, the rows of law that are written now give another index.
    """
    figures = kept.figures
    basis = basis_of(law, figures.region_code, Quarter.parse(figures.period))
    found, band = explain(report, basis), basis.band_of(figures.index_pct)
    if found.index.value != figures.index_pct:
        raise Problem(409, "explained-otherwise", _otherwise(figures.index_pct, found.index.value))
    return ShownExplanation(
        region_code=figures.region_code,
        period=figures.period,
        revision=figures.revision,
        submission_id=figures.submission_id,
        index_shown=basis.shown(figures.index_pct),
        band=band.id,
        band_row=band.row_id,
        law_rows=[*basis.row_ids, band.row_id],
        index=found.index,
        completeness=found.completeness,
    )


def _otherwise(kept: Decimal, today: Decimal | None) -> str:
    return (
        f"The scorecard says {kept}; by the rows of law that are written now it would be {today}. A row that was in"
        " force has been changed since: rows are added, never edited. Restore it, or score the year again from the log."
    )


def _changed(report: Submission, asked: WhatIf) -> Submission:
    """Raises:
    Problem: 422, a change cannot be made.
    """
    try:
        return with_changes(report, asked.changes)
    except UnchangeableError as fault:
        faults = [Fault(code="no-such-figure", pointer=fault.pointer, detail=str(fault))]
    except ValidationError as broken:
        faults = faults_of(broken)
    raise Problem(422, "unprocessable-request", f"{len(faults)} faults in the changed report.", errors=faults)


def _assessed(report: Submission, basis: Basis) -> Assessment:
    """Raises:
    Problem: 422, nothing of the report would count.
    """
    try:
        return assess(report, basis)
    except Unscorable as fault:
        raise Problem(422, "unprocessable-request", str(fault)) from fault


def _outcome(assessed: Assessment, quarter: Quarter, basis: Basis) -> Outcome:
    index_pct = assessed.attained.index_pct
    return Outcome(
        index_pct=index_pct,
        index_shown=basis.shown(index_pct),
        completeness_pct=assessed.completeness_pct,
        band=assessed.band.id,
        standing=standing(index_pct, quarter, basis),
    )


def _by_type(assessed: Assessment) -> dict[str, ServiceScore]:
    return {one.service_type: one for sector in assessed.attained.sectors for one in sector.services}


def _words(found: Lifting) -> Bilingual:
    if found.next_band is None:
        return _HIGHEST
    return _CHEAPEST_FIRST if found.lifts else _NOTHING_LIFTS
