from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis.events import Event
from contracts.submission import Justification, Problem, Submission
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import Severity, SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.validation.domain.case import EarlierReport
from services.validation.domain.figures import Figures
from services.validation.domain.head import Head
from services.validation.domain.judge import FINDINGS_MAX, FURTHER_FINDINGS, REASON_CHARS_MAX, judge
from services.validation.domain.rulebook import rulebook_of
from tests.validation.reports import (
    ARRIVED,
    DUE,
    KOTA,
    PERIOD,
    UNKNOWN,
    faultless,
    item,
    received,
    service,
    submission,
)

HEAD = Head(KOTA, PERIOD)
REASON = "Penduduk pendatang ikut dilayani sejak Agustus."


def because(rule: str, service_type: str | None = None, reason: str = REASON) -> Justification:
    return Justification(rule=rule, service_type=service_type, author_role="Kepala Dinas Kesehatan", reason=reason)


def verdict_on(law: Law, report: Submission, head: Head = HEAD, **parts: Any) -> SubmissionJudgedV1:
    return judge(law, received(report, **parts), head=head)


def with_first(report: Submission, **figures: Any) -> Submission:
    """The report with the figures of its first service type changed."""
    first = service(report.services[0].service_type, quality=report.services[0].quality, **figures)
    return report.model_copy(update={"services": (first, *report.services[1:])})


def test_a_faultless_report_is_accepted_and_travels_along(law: Law) -> None:
    report = faultless(law)
    verdict = verdict_on(law, report)
    assert (verdict.outcome, verdict.findings) == (VerdictOutcome.ACCEPTED, ())
    assert verdict.submission == report
    assert (verdict.revision, verdict.supersedes) == (1, None)
    assert verdict.content_digest == report.content_digest


def test_a_report_follows_the_one_before_it(law: Law) -> None:
    report = faultless(law)
    head = HEAD.after("s-0", VerdictOutcome.RETURNED, report)
    verdict = verdict_on(law, report, head)
    assert (verdict.revision, verdict.supersedes) == (2, "s-0")


def test_an_unjustified_warning_accepts_with_warnings(law: Law) -> None:
    report = with_first(faultless(law), target=100, served=101)
    verdict = verdict_on(law, report)
    assert verdict.outcome is VerdictOutcome.ACCEPTED_WITH_WARNINGS
    (finding,) = verdict.findings
    assert (finding.code, finding.severity) == ("served-within-target", Severity.WARNING)
    assert (finding.pointer, finding.found, finding.expected) == ("/services/0/recipients/served", "101", "≤ 100")
    assert finding.summary.id.startswith("Jumlah yang terlayani")
    assert finding.remedy.en.startswith("Correct the target")
    assert finding.justification is None
    assert verdict.submission == report


def test_an_error_returns_the_report_and_what_it_says_stays_behind(law: Law) -> None:
    verdict = verdict_on(law, with_first(faultless(law), target=None))
    assert verdict.outcome is VerdictOutcome.RETURNED
    assert [finding.code for finding in verdict.findings] == ["counts-reported"]
    assert verdict.submission is None


def test_one_error_outweighs_every_justified_warning(law: Law) -> None:
    report = with_first(faultless(law, team=None), target=None)
    verdict = verdict_on(law, report.model_copy(update={"justifications": (because("team-formed"),)}))
    assert verdict.outcome is VerdictOutcome.RETURNED
    assert [finding.justification for finding in verdict.findings] == [None, because("team-formed")]


OVER = "edu.kab.paud"


