"""What the doors answer, as far as a client needs it. Members that came later are passed over."""

from typing import Annotated

from pydantic import Field

from contracts.message import Bilingual, Frozen, Instant


class Receipt(Frozen):
    """The proof of an arrival."""

    submission_id: str
    region_code: str
    period: str
    arrived_at: Instant
    due_at: Instant
    on_time: bool
    imported: bool
    content_digest: str
    status_url: str
    proof: Annotated[str | None, Field(description="The receipt signed, a compact JWS.")] = None


class Summary(Frozen):
    """One line of the list of reports."""

    submission_id: str
    region_code: str
    period: str
    arrived_at: Instant
    due_at: Instant
    on_time: bool
    status: Annotated[str, Field(description="received, judged or scored.")]
    outcome: Annotated[str | None, Field(description="accepted, accepted_with_warnings, returned; null: not judged.")]
    revision: int | None


class Obligation(Frozen):
    """One quarter of one region."""

    region_code: str
    period: str
    opens_at: Instant
    due_at: Instant
    due_in_words: Bilingual
    state: Annotated[str, Field(description="not_open, due, returned, in_judgement, overdue, fulfilled, …")]
    state_in_words: Bilingual
    on_time: bool | None
    submission_id: str | None


class Finding(Frozen):
    """What a rule found, where, and how to mend it."""

    code: str
    severity: str
    pointer: str
    found: str
    expected: str
    summary: Bilingual
    remedy: Bilingual
    rule_page: str = ""


class Scorecard(Frozen):
    index_pct: str
    band: str


class Story(Summary):
    """All that is known of one report."""

    content_digest: str
    supersedes: str | None
    superseded_by: str | None
    findings: tuple[Finding, ...]
    scorecard: Scorecard | None
