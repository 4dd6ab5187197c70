"""The door at which a report is tried before it is handed in."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Self

from fastapi import APIRouter, Request
from pydantic import Field

from chassis.access import KeyRow
from chassis.bodies import read_body
from chassis.clock import Clock
from chassis.errors import Unprocessable
from chassis.http import require_region, requires
from chassis.openapi import body_of, refusal
from chassis.problems import Problem
from contracts.message import Digest, Frozen, PeriodText, RegionCode
from contracts.submission import Submission, SubmissionReceivedV1
from contracts.verdict import Finding, SubmissionJudgedV1, VerdictOutcome
from regulation.errors import RegulationError
from regulation.law import Law
from services.validation.domain.foresight import as_if_received

SUBMISSIONS_WRITE: Final = "submissions:write"
"""Whoever may hand a report in may try it; the answer tells how it compares with what the region reported before."""

Foresee = Callable[[SubmissionReceivedV1], Awaitable[SubmissionJudgedV1]]

_REFUSED: Final = {
    **refusal("malformed-json", 400, "Invalid JSON: EOF while parsing an object at line 1 column 120."),
    **refusal("body-too-large", 413, "The body is larger than 524288 bytes."),
    **refusal("unsupported-media-type", 415, "The body is taken as application/json, in UTF-8."),
    **refusal("unprocessable-submission", 422, "2 faults. Nothing was kept."),
}
_EXAMPLE: Final = {
    "region_code": "64.71",
    "period": "2023Q4",
    "services": [
        {
            "service_type": "health.kab.pregnancy",
            "recipients": {"target": 12450, "served": 13000, "unit": "orang"},
            "budget": {"allocated": 4250000000, "realised": 3987500000},
        }
    ],
    "submitted_by": {"role": "Operator SPM Kota Contoh", "unit": "Bagian Tata Pemerintahan"},
    "accountable_official": {"role": "Sekda Kota Contoh", "unit": "Sekretariat Daerah"},
}
"""Synthetic."""


class TriedFinding(Finding):
    rule_page: Annotated[str, Field(description="Where the rule is explained, on this host.")]


class Trial(Frozen):
    """What the verdict would say. Whether entry is open, and until when a report is on time, is intake's to say."""

    region_code: RegionCode
    period: PeriodText
    outcome: VerdictOutcome
    findings: tuple[TriedFinding, ...]
    content_digest: Digest
    ruleset_id: str
    ruleset_digest: Digest

    @classmethod
    def of(cls, verdict: SubmissionJudgedV1) -> Self:
        return cls(
            region_code=verdict.region_code,
            period=verdict.period,
            outcome=verdict.outcome,
            findings=tuple(
                TriedFinding(**dict(finding), rule_page=f"/rules/{finding.code}") for finding in verdict.findings
            ),
            content_digest=verdict.content_digest,
            ruleset_id=verdict.ruleset_id,
            ruleset_digest=verdict.ruleset_digest,
        )


def router(foresee: Foresee, law: Law, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["verdicts"])

    @routes.post(
        "/v1/submissions:check",
        summary="What a report's verdict would be; nothing is kept",
        responses=_REFUSED,
        openapi_extra=body_of(Submission, _EXAMPLE),
    )
    async def check(request: Request, caller: Annotated[KeyRow, requires(SUBMISSIONS_WRITE)]) -> Trial:
        submission = await read_body(request, Submission, "unprocessable-submission")
        require_region(caller, submission.region_code)
        try:
            report = as_if_received(law, submission, client_id=caller.client_id, at=clock.now())
            return Trial.of(await foresee(report))
        except RegulationError as silence:
            raise Problem(422, "unknown-period", f"{silence}") from silence
        except Unprocessable as refusal:
            raise Problem(422, "cannot-be-judged", f"{refusal}") from refusal

    return routes
