"""The plan laid beside what the system says: every difference, in a sentence."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from cli.demo.doors import Answer
from cli.demo.flow import Found
from cli.demo.plan import Plan, PlannedReport
from contracts.notice import NoticeKind, NoticeState
from contracts.quarter import quarters_of
from contracts.verdict import VerdictOutcome
from regulation.law import Law
from services.notify.domain.recipients import READERS
from services.notify.recipients import SEEDED

DIFFERENCES_SHOWN_MAX: Final = 20


def owed(plan: Plan, law: Law) -> int:
    """Reports that the law expects of all regions, those outside a smaller nation included."""
    return len(law.regions.reporting()) * len(quarters_of(plan.fiscal_year))


def overdue(plan: Plan, law: Law) -> int:
    return owed(plan, law) - len(plan.reported)


def expected_notices(plan: Plan, found: Found, law: Law) -> Mapping[NoticeKind, int]:
    """One for each fact and each office that reads its kind, where every region has both offices' addresses."""
    awards = found.award["awards"]
    facts = {
        NoticeKind.SUBMISSION_RETURNED: plan.outcomes[VerdictOutcome.RETURNED],
        NoticeKind.WARNINGS_TO_JUSTIFY: plan.outcomes[VerdictOutcome.ACCEPTED_WITH_WARNINGS],
        NoticeKind.REPORT_OVERDUE: overdue(plan, law),
        NoticeKind.ACHIEVEMENT_DEFICIENCY: _below_the_path(plan, found, law),
        NoticeKind.AWARD_NOMINATED: sum(len(award["nominees"]) for award in awards),
        NoticeKind.AWARD_WON: sum(len(award["winners"]) for award in awards),
    }
    return {kind: count * len(READERS[kind] & SEEDED) for kind, count in facts.items()}


def differences(plan: Plan, found: Found, law: Law, notices: Mapping[NoticeKind, int]) -> list[str]:
    """Empty when everything balances; ``notices`` are those that should be delivered, by kind."""
    return [
        *_in_the_ledger(plan, found.ledger, law),
        *found.imbalances[:DIFFERENCES_SHOWN_MAX],
        *(sentence for report in plan.reports for sentence in _of_report(report, found.stories[report.key])),
        *_in_the_awards(plan, found.award),
        *_in_the_bundle(plan, found),
        *_in_the_notices(found, notices),
    ]


def _in_the_ledger(plan: Plan, ledger: Answer, law: Law) -> Iterator[str]:
    expected = {
        "sent": len(plan.reports),
        "pending": 0,
        "superseded": plan.revised,
        **{outcome.value: count for outcome, count in plan.outcomes.items()},
        "scored": len(plan.reports) - plan.outcomes[VerdictOutcome.RETURNED],
        "overdue": overdue(plan, law),
    }
    found = ledger | ledger["total"] | ledger["verdicts"]
    for name, count in expected.items():
        if found[name] != count:
            yield f"The ledger of {plan.fiscal_year} counts {found[name]} {name}, planned were {count}."
    if not ledger["balanced"]:
        yield f"The ledger of {plan.fiscal_year} says itself that it does not balance."


def _of_report(report: PlannedReport, story: Answer) -> Iterator[str]:
    name = f"{report.region.code} {report.quarter.text} ({story['submission_id']})"
    if story["outcome"] != report.outcome:
        yield f"{name} is {story['outcome']}, planned was {report.outcome}."
    codes = {row["code"] for row in story["findings_by_code"]}
    if codes != report.codes:
        yield f"{name} has findings {sorted(codes)}, planned were {sorted(report.codes)}."
    if story["on_time"] == report.late:
        yield f"{name} is {'on time' if story['on_time'] else 'late'}, planned was the contrary."
    if report.outcome is not VerdictOutcome.RETURNED and story["scorecard"] is None:
        yield f"{name} was accepted and has no scorecard."


def _in_the_awards(plan: Plan, award: Answer) -> Iterator[str]:
    found = {row["category"]: row for row in award["awards"]}
    for category, ranked in plan.podium.places.items():
        planned = [place.region_code for place in ranked]
        nominees = [nominee["region_code"] for nominee in found[category]["nominees"]]
        if nominees != planned:
            yield f"Nominees of {category} are {nominees}, the figures were made for {planned}."
        if not found[category]["winners"]:
            yield f"Nobody won the award of {category}."


def _in_the_bundle(plan: Plan, found: Found) -> Iterator[str]:
    for one in found.audit.differences[:DIFFERENCES_SHOWN_MAX]:
        name = f"The bundle of edition {plan.edition_year}"
        yield f"{name} says at {one.pointer}: {one.found}; recomputed: {one.expected}."


def _in_the_notices(found: Found, notices: Mapping[NoticeKind, int]) -> Iterator[str]:
    for kind, expected in notices.items():
        count = sum(count for (its_kind, _), count in found.notices.items() if its_kind == kind)
        if count != expected:
            yield f"{count} notices of kind {kind}, expected were {expected}."
        delivered = found.notices.get((kind, NoticeState.DELIVERED), 0)
        if delivered != count:
            yield f"{count - delivered} of {count} notices of kind {kind} were not delivered."


def _below_the_path(plan: Plan, found: Found, law: Law) -> int:
    """Scored reports that stand below where the year's path should be."""
    below = 0
    for report in plan.reports:
        quarter = report.quarter
        path = law.expected_path(quarter.number, quarter.last_day).expected_pct
        scorecard = found.stories[report.key]["scorecard"]
        below += scorecard is not None and Decimal(scorecard["index_pct"]) < path
    return below
