"""Synthetic reports and verdicts for the tests of scoring."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from contracts.period import PeriodChangedV1, PeriodState
from contracts.quarter import Quarter
from contracts.submission import (
    ActionPlan,
    Budget,
    ImplementationTeam,
    Official,
    QualityItem,
    Recipients,
    ServiceReport,
    Stage,
    StageReport,
    StageStatus,
    Submission,
)
from contracts.verdict import EntrySettledV1, Finding, SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.scoring.domain.steps import Author

DIGEST = "0" * 64
AUTHOR = Author(
    client_id="secretariat",
    key_id="0a1b2c3d4e5f",
    role="Ditjen Bina Pembangunan Daerah",
    reason="Angka sintetis",
    at=datetime(2024, 3, 1, tzinfo=UTC),
)
OFFICIAL = Official(role="Sekda Kota Contoh", unit="Sekretariat Daerah")
TEAM = ImplementationTeam(decree_number="100/SINTETIS", decree_date=date(2023, 1, 2), members=12)
PLAN = ActionPlan(document_number="1/SINTETIS", adopted_on=date(2023, 1, 3))


def item(required: int | Decimal | None, fulfilled: int | Decimal | None, code: str = "KID1") -> QualityItem:
    return QualityItem(code=code, name="Butir sintetis", unit="buah", required=required, fulfilled=fulfilled)


def report(
    service_type: str,
    *,
    target: int | None = 1_000,
    served: int | None = 900,
    quality: Iterable[QualityItem] = (),
    allocated: int | None = 1_000_000,
    realised: int | None = 900_000,
    no_target_reason: str | None = None,
) -> ServiceReport:
    return ServiceReport(
        service_type=service_type,
        recipients=Recipients(target=target, served=served),
        quality=tuple(quality),
        budget=Budget(allocated=allocated, realised=realised),
        no_target_reason=no_target_reason,
    )


def full_reports(
    law: Law, region: str, period: str = "2023Q4", *, served: int = 900, items: int = 8
) -> list[ServiceReport]:
    """Every service of the region's catalogue, each with the same share served and fulfilled, out of 1,000."""
    services = law.service_types(law.regions[region], Quarter.parse(period).last_day)
    quality = [item(1_000, served, f"KID{number}") for number in range(items)]
    return [report(service.id, served=served, quality=quality) for service in services]


def submission(
    region: str,
    services: Sequence[ServiceReport],
    period: str = "2023Q4",
    *,
    stages_done: int = 4,
    team: ImplementationTeam | None = TEAM,
    action_plan: ActionPlan | None = PLAN,
) -> Submission:
    stages = tuple(
        StageReport(stage=stage, status=StageStatus.DONE if place < stages_done else StageStatus.IN_PROGRESS)
        for place, stage in enumerate(Stage)
    )
    return Submission(
        region_code=region,
        period=period,
        services=tuple(services),
        stages=stages,
        team=team,
        action_plan=action_plan,
        submitted_by=OFFICIAL,
        accountable_official=OFFICIAL,
        source_system="sintetis",
    )


def judged(
    content: Submission,
    *,
    revision: int = 1,
    outcome: VerdictOutcome = VerdictOutcome.ACCEPTED,
    findings: Sequence[Finding] = (),
    late: bool = False,
    early_by: timedelta = timedelta(days=1),
) -> SubmissionJudgedV1:
    due_at = datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC)
    arrived_at = due_at + timedelta(hours=1) if late else due_at - early_by
    return SubmissionJudgedV1(
        submission_id=f"sub-{content.region_code}-{content.period}-{revision}",
        client_id="sintetis",
        region_code=content.region_code,
        period=content.period,
        revision=revision,
        outcome=outcome,
        findings=tuple(findings),
        arrived_at=arrived_at,
        due_at=due_at,
        recorded_at=arrived_at,
        on_time=not late,
        content_digest=DIGEST,
        ruleset_id="rulesets/2019-01-01",
        ruleset_digest=DIGEST,
        submission=None if outcome is VerdictOutcome.RETURNED else content,
    )


def settled(region: str, period: str, *, period_revision: int = 2, reported: bool = True) -> EntrySettledV1:
    return EntrySettledV1(
        region_code=region,
        period=period,
        period_revision=period_revision,
        reports=1,
        reported=reported,
        closed_at=datetime(2024, 1, 21, tzinfo=UTC),
    )


def changed_period(period: str, state: PeriodState = PeriodState.CLOSED, revision: int = 2) -> PeriodChangedV1:
    return PeriodChangedV1(
        period=period,
        revision=revision,
        state=state,
        opens_at=datetime(2024, 1, 1, tzinfo=UTC),
        due_at=datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC),
        changed_at=datetime(2024, 1, 21, tzinfo=UTC),
        changed_by="secretariat",
        author_role="Sekretariat Bersama",
        reason="Masa pengisian berakhir",
        calendar_row="calendar/periods/2023Q4",
    )
