"""What the OpenAPI document says of bodies and problems. All figures in examples are synthetic."""

from typing import Any, Final

from chassis.openapi import self_contained
from chassis.problems import MEDIA_TYPE, ProblemBody, as_sent, type_of

_PROBLEMS: Final = {
    "malformed-json": (400, "Invalid JSON: EOF while parsing an object at line 1 column 120."),
    "content-digest-mismatch": (400, "The body is not the one that Content-Digest was made of; send it again."),
    "bad-encoding": (400, "The body is not what its Content-Encoding says: the body ends before its coding does."),
    "body-incomplete": (408, "Nothing of the body came for 60 s."),
    "bad-idempotency-key": (400, "Idempotency-Key: expected one key of 1 to 128 printable characters in quotes."),
    "bad-arrival-time": (400, "Spm-Arrived-At: the offset is missing; end it with Z or +07:00."),
    "bad-cursor": (400, "The cursor is none of ours; take it from a Link header, unchanged."),
    "bad-request": (400, "Too many fields. Maximum number of fields is 1."),
    "bad-test-scenario": (400, "Spm-Test-Scenario is for keys of the sandbox; this one is in earnest."),
    "unauthenticated": (401, "No key was sent; send Authorization: Bearer spm_…"),
    "forbidden": (403, "This key's scopes are submissions:read; this needs submissions:write."),
    "outside-region": (403, "This key acts for region 64.71, not for 64.72."),
    "cross-site-form": (403, "A page of another site sent this form; open the form here and send it."),
    "key-over": (409, "The key 0a1b2c3d4e5f is revoked, or expired; issue a new one."),
    "not-found": (404, "No report has this id."),
    "period-not-open": (409, "Entry of 2023Q4 is closed since 2024-02-01T02:00:00+00:00. Open now: 2024Q1."),
    "newer-report": (
        409,
        "supersedes names laporan-1; the current report of 64.71 for 2023Q4 is laporan-2 of 2024-01-10…",
    ),
    "request-in-flight": (409, "This report is on its way into the log. Send the same request again."),
    "stale-revision": (412, "The period is at revision 3, not 2; read it and decide again."),
    "body-too-large": (413, "The body is larger than 524288 bytes."),
    "unsupported-encoding": (
        415,
        "Content-Encoding is 'br'; taken are gzip, zstd, one at a time, and no coding at all.",
    ),
    "unsupported-media-type": (415, "The body is taken as application/json, in UTF-8."),
    "unreadable-workbook": (422, "This is not the form: its cell name spm.team.members is missing."),
    "unprocessable-workbook": (422, "10 cells cannot be taken. Nothing was kept."),
    "too-many-listeners": (429, "kota-contoh has 4 streams open already; close one, or ask for JSON."),
    "unprocessable-submission": (422, "2 faults. Nothing was kept."),
    "unprocessable-data-values": (422, "2 faults. Nothing was kept."),
    "batch-refused": (422, "2 of 3 reports have faults. Nothing was kept."),
    "idempotency-key-reused": (422, "This Idempotency-Key was sent with another report."),
    "unprocessable-period": (422, "Nothing was changed."),
    "unprocessable-key": (422, "1 faults. Nothing was kept."),
    "unprocessable-request": (422, "1 faults in the request."),
    "unknown-period": (422, "'2023Q5' is no quarter; write it like 2023Q4, 2023-Q4 or 2023-TW4."),
    "quota-exceeded": (429, "region-64.71 has sent more than 6000 requests within a minute. Wait as long as…"),
    "abnormal-usage-detected": (429, "More than 120 unknown keys came from this address within a minute. Wait…"),
    "too-many-refused": (422, "10000 lines were refused. Mend what is wrong with them, then send the rest from this…"),
    "too-many-streams": (429, "kota-contoh has 4 streams open. Send the next one when one of them has ended."),
    "streams-full": (503, "8 streams are open here. Send yours when one has ended."),
    "batches-full": (503, "No turn came within 30 s: a client has one batch at a time, all have 2."),
    "listeners-full": (503, "This process takes no further stream now; ask again in a moment, or ask for JSON."),
    "unavailable": (503, "A part that this answer needs is away; nothing was kept. Send the same request again later."),
}

SUBMISSION: Final = {
    "region_code": "64.71",
    "period": "2023Q4",
    "services": [
        {
            "service_type": "health.kab.pregnancy",
            "recipients": {"target": 12450, "served": 11832, "unit": "orang"},
            "quality": [{"code": "KIA01", "name": "Vaksin Td", "unit": "ampul", "required": 12450, "fulfilled": 12010}],
            "budget": {"allocated": 4250000000, "realised": 3987500000},
        }
    ],
    "stages": [{"stage": "delivery", "status": "done"}],
    "team": {"decree_number": "188.45/123/2023", "decree_date": "2023-01-16", "members": 17},
    "submitted_by": {"role": "Operator SPM Kota Contoh", "unit": "Bagian Tata Pemerintahan"},
    "accountable_official": {"role": "Sekda Kota Contoh", "unit": "Sekretariat Daerah"},
}
PERIOD_ORDER: Final = {
    "state": "open",
    "author_role": "Sekretariat SPM",
    "reason": "Entry of the fourth quarter opens.",
}
KEY_ORDER: Final = {
    "client_id": "region-64.71",
    "scopes": ["submissions:read", "submissions:write"],
    "region": "64.71",
    "label": "Aplikasi pelaporan Kota Contoh",
}

_OF_THE_RECEIPT: Final = {"submission_id": "$response.body#/submission_id"}
FOLLOWED: Final = {
    "story": {"operationId": "story_v1_submissions__submission_id__get", "parameters": _OF_THE_RECEIPT},
    "report": {"operationId": "report_v1_submissions__submission_id__report_get", "parameters": _OF_THE_RECEIPT},
    "receipt": {"operationId": "receipt_v1_submissions__submission_id__receipt_get", "parameters": _OF_THE_RECEIPT},
}
"""What may be asked for with the id on a receipt."""

_COUNTED: Final = ("quota-exceeded", "abnormal-usage-detected")
"""What every door that asks for a key can answer."""


OF_A_BODY: Final = (
    "bad-encoding",
    "body-incomplete",
    "content-digest-mismatch",
    "body-too-large",
    "unsupported-encoding",
    "unsupported-media-type",
)
"""What every door that reads a body can answer."""
OF_ADMISSION: Final = (
    "bad-idempotency-key",
    "outside-region",
    "period-not-open",
    "newer-report",
    "request-in-flight",
    "idempotency-key-reused",
)
"""What every door that takes one report can answer."""


def problems(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """The answers of a door that name these problems, with an example of each."""
    schema = self_contained(ProblemBody)
    answers: dict[int | str, dict[str, Any]] = {}
    for slug in (*slugs, *(_COUNTED if "unauthenticated" in slugs else ())):
        status, _ = _PROBLEMS[slug]
        content = {MEDIA_TYPE: {"schema": schema, "examples": {}}}
        answer = answers.setdefault(status, {"description": "", "content": content})
        answer["description"] = f"{answer['description']} {slug}".strip()
        answer["content"][MEDIA_TYPE]["examples"][slug] = {"value": example_of(slug)}
    return answers


def example_of(slug: str) -> dict[str, Any]:
    status, detail = _PROBLEMS[slug]
    body = ProblemBody(
        type=type_of(slug),
        title=slug.replace("-", " ").capitalize(),
        status=status,
        detail=detail,
        instance="/v1/…",
    )
    return as_sent(body)