@pytest.mark.parametrize(
    ("reasons", "attached", "outcome"),
    [
        ([because("served-within-target", OVER)], True, VerdictOutcome.ACCEPTED),
        ([], False, VerdictOutcome.ACCEPTED_WITH_WARNINGS),
        ([because("served-within-target")], False, VerdictOutcome.ACCEPTED_WITH_WARNINGS),
        ([because("served-within-target", "edu.kab.basic")], False, VerdictOutcome.ACCEPTED_WITH_WARNINGS),
        ([because("target-has-budget", OVER)], False, VerdictOutcome.ACCEPTED_WITH_WARNINGS),
    ],
    ids=["of this finding", "none", "of no service type", "of another service type", "of another rule"],
)
def test_a_justification_counts_for_its_own_rule_and_service_type(
    law: Law,
    reasons: list[Justification],
    attached: bool,  # noqa: FBT001 - a column of the table
    outcome: VerdictOutcome,
) -> None:
    report = with_first(faultless(law, justifications=tuple(reasons)), target=100, served=101)
    assert report.services[0].service_type == OVER
    verdict = verdict_on(law, report)
    assert verdict.outcome is outcome
    assert (verdict.findings[0].justification is not None) is attached


def test_one_warning_of_two_that_is_justified_is_not_enough(law: Law) -> None:
    report = with_first(faultless(law, team=None, justifications=(because("team-formed"),)), target=100, served=101)
    verdict = verdict_on(law, report)
    assert verdict.outcome is VerdictOutcome.ACCEPTED_WITH_WARNINGS
    assert [finding.justification for finding in verdict.findings] == [None, because("team-formed")]


def test_an_error_cannot_be_justified(law: Law) -> None:
    report = faultless(law, justifications=(because("counts-reported", OVER),))
    verdict = verdict_on(law, with_first(report, served=None))
    assert verdict.outcome is VerdictOutcome.RETURNED
    assert verdict.findings[0].justification is None


def test_every_finding_is_told_in_the_rulebooks_order_and_by_position(law: Law) -> None:
    report = submission(
        service("edu.kab.paud", target=10, served=11, allocated=5, realised=6, quality=[item(1, 2)]),
        service("edu.kab.basic", target=0, served=None),
        service("edu.prov.special", target=10, served=11, allocated=0, realised=0),
        team=None,
        stages=(),
    )
    earlier = EarlierReport("2023Q1", {"edu.kab.paud": Figures(10, 12, 5, 5)})
    verdict = judge(law, received(report), head=HEAD, history=(earlier,))
    codes = [finding.code for finding in verdict.findings]
    order = [clause.code for clause in rulebook_of(law, PERIOD).clauses]
    assert codes == sorted(codes, key=order.index)
    assert {"service-types-of-level", "counts-reported", "cumulative-does-not-fall", "team-formed"} < set(codes)
    served = [finding.pointer for finding in verdict.findings if finding.code == "served-within-target"]
    assert served == ["/services/0/recipients/served", "/services/2/recipients/served"]


def test_an_unknown_region_gets_a_verdict_too(law: Law) -> None:
    report = faultless(law).model_copy(update={"region_code": UNKNOWN})
    verdict = verdict_on(law, report, Head(UNKNOWN, PERIOD))
    assert verdict.outcome is VerdictOutcome.RETURNED
    assert [finding.code for finding in verdict.findings] == ["region-reports"]


@pytest.mark.parametrize(("late_ms", "on_time"), [(-1, True), (0, True), (1, False)])
def test_on_time_is_told_from_the_arrival_alone(law: Law, late_ms: int, on_time: bool) -> None:  # noqa: FBT001 - a column of the table
    arrived = DUE + timedelta(milliseconds=late_ms)
    verdict = verdict_on(law, faultless(law, items=0), arrived_at=arrived, recorded_at=DUE + timedelta(days=400))
    assert verdict.on_time is on_time
    assert (verdict.arrived_at, verdict.due_at) == (arrived, DUE)


def test_what_intake_wrote_goes_on_unchanged(law: Law) -> None:
    given = received(faultless(law, items=0), "s-9", imported=True, recorded_at=ARRIVED + timedelta(days=1))
    verdict = judge(law, given, head=HEAD)
    for name in ("submission_id", "client_id", "content_digest", "arrived_at", "due_at", "recorded_at", "imported"):
        assert getattr(verdict, name) == getattr(given, name)
    assert (verdict.region_code, verdict.period) == (KOTA, PERIOD)


