"""Synthetic reports and what other services say of them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chassis.events import Event, Received
from contracts.message import Bilingual, Message
from contracts.notice import NoticeAcknowledgedV1, NoticeKind, NoticeSettledV1, NoticeState
from contracts.operation import DeadLetterSettledV1, Settlement
from contracts.period import PeriodChangedV1, PeriodState
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import Official, Recipients, ServiceReport, Submission, SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import Finding, ReportOverdueV1, Severity, SubmissionJudgedV1, VerdictOutcome
from services.intake.domain.arrival import Arrival
from services.intake.domain.proof import Signer
from services.intake.domain.receipt_keys import ReceiptKeys
from tests.running import RECEIPT_KEYS

KOTA = "64.71"
ANOTHER_KOTA = "64.72"
PERIOD = "2023Q4"
OPENED = datetime(2024, 1, 1, 2, 0, tzinfo=UTC)
NOW = datetime(2024, 1, 10, 3, 0, 0, 123_000, tzinfo=UTC)
DUE = datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC)
CLOSED = datetime(2024, 1, 21, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ISSUER = "https://intake.example"
SIGNER = Signer(ReceiptKeys.parse(RECEIPT_KEYS.read_bytes()), ISSUER)


def submission(region_code: str = KOTA, period: str = PERIOD, served: int = 800) -> Submission:
    return Submission(
        region_code=region_code,
        period=period,
        services=(ServiceReport(service_type="edu.kab.basic", recipients=Recipients(target=1_000, served=served)),),
        submitted_by=Official(role="Operator SPM", unit="Bagian Tata Pemerintahan"),
        accountable_official=Official(role="Sekda Kota Contoh", unit="Sekretariat Daerah"),
    )


def body(report: Submission, **changes: Any) -> bytes:
    return json.dumps(json.loads(report.model_dump_json()) | changes).encode()


def arrival(report: Submission | None = None, key: str | None = "kunci-1", now: datetime = NOW) -> Arrival:
    return Arrival.of(report or submission(), client_id="kota-contoh", key=key, imported_at=None, recorded_at=now)


def received(
    report: Submission | None = None, key: str | None = "kunci-1", now: datetime = NOW
) -> SubmissionReceivedV1:
    return arrival(report, key, now).received(DUE)


def finding(code: str = "served-within-target", severity: Severity = Severity.WARNING, service: int = 0) -> Finding:
    words = Bilingual(id="Kata-kata.", en="Words.")
    return Finding(
        code=code,
        severity=severity,
        pointer=f"/services/{service}/recipients/served",
        found="1200",
        expected="at most 1000",
        summary=words,
        remedy=words,
    )


def judged(
    fact: SubmissionReceivedV1,
    outcome: VerdictOutcome = VerdictOutcome.ACCEPTED,
    *findings: Finding,
    revision: int = 1,
    supersedes: str | None = None,
) -> SubmissionJudgedV1:
    return SubmissionJudgedV1(
        submission_id=fact.submission_id,
        client_id=fact.client_id,
        region_code=fact.submission.region_code,
        period=fact.submission.period,
        revision=revision,
        supersedes=supersedes,
        outcome=outcome,
        findings=findings,
        arrived_at=fact.arrived_at,
        due_at=fact.due_at,
        recorded_at=fact.recorded_at,
        on_time=fact.on_time,
        content_digest=fact.content_digest,
        ruleset_id="contoh",
        ruleset_digest="0" * 64,
    )


def scored(fact: SubmissionReceivedV1) -> ScorecardUpdatedV1:
    return ScorecardUpdatedV1(
        submission_id=fact.submission_id,
        region_code=fact.submission.region_code,
        period=fact.submission.period,
        revision=1,
        index_pct=Decimal("87.25"),
        band="tuntas_utama",
        completeness_pct=Decimal(100),
        expected_pct=Decimal(100),
        sectors=(),
        law_rows=(),
        on_time=fact.on_time,
        arrived_at=fact.arrived_at,
        recorded_at=fact.recorded_at,
    )


def set_aside(
    fact: SubmissionReceivedV1, settlement: Settlement = Settlement.DISCARDED, *, service: str = "validation"
) -> DeadLetterSettledV1:
    return DeadLetterSettledV1(
        service=service,
        topic=SUBMISSION_RECEIVED.name,
        partition=3,
        offset=7,
        settlement=settlement,
        submission_id=fact.submission_id,
        reason="Sintetis: tidak dapat dibaca.",
        settled_by="operator",
        settled_at=NOW,
    )


def acknowledged(fact: SubmissionReceivedV1, office: str = "Sekretaris Daerah") -> NoticeAcknowledgedV1:
    return NoticeAcknowledgedV1(
        matter_id="matter-1",
        kind=NoticeKind.WARNINGS_TO_JUSTIFY,
        region_code=fact.submission.region_code,
        office=office,
        acknowledged_at=fact.recorded_at,
        fact_id="fact-1",
        submission_id=fact.submission_id,
    )


def noticed(fact: SubmissionReceivedV1, notice_id: str = "notice-1", channel: str = "email") -> NoticeSettledV1:
    return NoticeSettledV1(
        notice_id=notice_id,
        kind=NoticeKind.WARNINGS_TO_JUSTIFY,
        region_code=fact.submission.region_code,
        channel=channel,
        recipient_digest="0" * 64,
        state=NoticeState.DELIVERED,
        attempts=1,
        settled_at=NOW,
        fact_id="fact",
        submission_id=fact.submission_id,
    )


def overdue(
    region_code: str = ANOTHER_KOTA, period_revision: int = 2, days_after_due: int | None = None
) -> ReportOverdueV1:
    return ReportOverdueV1(
        region_code=region_code,
        period=PERIOD,
        period_revision=period_revision,
        due_at=DUE,
        closed_at=CLOSED,
        returned_reports=0,
        days_after_due=days_after_due,
    )


def period(revision: int = 1, state: PeriodState = PeriodState.OPEN, **changes: Any) -> PeriodChangedV1:
    given: dict[str, Any] = {
        "period": PERIOD,
        "opens_at": OPENED,
        "due_at": DUE,
        "changed_at": OPENED + revision * SECOND,
        "changed_by": "sekretariat",
        "author_role": "Sekretariat SPM",
        "reason": "Sesuai jadwal.",
        "calendar_row": "calendar/periods/2023Q4",
    }
    return PeriodChangedV1(revision=revision, state=state, **(given | changes))


def logged(*messages: Message, at: datetime = NOW) -> list[Received]:
    """The messages as their topic gives them, a second apart."""
    return [
        Received(
            message=message,
            id=message.event_id,
            topic=Event.of(message).topic,
            partition=0,
            offset=offset,
            logged_at=at + offset * SECOND,
        )
        for offset, message in enumerate(messages)
    ]
