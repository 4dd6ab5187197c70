"""From a verdict to the scorecard and to the figures that the awards use."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.quarter import Quarter
from contracts.scorecard import ScorecardUpdatedV1, ServiceState
from contracts.submission import ServiceReport, Submission
from contracts.verdict import SubmissionJudgedV1
from regulation.law import Law
from regulation.rows import Band
from services.scoring.domain.basis import Basis, basis_of
from services.scoring.domain.completeness import completeness_pct
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.figures import QuarterFigures, budget_pct, open_warnings, stages_pct
from services.scoring.domain.index import Attainment, attainment


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a report comes to: the two axes, always together, and the band."""

    attained: Attainment
    completeness_pct: Decimal
    band: Band
    applying: Sequence[ServiceReport]
    """The reports of the services that count; a service left out is a report without figures."""


@dataclass(frozen=True, slots=True)
class Scored:
    scorecard: ScorecardUpdatedV1
    figures: QuarterFigures


def assess(submission: Submission, basis: Basis) -> Assessment:
    """Raises:
    Unscorable: no service of the region's catalogue applies.
    """
    attained = attainment(submission.services, basis)
    applying = _applying(submission, attained)
    return Assessment(attained, completeness_pct(submission, applying), basis.band_of(attained.index_pct), applying)


def score(judged: SubmissionJudgedV1, law: Law) -> Scored:
    """Score an accepted report by the law of its quarter's last day.

    Raises:
        Unscorable: the report was returned, the region or an index method is unknown, or no service applies.
        RegulationError: the law is silent on that day.
    """
    submission = judged.submission
    if submission is None:
        raise Unscorable(f"Submission {judged.submission_id} was {judged.outcome}; only an accepted report is scored.")
    basis = basis_of(law, judged.region_code, Quarter.parse(judged.period))
    assessed = assess(submission, basis)
    attained, completeness, band = assessed.attained, assessed.completeness_pct, assessed.band
    scorecard = ScorecardUpdatedV1(
        submission_id=judged.submission_id,
        region_code=judged.region_code,
        period=judged.period,
        revision=judged.revision,
        index_pct=attained.index_pct,
        band=band.id,
        completeness_pct=completeness,
        expected_pct=basis.expected_pct,
        sectors=attained.sectors,
        law_rows=(*basis.row_ids, band.row_id),
        on_time=judged.on_time,
        arrived_at=judged.arrived_at,
        recorded_at=judged.recorded_at,
        imported=judged.imported,
    )
    figures = QuarterFigures(
        region_code=judged.region_code,
        period=judged.period,
        revision=judged.revision,
        submission_id=judged.submission_id,
        index_pct=attained.index_pct,
        band=band.id,
        completeness_pct=completeness,
        budget_pct=budget_pct(assessed.applying),
        stages_pct=stages_pct(submission),
        team=submission.team is not None,
        action_plan=submission.action_plan is not None,
        arrived_at=judged.arrived_at,
        due_at=judged.due_at,
        on_time=judged.on_time,
        open_warnings=open_warnings(judged),
    )
    return Scored(scorecard, figures)


def _applying(submission: Submission, attained: Attainment) -> list[ServiceReport]:
    by_type = {report.service_type: report for report in submission.services}
    return [
        by_type.get(service.service_type) or ServiceReport(service_type=service.service_type)
        for sector in attained.sectors
        for service in sector.services
        if service.state is not ServiceState.NOT_APPLICABLE
    ]
