"""From a report and its circumstances to its verdict."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.message import Bilingual
from contracts.submission import Justification, SubmissionReceivedV1
from contracts.verdict import Finding, Severity, SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.validation.domain.case import Case, EarlierReport, PeerGroup, Violation
from services.validation.domain.head import Head
from services.validation.domain.rulebook import Clause, rulebook_of, services_of

FINDINGS_MAX: Final = 500
REASON_CHARS_MAX: Final = 50_000
"""One justification may stand at many findings; more than this of them would not fit into the verdict's event."""
FURTHER_FINDINGS: Final = "further-findings"

_NOT_LISTED: Final = Bilingual(
    id="Laporan ini memiliki temuan lain yang tidak dicantumkan.",
    en="The report has further findings; they are not listed.",
)
_MEND_FIRST: Final = Bilingual(
    id="Perbaiki temuan yang tercantum, lalu kirim kembali; temuan lain akan menyusul.",
    en="Mend the findings that are listed and send again; the others will follow.",
)

Broken = tuple[Clause, Violation, Justification | None]


def judge(
    law: Law,
    received: SubmissionReceivedV1,
    *,
    head: Head,
    history: tuple[EarlierReport, ...] = (),
    peers: PeerGroup | None = None,
) -> SubmissionJudgedV1:
    """The verdict on the report that follows ``head``; it rests on the log alone, never on when it is judged.

    Raises:
        RegulationError: the law is silent on the report's period.
    """
    submission = received.submission
    rulebook = rulebook_of(law, submission.period)
    case = Case(
        submission=submission,
        region=law.regions.get(submission.region_code),
        services=services_of(law, submission.region_code, submission.period),
        history=history,
        peers=peers,
        arrived_at=received.arrived_at,
        rules_in_force=rulebook.codes,
    )
    reasons = {(reason.rule, reason.service_type): reason for reason in submission.justifications}
    broken = [
        (clause, violation, _reason_for(clause, violation, reasons))
        for clause in rulebook.clauses
        for violation in clause.breaches(case)
    ]
    outcome = _outcome(broken)
    return SubmissionJudgedV1(
        submission_id=received.submission_id,
        client_id=received.client_id,
        region_code=submission.region_code,
        period=submission.period,
        revision=head.revision + 1,
        supersedes=head.submission_id,
        outcome=outcome,
        findings=_listed(broken),
        arrived_at=received.arrived_at,
        due_at=received.due_at,
        recorded_at=received.recorded_at,
        on_time=received.on_time,
        imported=received.imported,
        content_digest=received.content_digest,
        ruleset_id=rulebook.ruleset_id,
        ruleset_digest=rulebook.ruleset_digest,
        submission=None if outcome is VerdictOutcome.RETURNED else submission,
    )


def _reason_for(
    clause: Clause, violation: Violation, reasons: Mapping[tuple[str, str | None], Justification]
) -> Justification | None:
    """An error is mended, not justified."""
    return reasons.get((clause.code, violation.service_type)) if clause.severity is Severity.WARNING else None


def _outcome(broken: Sequence[Broken]) -> VerdictOutcome:
    if any(clause.severity is Severity.ERROR for clause, _, _ in broken):
        return VerdictOutcome.RETURNED
    if all(reason is not None for _, _, reason in broken):
        return VerdictOutcome.ACCEPTED
    return VerdictOutcome.ACCEPTED_WITH_WARNINGS


def _listed(broken: Sequence[Broken]) -> tuple[Finding, ...]:
    """The findings in the rulebook's order, as many as fit, and one that counts the others."""
    findings: list[Finding] = []
    room = REASON_CHARS_MAX
    for clause, violation, reason in broken:
        room -= len(reason.reason) + len(reason.author_role) if reason else 0
        if len(findings) == FINDINGS_MAX or room < 0:
            return (*findings, _further(broken[len(findings) :]))
        findings.append(
            Finding(
                code=clause.code,
                severity=clause.severity,
                pointer=violation.pointer,
                service_type=violation.service_type,
                found=violation.found,
                expected=violation.expected,
                summary=clause.summary,
                remedy=clause.remedy,
                justification=reason,
            )
        )
    return tuple(findings)


def _further(left_out: Sequence[Broken]) -> Finding:
    is_error = any(clause.severity is Severity.ERROR for clause, _, _ in left_out)
    return Finding(
        code=FURTHER_FINDINGS,
        severity=Severity.ERROR if is_error else Severity.WARNING,
        pointer="",
        found=f"{len(left_out)} temuan / findings",
        expected="0",
        summary=_NOT_LISTED,
        remedy=_MEND_FIRST,
    )
