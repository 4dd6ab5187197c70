"""What a region is told of its reports: the receipt, the status and the story so far."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field

from contracts.message import Frozen, Instant
from contracts.operation import Settlement
from contracts.verdict import Finding, Severity, VerdictOutcome

Document = Mapping[str, Any]


class Status(StrEnum):
    """How far a report has come; a returned one stays judged. Operators discard what cannot be judged."""

    RECEIVED = "received"
    JUDGED = "judged"
    SCORED = "scored"
    DISCARDED = "discarded"


class Receipt(Frozen):
    """The proof of an arrival, the same at every repetition of the request."""

    submission_id: str
    region_code: str
    period: str
    arrived_at: Instant
    due_at: Instant
    on_time: bool
    imported: bool
    content_digest: str
    status: Status = Status.RECEIVED
    status_url: str
    proof: Annotated[str, Field(description="The facts above, signed: a compact JWS, see /.well-known/jwks.json.")]

    @classmethod
    def of(cls, document: Document, proof: str) -> Self:
        received = document["received"]
        return cls(
            **_arrival(document),
            content_digest=received["content_digest"],
            status_url=status_url(document["_id"]),
            proof=proof,
        )


class Summary(Frozen):
    """One line of the list of reports."""

    submission_id: str
    region_code: str
    period: str
    arrived_at: Instant
    due_at: Instant
    on_time: bool
    imported: bool
    status: Status
    outcome: Annotated[VerdictOutcome | None, Field(description="Null until judged.")]
    revision: Annotated[int | None, Field(description="Counts the reports of region and period; null until judged.")]

    @classmethod
    def of(cls, document: Document) -> Self:
        return cls.model_validate(_summary(document), strict=False)


class CodeCount(Frozen):
    code: str
    severity: Severity
    count: int


class Scorecard(Frozen):
    index_pct: Annotated[str, Field(description="0 to 100, unrounded, as text.", examples=["87.25"])]
    band: str


class Stage(StrEnum):
    RECEIVED = "received"
    JUDGED = "judged"
    SCORED = "scored"
    NOTICED = "noticed"
    ACKNOWLEDGED = "acknowledged"
    DISCARDED = "discarded"


class Step(Frozen):
    """One event of the report's story; ``at`` is when it was first written to the log."""

    stage: Stage
    event_id: str
    at: Instant
    detail: str


class ToldFinding(Finding):
    rule_page: Annotated[str, Field(description="Where the rule is explained.")]


class Story(Summary):
    """All that is known of one report."""

    content_digest: str
    supersedes: Annotated[str | None, Field(description="The report before this one.")]
    superseded_by: Annotated[str | None, Field(description="The report that came after this one and was judged.")]
    findings_by_code: tuple[CodeCount, ...]
    findings: tuple[ToldFinding, ...]
    scorecard: Scorecard | None
    timeline: tuple[Step, ...]

    @classmethod
    def told(
        cls, document: Document, notices: Iterable[Document], superseded_by: str | None, *, rules_url: str
    ) -> Self:
        judged = document.get("judged") or {}
        findings = judged.get("findings", [])
        told = _summary(document) | {
            "content_digest": document["received"]["content_digest"],
            "supersedes": judged.get("supersedes"),
            "superseded_by": superseded_by,
            "findings_by_code": _by_code(findings),
            "findings": [finding | {"rule_page": f"{rules_url}/{finding['code']}"} for finding in findings],
            "scorecard": document.get("scored"),
            "timeline": list(_timeline(document, notices)),
        }
        return cls.model_validate(told, strict=False)


def status_url(submission_id: str) -> str:
    return f"/v1/submissions/{submission_id}"


def _arrival(document: Document) -> dict[str, Any]:
    received = document["received"]
    return {
        "submission_id": document["_id"],
        "region_code": document["region_code"],
        "period": document["period"],
        "arrived_at": received["arrived_at"],
        "due_at": received["due_at"],
        "on_time": received["arrived_at"] <= received["due_at"],
        "imported": received["imported"],
    }


def _summary(document: Document) -> dict[str, Any]:
    judged = document.get("judged") or {}
    return _arrival(document) | {
        "status": _status(document),
        "outcome": judged.get("outcome"),
        "revision": judged.get("revision"),
    }


def _status(document: Document) -> Status:
    if "scored" in document:
        return Status.SCORED
    if "judged" in document:
        return Status.JUDGED
    return Status.DISCARDED if _discarded(document) else Status.RECEIVED


def _discarded(document: Document) -> Document | None:
    """How operators ended it; None where they did not, and where it was judged all the same."""
    settled: Document = document.get("settled") or {}
    ended = settled.get("settlement") == Settlement.DISCARDED and "judged" not in document
    return settled if ended else None


def _by_code(findings: Iterable[Document]) -> list[CodeCount]:
    counts = Counter((finding["code"], finding["severity"]) for finding in findings)
    return [
        CodeCount(code=code, severity=Severity(severity), count=count)
        for (code, severity), count in sorted(counts.items())
    ]


def _timeline(document: Document, notices: Iterable[Document]) -> Iterable[Step]:
    received, judged, scored = document["received"], document.get("judged"), document.get("scored")
    # Until intake has read its own record back, the time of keeping stands in for the time in the log.
    yield _step(Stage.RECEIVED, received["event_id"], document.get("logged_at", received["recorded_at"]), "kept")
    if discarded := _discarded(document):
        yield _step(Stage.DISCARDED, discarded["event_id"], discarded["at"], discarded["reason"])
    if judged:
        yield _step(
            Stage.JUDGED, judged["event_id"], judged["at"], f"{judged['outcome']}, {len(judged['findings'])} findings"
        )
    if scored:
        yield _step(
            Stage.SCORED, scored["event_id"], scored["at"], f"index {scored['index_pct']}, band {scored['band']}"
        )
    for notice in sorted(notices, key=lambda notice: (notice["at"], notice["_id"])):
        if "office" in notice:
            stage, text = Stage.ACKNOWLEDGED, f"{notice['kind']} by {notice['office']}"
        else:
            stage, text = Stage.NOTICED, f"{notice['kind']} by {notice['channel']}: {notice['state']}"
        yield _step(stage, notice["event_id"], notice["at"], text)


def _step(stage: Stage, event_id: str, at: datetime, detail: str) -> Step:
    return Step(stage=stage, event_id=event_id, at=at, detail=detail)