def with_excesses(law: Law, count: int, **parts: Any) -> Submission:
    """A report in which ``count`` quality items exceed their requirement, at most a hundred a service type."""
    whole = faultless(law, items=1, **parts)
    services = []
    for place, one in enumerate(whole.services):
        excesses = [item(1, 2, code=f"KID{number}") for number in range(min(100, max(0, count - 100 * place)))]
        services.append(replace(one, quality=tuple(excesses) or one.quality))
    return whole.model_copy(update={"services": tuple(services)})


def test_as_many_findings_as_may_be_listed_are_listed(law: Law) -> None:
    verdict = verdict_on(law, with_excesses(law, FINDINGS_MAX))
    assert {finding.code for finding in verdict.findings} == {"fulfilled-within-required"}
    assert len(verdict.findings) == FINDINGS_MAX


def test_one_finding_counts_those_that_are_not_listed(law: Law) -> None:
    verdict = verdict_on(law, with_excesses(law, FINDINGS_MAX + 3))
    *listed, further = verdict.findings
    assert len(listed) == FINDINGS_MAX
    assert (further.code, further.severity, further.found) == (
        FURTHER_FINDINGS,
        Severity.WARNING,
        "3 temuan / findings",
    )
    assert verdict.outcome is VerdictOutcome.ACCEPTED_WITH_WARNINGS


def test_an_error_that_is_not_listed_returns_the_report_all_the_same(law: Law) -> None:
    report = with_excesses(law, FINDINGS_MAX)
    overspent = replace(report.services[-1], budget=service(allocated=1, realised=2).budget)
    verdict = verdict_on(law, report.model_copy(update={"services": (*report.services[:-1], overspent)}))
    assert verdict.outcome is VerdictOutcome.RETURNED
    assert verdict.findings[-1].severity is Severity.ERROR


def test_long_justifications_are_not_repeated_beyond_what_an_event_takes(law: Law) -> None:
    reason = because("fulfilled-within-required", OVER, "a" * 1_978)
    fits = 25
    assert fits * (len(reason.reason) + len(reason.author_role)) == REASON_CHARS_MAX
    verdict = verdict_on(law, with_excesses(law, fits + 2, justifications=(reason,)))
    assert [finding.code for finding in verdict.findings] == ["fulfilled-within-required"] * fits + [FURTHER_FINDINGS]
    assert verdict.findings[-1].found == "2 temuan / findings"
    assert verdict.outcome is VerdictOutcome.ACCEPTED


def test_the_largest_report_that_intake_admits_gets_a_verdict_that_fits_its_topic(law: Law) -> None:
    control = "\x01"  # six bytes in JSON, more than any other character
    longest = control * (REASON_CHARS_MAX // FINDINGS_MAX - len(because("team-formed").author_role))
    report = with_excesses(law, FINDINGS_MAX)
    reasons = tuple(because("fulfilled-within-required", one.service_type, longest) for one in report.services)
    report = report.model_copy(update={"justifications": reasons})
    padding = tuple(Problem(problem=control * 2_000, solution="-") for _ in range(80))
    given = received(report.model_copy(update={"problems": padding}))
    largest = SUBMISSION_RECEIVED.max_message_bytes
    assert 0.95 * largest < len(Event.of(given).value) < largest
    verdict = judge(law, given, head=HEAD)
    assert len(verdict.findings) == FINDINGS_MAX
    Event.of(verdict)  # raises where it does not fit


def test_long_words_of_a_report_are_cut_so_that_its_verdict_fits_its_topic(law: Law) -> None:
    whole = faultless(law, items=0)
    unit = "\x01" * 189
    services = [
        replace(one, quality=tuple(replace(item(code=f"KID{n}"), unit=f"{unit}{place:02}{n:02}") for n in range(28)))
        for place, one in enumerate(whole.services)
    ]
    given = received(whole.model_copy(update={"services": tuple(services)}))
    assert 0.95 * SUBMISSION_RECEIVED.max_message_bytes < len(Event.of(given).value)
    verdict = judge(law, given, head=HEAD)
    assert len(verdict.findings) > FINDINGS_MAX
    assert {finding.code for finding in verdict.findings[:-1]} == {"item-units-agree"}
    Event.of(verdict)  # raises where it does not fit
