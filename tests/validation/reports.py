"""Synthetic reports: figures without a meaning, of offices and never of persons."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from contracts.peers import LevelFigures, PeersFixedV1, RegionLevel
from contracts.period import DeadlineNearsV1, DeadlinePassedV1, EntryClosedV1
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
    SubmissionReceivedV1,
)
from regulation.law import Law
from services.validation.domain.case import Case, EarlierReport, PeerGroup
from services.validation.domain.figures import Figures
from services.validation.domain.peers import figures_of
from services.validation.domain.rulebook import services_of

KOTA = "64.71"
PROVINSI = "64"
JAKARTA = "31"
ADMINISTRATIVE = "31.71"
UNKNOWN = "99.99"
PERIOD = "2023Q4"
ARRIVED = datetime(2024, 1, 10, 3, 0, tzinfo=UTC)
DUE = datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC)
CLOSED = datetime(2024, 1, 21, 1, 0, tzinfo=UTC)
STAGES = tuple(StageReport(stage=stage, status=StageStatus.DONE) for stage in Stage)
TEAM = ImplementationTeam(decree_number="100/SPM/2023", decree_date=date(2023, 1, 9), members=24)
ACTION_PLAN = ActionPlan(document_number="100/RENAKSI/2023", adopted_on=date(2023, 2, 20))


def service(
    name: str = "edu.kab.basic",
    *,
    target: int | None = 1_000,
    served: int | None = 800,
    allocated: int | None = 5_000_000_000,
    realised: int | None = 4_000_000_000,
    quality: Sequence[QualityItem] = (),
    no_target_reason: str | None = None,
    unit: str = "orang",
) -> ServiceReport:
    return ServiceReport(
        service_type=name,
        recipients=Recipients(target=target, served=served, unit=unit),
        quality=tuple(quality),
        budget=Budget(allocated=allocated, realised=realised),
        no_target_reason=no_target_reason,
    )


def item(
    required: int | Decimal | None = 100, fulfilled: int | Decimal | None = 90, code: str = "KID33"
) -> QualityItem:
    return QualityItem(code=code, name="Vaksin tetanus difteri", unit="ampul", required=required, fulfilled=fulfilled)


def submission(*services: ServiceReport, region_code: str = KOTA, period: str = PERIOD, **parts: Any) -> Submission:
    return Submission(
        region_code=region_code,
        period=period,
        services=services,
        submitted_by=Official(role="Operator SPM", unit="Bagian Tata Pemerintahan"),
        accountable_official=Official(role="Sekretaris Daerah", unit="Kota Contoh"),
        **{"stages": STAGES, "team": TEAM, "action_plan": ACTION_PLAN, **parts},
    )


def faultless(
    law: Law, *, region_code: str = KOTA, period: str = PERIOD, served: int = 800, items: int = 8, **parts: Any
) -> Submission:
    """A whole report of real size in which every rule holds."""
    quality = [item(100 + place, 90 + place, code=f"KID{300 + place}") for place in range(items)]
    services = (
        service(name, served=served, realised=served * 5_000_000, quality=quality, unit=row.unit)
        for name, row in services_of(law, region_code, period).items()
    )
    return submission(*services, region_code=region_code, period=period, **parts)


def received(report: Submission, submission_id: str = "s-1", **parts: Any) -> SubmissionReceivedV1:
    return SubmissionReceivedV1(
        submission_id=submission_id,
        client_id="kota-contoh",
        content_digest=report.content_digest,
        submission=report,
        **{"arrived_at": ARRIVED, "due_at": DUE, "recorded_at": ARRIVED, **parts},
    )


def closed(region_code: str = KOTA, period: str = PERIOD, period_revision: int = 1) -> EntryClosedV1:
    return EntryClosedV1(
        region_code=region_code, period=period, period_revision=period_revision, due_at=DUE, closed_at=CLOSED
    )


def passed(days: int = 1, region_code: str = KOTA, period: str = PERIOD, period_revision: int = 1) -> DeadlinePassedV1:
    return DeadlinePassedV1(
        region_code=region_code, period=period, period_revision=period_revision, due_at=DUE, days_after_due=days
    )


def nearing(days: int = 7, region_code: str = KOTA, period_revision: int = 1) -> DeadlineNearsV1:
    return DeadlineNearsV1(
        region_code=region_code, period=PERIOD, period_revision=period_revision, due_at=DUE, days_before_due=days
    )


def peers_fixed(
    *reports: Mapping[str, Figures], region_code: str = KOTA, period: str = PERIOD, period_revision: int = 1
) -> PeersFixedV1:
    figures = LevelFigures(
        level=RegionLevel.KOTA,
        period=period,
        period_revision=period_revision,
        regions=93,
        reported=len(reports),
        services=figures_of(reports),
        fixed_at=CLOSED,
        fixed_by="sekretariat",
    )
    return PeersFixedV1(region_code=region_code, figures=figures)


def case(law: Law, report: Submission, *history: EarlierReport, peers: PeerGroup | None = None) -> Case:
    region = law.regions.get(report.region_code)
    return Case(report, region, services_of(law, report.region_code, report.period), history, peers)
