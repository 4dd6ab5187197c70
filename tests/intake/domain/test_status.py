from typing import Any

from contracts.language import Language
from contracts.operation import Settlement
from contracts.verdict import Finding, Severity, VerdictOutcome
from services.intake.domain import kept
from services.intake.domain.status import Stage, Status, Story, Summary
from services.intake.pages.words import state, timeline
from tests.intake.reports import (
    NOW,
    SECOND,
    SIGNER,
    acknowledged,
    finding,
    judged,
    noticed,
    received,
    scored,
    set_aside,
)

FACT = received()
RULES = "https://validation.example/rules"


def document(**stages: Any) -> dict[str, Any]:
    return kept.received(FACT) | {"published": True} | stages


def test_a_receipt_says_what_the_log_has() -> None:
    receipt = SIGNER.receipt(document())
    assert (receipt.submission_id, receipt.content_digest) == (FACT.submission_id, FACT.content_digest)
    assert (receipt.arrived_at, receipt.due_at, receipt.on_time) == (FACT.arrived_at, FACT.due_at, True)
    assert receipt.status_url == f"/v1/submissions/{FACT.submission_id}"


def test_a_receipt_stays_the_same_whatever_becomes_of_the_report() -> None:
    later = document(logged_at=NOW, **stage(judged(FACT)), **stage(scored(FACT)))
    assert SIGNER.receipt(later) == SIGNER.receipt(document())


def test_a_report_is_received_then_judged_then_scored() -> None:
    came, seen, counted = document(), stage(judged(FACT)), stage(scored(FACT))
    statuses = [Summary.of(each).status for each in (came, came | seen, came | seen | counted, came | counted)]
    assert statuses == [Status.RECEIVED, Status.JUDGED, Status.SCORED, Status.SCORED]


def test_what_operators_discarded_is_told_with_their_reason_until_it_is_judged_all_the_same() -> None:
    aside = document(settled=kept.settled(set_aside(FACT), 3)["settled"])
    story = Story.told(aside, [], None, rules_url=RULES)
    assert story.status is Status.DISCARDED
    assert [(step.stage, step.detail) for step in story.timeline][1:] == [(Stage.DISCARDED, set_aside(FACT).reason)]
    shown = [line.detail for line in timeline(story, [], Language.INDONESIAN)]
    assert (state(story, Language.INDONESIAN).words, shown[1]) == ("Tidak dapat diperiksa", set_aside(FACT).reason)

    replayed = document(settled=kept.settled(set_aside(FACT, Settlement.REPLAYED), 4)["settled"])
    assert Summary.of(replayed).status is Status.RECEIVED
    assert Summary.of(aside | stage(judged(FACT))).status is Status.JUDGED


def test_findings_are_counted_by_code_and_told_in_full() -> None:
    verdict = judged(
        FACT,
        VerdictOutcome.RETURNED,
        finding("served-within-target", Severity.ERROR),
        finding("counts-reported", service=1),
        finding("served-within-target", Severity.ERROR, service=2),
    )
    story = Story.told(document(**stage(verdict)), [], None, rules_url=RULES)
    assert [(each.code, each.severity, each.count) for each in story.findings_by_code] == [
        ("counts-reported", Severity.WARNING, 1),
        ("served-within-target", Severity.ERROR, 2),
    ]
    assert [Finding(**{**dict(each), "rule_page": ""}) for each in story.findings] == list(verdict.findings)
    assert story.findings[0].rule_page == "https://validation.example/rules/served-within-target"


def test_the_timeline_tells_the_stages_in_order_and_the_notices_by_time() -> None:
    notices = [
        kept.notice(noticed(FACT, "b", "inbox"), NOW + 9 * SECOND),
        kept.notice(noticed(FACT, "a", "email"), NOW + 8 * SECOND),
        kept.acknowledged(acknowledged(FACT), NOW + 10 * SECOND),
    ]
    story = Story.told(
        document(logged_at=NOW, **stage(judged(FACT), 1), **stage(scored(FACT), 2)),
        notices,
        superseded_by="s-2",
        rules_url=RULES,
    )
    assert [step.stage for step in story.timeline] == [
        *list(Stage)[:3],
        Stage.NOTICED,
        Stage.NOTICED,
        Stage.ACKNOWLEDGED,
    ]
    assert [step.at for step in story.timeline] == [NOW + seconds * SECOND for seconds in (0, 1, 2, 8, 9, 10)]
    assert story.timeline[1].detail == "accepted, 0 findings"
    assert story.timeline[3].detail == "warnings_to_justify by email: delivered"
    assert story.timeline[5].detail == "warnings_to_justify by Sekretaris Daerah"
    assert story.superseded_by == "s-2"


def test_until_the_log_is_read_back_the_time_of_keeping_is_told() -> None:
    assert Story.told(document(), [], None, rules_url=RULES).timeline[0].at == FACT.recorded_at


def stage(message: Any, seconds: int = 1) -> dict[str, Any]:
    """What is kept of a stage's event, without the fields that every document has."""
    keep = kept.judged if "outcome" in type(message).model_fields else kept.scored
    said: dict[str, Any] = keep(message, NOW + seconds * SECOND)
    return {name: fields for name, fields in said.items() if name in {"judged", "scored"}}
