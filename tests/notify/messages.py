"""Facts that notify reads, with synthetic figures; each test changes what it is about."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from chassis.events import Received
from contracts.award import (
    AwardChangedV1,
    AwardState,
    AwardStep,
    AwardStepTakenV1,
    CategoryAward,
    CriterionScore,
    Nominee,
)
from contracts.message import Bilingual, Message, deterministic_id
from contracts.recipient import Channel, RecipientChangedV1, Role
from contracts.scorecard import ScorecardUpdatedV1, SectorScore, ServiceScore, ServiceState
from contracts.submission import Justification
from contracts.verdict import Finding, ReportOverdueV1, Severity, SubmissionJudgedV1, VerdictOutcome

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
ARRIVED = datetime(2024, 1, 18, 3, 4, 5, tzinfo=UTC)
DUE = datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC)
CLOSED = datetime(2024, 1, 21, 1, 0, tzinfo=UTC)
DIGEST = "0" * 64


def office(since: datetime, role: Role = Role.TEAM, **changes: object) -> RecipientChangedV1:
    """A mailbox that was registered then; ``changes`` say what else the test is about."""
    name = role.name.lower()
    row = RecipientChangedV1(
        recipient_id=f"r-{name}",
        revision=1,
        region_code="64.71",
        role=role,
        channel=Channel.EMAIL,
        address=f"{name}@kota-contoh.example",
        active_from=since,
        changed_at=since,
        changed_by="test",
    )
    return row.model_copy(update=changes)


def finding(
    severity: Severity = Severity.ERROR, *, justified: bool = False, found: str = "12 500", service: str | None = None
) -> Finding:
    reason = Justification(
        rule="served-within-target", author_role="Sekda Kota Contoh", reason="Warga pindahan ikut dilayani."
    )
    return Finding(
        code="served-within-target",
        severity=severity,
        pointer="/services/0/recipients/served",
        service_type=service,
        found=found,
        expected="12 000",
        summary=Bilingual(id="Terlayani melebihi sasaran.", en="More served than targeted."),
        remedy=Bilingual(id="Perbaiki angka.", en="Correct the figure."),
        justification=reason if justified else None,
    )


def judged(
    findings: Sequence[Finding] = (),
    *,
    outcome: VerdictOutcome = VerdictOutcome.RETURNED,
    region: str = "64.71",
    number: int = 1,
    recorded_at: datetime = ARRIVED,
) -> SubmissionJudgedV1:
    return SubmissionJudgedV1(
        submission_id=deterministic_id("test", region, str(number)),
        client_id="kota-contoh",
        region_code=region,
        period="2023Q4",
        revision=number,
        outcome=outcome,
        findings=tuple(findings),
        arrived_at=recorded_at,
        due_at=DUE,
        recorded_at=recorded_at,
        on_time=True,
        content_digest=DIGEST,
        ruleset_id="rules",
        ruleset_digest=DIGEST,
    )


def returned(number: int = 1, *, region: str = "64.71", recorded_at: datetime = ARRIVED) -> SubmissionJudgedV1:
    return judged([finding()], region=region, number=number, recorded_at=recorded_at)


def overdue(region: str = "64.71", *, returned_reports: int = 0, days_after_due: int | None = None) -> ReportOverdueV1:
    """As entry closed, or so many days after the deadline while it is open."""
    return ReportOverdueV1(
        region_code=region,
        period="2023Q4",
        period_revision=2,
        due_at=DUE,
        closed_at=DUE + timedelta(days=days_after_due) if days_after_due else CLOSED,
        returned_reports=returned_reports,
        days_after_due=days_after_due,
    )


def scorecard(
    index: str, expected: str = "100", *, sectors: Sequence[SectorScore] = (), region: str = "64.71"
) -> ScorecardUpdatedV1:
    return ScorecardUpdatedV1(
        submission_id=deterministic_id("test", region, "1"),
        region_code=region,
        period="2023Q4",
        revision=1,
        index_pct=Decimal(index),
        band="tuntas_madya",
        completeness_pct=Decimal(100),
        expected_pct=Decimal(expected),
        sectors=tuple(sectors),
        law_rows=(),
        on_time=True,
        arrived_at=ARRIVED,
        recorded_at=ARRIVED,
    )


def sector(sector_id: str, index: str | None, services: dict[str, str | None]) -> SectorScore:
    """A sector's score; a service without an index is not applicable, one with "0" is missing."""
    return SectorScore(
        sector=sector_id,
        index_pct=None if index is None else Decimal(index),
        services=tuple(
            ServiceScore(
                service_type=service_type,
                state=ServiceState.NOT_APPLICABLE
                if score is None
                else (ServiceState.MISSING if score == "0" else ServiceState.SCORED),
                index_pct=None if score is None else Decimal(score),
            )
            for service_type, score in services.items()
        ),
    )


def award(
    state: AwardState = AwardState.NOMINATED, *, winners: Sequence[str] = (), revision: int = 1
) -> AwardChangedV1:
    nominees = tuple(
        Nominee(
            rank=rank,
            region_code=code,
            score=Decimal("93.4249"),
            index_pct=Decimal("95.1"),
            criteria=(
                CriterionScore(criterion="ip_spm", score_pct=Decimal("95.1"), weight_pct=Decimal(40)),
                CriterionScore(criterion="reporting", score_pct=Decimal(100), weight_pct=Decimal(20)),
            ),
        )
        for rank, code in enumerate(("64.71", "64.72", "64.74"), start=1)
    )
    return AwardChangedV1(
        edition_year=2024,
        fiscal_year=2023,
        category="kota",
        revision=revision,
        state=state,
        nominees=nominees,
        winners=tuple(winners),
        ranked=93,
        figures_digest=DIGEST,
        law_rows=(),
        changed_at=CLOSED,
        changed_by="secretariat",
        author_role="Sekretariat Bersama SPM",
        reason="Contoh",
    )


def award_step(
    number: int, step: AwardStep, *, refers_to: int | None = None, winners: Sequence[str] = ()
) -> AwardStepTakenV1:
    told = award(winners=winners)
    standing = CategoryAward(
        category=told.category,
        nominees=told.nominees,
        winners=told.winners,
        ranked=told.ranked,
        figures_digest=told.figures_digest,
    )
    return AwardStepTakenV1(
        edition_year=told.edition_year,
        fiscal_year=told.fiscal_year,
        number=number,
        step=step,
        refers_to=refers_to,
        awards=() if step is AwardStep.CORRECTED else (standing,),
        taken_at=CLOSED + timedelta(days=number),
        taken_by=told.changed_by,
        key_id="0" * 12,
        author_role=told.author_role,
        reason="Contoh",
    )


def received(message: Message, offset: int = 0) -> Received:
    return Received(
        message=message, id=message.event_id, topic="t", partition=0, offset=offset, logged_at=message.occurred_at
    )
