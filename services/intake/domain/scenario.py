"""What the sandbox plays: the outcomes that a caller can force, and the facts that other services would state then.

Nothing is judged or scored here: figures, findings and notices are synthetic, and the same for everybody.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from contracts.message import Bilingual, Message, deterministic_id
from contracts.notice import NoticeKind, NoticeSettledV1, NoticeState
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import Finding, Severity, SubmissionJudgedV1, VerdictOutcome
from services.intake.domain.arrival import Arrival


class Scenario(StrEnum):
    SCORED = "scored"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted-with-warnings"
    RETURNED = "returned"
    PENDING = "pending"
    OVERDUE_PERIOD = "overdue-period"
    PERIOD_NOT_OPEN = "period-not-open"
    IN_FLIGHT = "in-flight"
    UNAVAILABLE = "unavailable"
    UNAVAILABLE_ONCE = "unavailable-once"
    QUOTA_EXCEEDED = "quota-exceeded"
    SLOW = "slow"


WORDS: Final[Mapping[Scenario, str]] = MappingProxyType(
    {
        Scenario.SCORED: "accepted and scored; what happens without the header",
        Scenario.ACCEPTED: "accepted, the score has not come yet",
        Scenario.ACCEPTED_WITH_WARNINGS: "accepted with one warning, scored, a notice sent",
        Scenario.RETURNED: "returned with one error, a notice sent",
        Scenario.PENDING: "taken, the verdict has not come yet; send it again with another scenario to bring it",
        Scenario.OVERDUE_PERIOD: "accepted and scored, but after the deadline: on_time is false",
        Scenario.PERIOD_NOT_OPEN: "409 period-not-open",
        Scenario.IN_FLIGHT: "409 request-in-flight with Retry-After",
        Scenario.UNAVAILABLE: "503 with Retry-After, at every door",
        Scenario.UNAVAILABLE_ONCE: "the same for the first request of its Idempotency-Key; its repetition goes through",
        Scenario.QUOTA_EXCEEDED: "429 with Retry-After, at every door",
        Scenario.SLOW: "scored, but the answer takes eight seconds, at every door",
    }
)
DESCRIBED: Final = "For keys of the sandbox alone: the outcome to force. " + "; ".join(
    f"`{scenario}`: {words}" for scenario, words in WORDS.items()
)
_VERDICTS: Final = {
    Scenario.ACCEPTED_WITH_WARNINGS: (VerdictOutcome.ACCEPTED_WITH_WARNINGS, Severity.WARNING),
    Scenario.RETURNED: (VerdictOutcome.RETURNED, Severity.ERROR),
}
_NOTICES: Final = {
    VerdictOutcome.ACCEPTED_WITH_WARNINGS: NoticeKind.WARNINGS_TO_JUSTIFY,
    VerdictOutcome.RETURNED: NoticeKind.SUBMISSION_RETURNED,
}
_NO_SCORE: Final = frozenset({Scenario.ACCEPTED, Scenario.RETURNED})
_RULESET: Final = "sandbox"
_DIGEST: Final = "0" * 64
_LATE: Final = timedelta(days=1)


def staged(arrival: Arrival, scenario: Scenario) -> Arrival:
    """The arrival as the scenario wants it."""
    if scenario is not Scenario.OVERDUE_PERIOD:
        return arrival
    return _Late(**{field.name: getattr(arrival, field.name) for field in fields(arrival)})


class _Late(Arrival):
    """Its deadline passed a day before it came, whatever the calendar says."""

    __slots__ = ()

    def received(self, due_at: datetime) -> SubmissionReceivedV1:  # noqa: ARG002 - the deadline that does not count
        return super().received(self.arrived_at - _LATE)


def played(
    received: SubmissionReceivedV1, scenario: Scenario, *, revision: int, supersedes: str | None
) -> list[Message]:
    """What validation, scoring and notify would say of the report."""
    if scenario is Scenario.PENDING:
        return []
    outcome, severity = _VERDICTS.get(scenario, (VerdictOutcome.ACCEPTED, None))
    findings = () if severity is None else (_finding(severity),)
    verdict = _judged(received, outcome, findings, revision=revision, supersedes=supersedes)
    facts: list[Message] = [verdict]
    if scenario not in _NO_SCORE:
        facts.append(_scored(received, revision))
    if outcome in _NOTICES:
        facts.append(_noticed(verdict, _NOTICES[outcome]))
    return facts


def _judged(
    received: SubmissionReceivedV1,
    outcome: VerdictOutcome,
    findings: tuple[Finding, ...],
    *,
    revision: int,
    supersedes: str | None,
) -> SubmissionJudgedV1:
    return SubmissionJudgedV1(
        submission_id=received.submission_id,
        client_id=received.client_id,
        region_code=received.submission.region_code,
        period=received.submission.period,
        revision=revision,
        supersedes=supersedes,
        outcome=outcome,
        findings=findings,
        arrived_at=received.arrived_at,
        due_at=received.due_at,
        recorded_at=received.recorded_at,
        on_time=received.on_time,
        imported=received.imported,
        content_digest=received.content_digest,
        ruleset_id=_RULESET,
        ruleset_digest=_DIGEST,
        submission=None if outcome is VerdictOutcome.RETURNED else received.submission,
    )


def _finding(severity: Severity) -> Finding:
    return Finding(
        code="served-within-target",
        severity=severity,
        pointer="/services/0/recipients/served",
        found="1200 (sandbox)",
        expected="at most 1000 (sandbox)",
        summary=Bilingual(
            id="Contoh dari ruang uji: yang terlayani melebihi sasaran.",
            en="An example of the sandbox: more people were served than targeted.",
        ),
        remedy=Bilingual(id="Perbaiki angka yang salah, kirim lagi.", en="Correct the wrong figure, send again."),
    )


def _scored(received: SubmissionReceivedV1, revision: int) -> ScorecardUpdatedV1:
    return ScorecardUpdatedV1(
        submission_id=received.submission_id,
        region_code=received.submission.region_code,
        period=received.submission.period,
        revision=revision,
        index_pct=Decimal("87.25"),
        band="tuntas_utama",
        completeness_pct=Decimal(100),
        expected_pct=Decimal(100),
        sectors=(),
        law_rows=(),
        on_time=received.on_time,
        arrived_at=received.arrived_at,
        recorded_at=received.recorded_at,
        imported=received.imported,
    )


def _noticed(verdict: SubmissionJudgedV1, kind: NoticeKind) -> NoticeSettledV1:
    return NoticeSettledV1(
        notice_id=deterministic_id("sandbox-notice", verdict.submission_id, kind),
        kind=kind,
        region_code=verdict.region_code,
        channel="email",
        recipient_digest=_DIGEST,
        state=NoticeState.DELIVERED,
        attempts=1,
        settled_at=verdict.recorded_at,
        fact_id=verdict.event_id,
        submission_id=verdict.submission_id,
    )
