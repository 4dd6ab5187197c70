"""What each of many reports is answered with, and how the OpenAPI document tells of it. Figures are synthetic."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from chassis.events import JSON
from chassis.openapi import self_contained
from chassis.problems import Problem, ProblemBody, told
from contracts.submission import Submission
from services.intake.domain.status import Receipt
from services.intake.routes.openapi import SUBMISSION, example_of

NDJSON: Final = "application/x-ndjson"
REPORTS_MAX: Final = 1_000
"""Of a batch."""
_ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True)
class Taken:
    receipt: Receipt
    replayed: bool


Outcome = Taken | Problem


class Tally:
    """Counts results and writes them."""

    def __init__(self, unit: str, path: str) -> None:
        self._unit = unit
        self._path = path
        self._counts: Counter[str] = Counter()

    @property
    def counts(self) -> dict[str, int]:
        kinds = ("accepted", "replayed", "refused")
        return {"entries": self._counts.total()} | {kind: self._counts[kind] for kind in kinds}

    def result(self, number: int, outcome: Taken | Problem) -> str:
        if isinstance(outcome, Problem):
            self._counts["refused"] += 1
            return f'{{"{self._unit}":{number},"status":{outcome.status},"problem":{self.problem(outcome)}}}'
        self._counts["replayed" if outcome.replayed else "accepted"] += 1
        replayed = "true" if outcome.replayed else "false"
        receipt = outcome.receipt.model_dump_json()
        return f'{{"{self._unit}":{number},"status":{_ACCEPTED},"replayed":{replayed},"receipt":{receipt}}}'

    def problem(self, problem: Problem) -> str:
        return told(problem, self._path).model_dump_json(by_alias=True, exclude_none=True)


class AcceptedEntry(BaseModel):
    """The log has the report; ``replayed`` where it had it before."""

    index: Annotated[int, Field(description="The report's place in the array, from 0.")]
    status: Literal[202]
    replayed: bool
    receipt: Receipt


class RefusedEntry(BaseModel):
    """Nothing was kept of the report."""

    index: int
    status: int
    problem: ProblemBody


class BatchCounts(BaseModel):
    entries: int
    accepted: int
    replayed: int
    refused: int


class BatchResults(BaseModel):
    counts: BatchCounts
    results: list[AcceptedEntry | RefusedEntry]


class Accepted(BaseModel):
    """The log has the report; ``replayed`` where it had it before."""

    line: int
    status: Literal[202]
    replayed: bool
    receipt: Receipt


class Refused(BaseModel):
    """Nothing was kept of the report; the stream goes on, but for too-many-refused and a body that cannot be read."""

    line: int
    status: int
    problem: ProblemBody


class Interrupted(BaseModel):
    """The last line of a stream that could not be taken to its end: send it again from this line on."""

    line: int
    status: Literal[503]
    retry_after_s: int
    problem: ProblemBody


class Counts(BaseModel):
    lines: Annotated[int, Field(description="Lines with a result; blank ones have none.")]
    accepted: int
    replayed: int
    refused: int
    content_digest: Annotated[
        Literal["agrees", "differs", "absent"],
        Field(description="Whether the stream as it was sent is what its Content-Digest was made of."),
    ]


class Summary(BaseModel):
    """The last line of a stream that was read to its end."""

    summary: Counts


_RECEIPT: Final = {
    "submission_id": "7d9f6c1e-4f0b-5a57-9d8e-3b1c2a4d5e6f",
    "region_code": "64.71",
    "period": "2023Q4",
    "arrived_at": "2024-01-10T03:00:00.123Z",
    "due_at": "2024-01-20T16:59:59Z",
    "on_time": True,
    "imported": False,
    "content_digest": "0" * 64,
    "status": "received",
    "status_url": "/v1/submissions/7d9f6c1e-4f0b-5a57-9d8e-3b1c2a4d5e6f",
}
_LINES: Final[dict[str, Any]] = {
    "accepted": {"line": 1, "status": 202, "replayed": False, "receipt": _RECEIPT},
    "replayed": {"line": 2, "status": 202, "replayed": True, "receipt": _RECEIPT},
    "refused": {"line": 3, "status": 422, "problem": example_of("unprocessable-submission")},
    "too-long": {"line": 4, "status": 413, "problem": example_of("body-too-large")},
    "interrupted": {"line": 5, "status": 503, "retry_after_s": 5, "problem": example_of("unavailable")},
    "given up": {"line": 10_001, "status": 422, "problem": example_of("too-many-refused")},
    "summary": {
        "summary": {"lines": 4, "accepted": 1, "replayed": 1, "refused": 2, "content_digest": "absent"},
    },
}
STREAM: Final[dict[str, Any]] = {
    NDJSON: {
        "schema": {
            "description": "Of a line: a report. A line that is none is refused in its place, and the stream goes on.",
            "anyOf": [self_contained(Submission), {}],
        },
        "examples": {"a line": {"value": SUBMISSION}},
    }
}
STREAMED: Final[dict[str, Any]] = {
    "description": "A stream: one line for each line of the request, in its order, while it runs; then the summary. "
    "A stream that was cut is taken up again by sending it from the first line without a result; first_line lets the "
    "numbers go on.",
    "content": {
        NDJSON: {
            "schema": {"oneOf": [self_contained(kind) for kind in (Accepted, Refused, Interrupted, Summary)]},
            "examples": {name: {"value": line} for name, line in _LINES.items()},
        }
    },
}
_TWO: Final = {
    "counts": {"entries": 2, "accepted": 1, "replayed": 0, "refused": 1},
    "results": [
        {"index": 0, "status": 202, "replayed": False, "receipt": _RECEIPT},
        {"index": 1, "status": 422, "problem": example_of("unprocessable-submission")},
    ],
}
BATCH: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {"type": "array", "maxItems": REPORTS_MAX, "items": self_contained(Submission)},
                "examples": {"synthetic": {"value": [SUBMISSION]}},
            }
        },
    }
}
BATCHED: Final[dict[str, Any]] = {
    "description": "What became of each report, in the array's order. With import_mode=atomic nothing was taken unless "
    "everything could be; a period that closes in between is the exception, and its reports say so.",
    "content": {JSON: {"schema": self_contained(BatchResults), "examples": {"partial": {"value": _TWO}}}},
}
