from decimal import Decimal

import pytest

from contracts.award import AwardChangedV1, AwardState
from contracts.message import Bilingual, Message
from contracts.notice import NoticeKind
from contracts.period import EntryClosedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.verdict import EntrySettledV1, ReportOverdueV1, Severity, SubmissionJudgedV1, VerdictOutcome
from regulation.errors import RegulationError
from regulation.law import Law
from services.notify.domain.facts import Award, Deficiency, Nomination, ReportMissing, ReportReturned, WarningsOpen
from services.notify.domain.matters import REMARKS_MAX, SERVICES_A_SECTOR_MAX, matters_of
from services.notify.domain.notice import Matter
from tests.notify.messages import CLOSED, DUE, EXAMPLES, award, finding, judged, overdue, scorecard, sector

HEALTH = ("pregnancy", "delivery", "newborn", "toddler", "school_age", "productive_age", "elderly")


def only(message: Message, law: Law) -> Matter:
    [matter] = matters_of(message, message.event_id, law)
    return matter


def test_a_returned_report_is_told_with_its_errors_and_the_count_of_its_warnings(law: Law) -> None:
    message = judged([finding(), finding(Severity.WARNING), finding(service="edu.kab.basic")])

    matter = only(message, law)

    assert isinstance(matter.facts, ReportReturned)
    assert (matter.facts.errors, matter.facts.warnings, matter.facts.untold) == (2, 1, 0)
    assert [remark.service.id if remark.service else None for remark in matter.facts.remarks] == [
        None,
        "Pendidikan dasar",
    ]
    assert (matter.region_name, matter.period, matter.fiscal_year) == ("Kota Balikpapan", "2023Q4", 2023)
    assert (matter.submission_id, matter.fact_at) == (message.submission_id, message.recorded_at)


def test_a_finding_about_a_service_type_that_no_law_knows_is_told_all_the_same(law: Law) -> None:
    matter = only(judged([finding(service="edu.kab.unheard_of")]), law)

    assert isinstance(matter.facts, ReportReturned)
    assert matter.facts.remarks[0].service is None


def test_many_errors_are_counted_and_not_all_listed(law: Law) -> None:
    matter = only(judged([finding()] * (REMARKS_MAX + 7)), law)

    assert isinstance(matter.facts, ReportReturned)
    assert (len(matter.facts.remarks), matter.facts.untold) == (REMARKS_MAX, 7)


def test_what_a_region_wrote_cannot_break_a_line_or_turn_the_direction_of_reading(law: Law) -> None:
    matter = only(judged([finding(found="12\r\nBcc: x@y.example\u202e 13\x00")]), law)

    assert isinstance(matter.facts, ReportReturned)
    assert matter.facts.remarks[0].found == "12 Bcc: x@y.example 13"


@pytest.mark.parametrize("outcome", [VerdictOutcome.ACCEPTED, VerdictOutcome.ACCEPTED_WITH_WARNINGS])
def test_an_accepted_report_without_open_warnings_gives_nothing_to_tell(law: Law, outcome: VerdictOutcome) -> None:
    assert matters_of(judged([finding(Severity.WARNING, justified=True)], outcome=outcome), "fact", law) == []


def test_warnings_that_nobody_explained_are_told_and_explained_ones_are_not(law: Law) -> None:
    warnings = [finding(Severity.WARNING, justified=True), finding(Severity.WARNING), finding(Severity.WARNING)]

    matter = only(judged(warnings, outcome=VerdictOutcome.ACCEPTED_WITH_WARNINGS), law)

    assert isinstance(matter.facts, WarningsOpen)
    assert (matter.kind, matter.facts.warnings) == (NoticeKind.WARNINGS_TO_JUSTIFY, 2)


def test_an_overdue_report_is_told_with_the_deadline_and_what_was_returned(law: Law) -> None:
    matter = only(overdue("64", returned_reports=2), law)

    assert matter.facts == ReportMissing(due_at=DUE, closed_at=CLOSED, returned_reports=2)
    assert (matter.region_name, matter.submission_id) == ("Provinsi Kalimantan Timur", None)


def test_a_report_overdue_while_entry_is_open_is_a_matter_of_its_own_for_each_day(law: Law) -> None:
    days = [overdue("64", days_after_due=days) for days in (1, 7)]
    facts = [only(message, law).facts for message in days]
    assert [fact.days_late for fact in facts if isinstance(fact, ReportMissing) and fact.entry_open] == [1, 7]
    assert len({message.event_id for message in [*days, overdue("64")]}) == 3


@pytest.mark.parametrize(
    ("index", "expected", "gap"),
    [("71.254", "100", "28.75"), ("49.999", "50", "0.01"), ("0", "25", "25.00"), ("74.996", "75", "0.01")],
)
def test_an_index_below_the_path_is_told_with_a_gap_that_is_never_shown_as_none(
    law: Law, index: str, expected: str, gap: str
) -> None:
    matter = only(scorecard(index, expected), law)

    assert isinstance(matter.facts, Deficiency)
    assert matter.facts.gap_pct == Decimal(gap)


@pytest.mark.parametrize(("index", "expected"), [("50", "50"), ("50.0000001", "50"), ("100", "100"), ("100", "25")])
def test_an_index_on_or_above_the_path_gives_nothing_to_tell(law: Law, index: str, expected: str) -> None:
    assert matters_of(scorecard(index, expected), "fact", law) == []


def test_the_sectors_and_services_furthest_behind_come_first_and_the_others_are_left_out(law: Law) -> None:
    services: dict[str, str | None] = {"health.kab.diabetes": "99", "health.kab.mental": None}
    services |= {f"health.kab.{name}": str(number * 10) for number, name in enumerate(HEALTH)}
    sectors = [
        sector("edu", "60", {"edu.kab.basic": "60"}),
        sector("health", "30", dict(reversed(services.items()))),
        sector("works", "95", {"works.kab.water": "10"}),
        sector("social", None, {}),
    ]

    matter = only(scorecard("61", "90", sectors=sectors), law)

    assert isinstance(matter.facts, Deficiency)
    health, education = matter.facts.sectors
    assert (health.name.id, education.name.id) == ("Kesehatan", "Pendidikan")
    assert [service.index_pct for service in health.services] == [Decimal(index) for index in (0, 10, 20, 30, 40)]
    assert [service.reported for service in health.services] == [False, True, True, True, True]
    assert (len(health.services), health.untold) == (SERVICES_A_SECTOR_MAX, 2)
    assert matter.facts.band == Bilingual(id="Tuntas Madya", en="Attained, second class")


@pytest.mark.parametrize("period", ["2023Q1", "2023Q2", "2023Q3"])
def test_while_the_year_runs_no_letter_says_not_attained(law: Law, period: str) -> None:
    message = scorecard("22", "25").model_copy(update={"period": period, "band": "belum_tuntas"})
    facts = only(message, law).facts
    assert isinstance(facts, Deficiency)
    assert facts.band is None


def test_each_nominee_is_told_its_place(law: Law) -> None:
    matters = matters_of(award(), "fact", law)

    places = [(matter.region_code, matter.facts.rank) for matter in matters if isinstance(matter.facts, Nomination)]
    assert places == [("64.71", 1), ("64.72", 2), ("64.74", 3)]
    first = matters[0].facts
    assert isinstance(first, Nomination)
    assert (first.placing.category.id, first.placing.score) == ("Kota terbaik", Decimal("93.42"))
    assert first.placing.criteria[0].name.id == "Indeks Pencapaian SPM"


def test_winners_are_told_their_place_and_other_nominees_nothing(law: Law) -> None:
    matters = matters_of(award(AwardState.DECIDED, winners=["64.74", "64.71"]), "fact", law)

    places = [(matter.region_code, matter.facts.place) for matter in matters if isinstance(matter.facts, Award)]
    assert places == [("64.74", 1), ("64.71", 2)]
    assert {matter.period for matter in matters} == {None}


@pytest.mark.parametrize("message", [overdue("99"), overdue("12.99")])
def test_a_region_that_the_law_does_not_know_is_refused_by_name(law: Law, message: ReportOverdueV1) -> None:
    with pytest.raises(RegulationError, match=f"Region {message.region_code} is not written"):
        matters_of(message, "fact", law)


@pytest.mark.parametrize(
    "message",
    [
        EntrySettledV1(
            region_code="64.71", period="2023Q4", period_revision=1, reports=0, reported=False, closed_at=CLOSED
        ),
        EntryClosedV1(region_code="64.71", period="2023Q4", period_revision=1, due_at=DUE, closed_at=CLOSED),
    ],
)
def test_a_mark_of_the_calendar_gives_nothing_to_tell(law: Law, message: Message) -> None:
    assert matters_of(message, "fact", law) == []


@pytest.mark.parametrize(
    ("model", "folder"),
    [
        (SubmissionJudgedV1, "submission-judged-v1"),
        (ReportOverdueV1, "report-overdue-v1"),
        (ScorecardUpdatedV1, "scorecard-updated-v1"),
        (AwardChangedV1, "award-changed-v1"),
    ],
)
def test_every_example_of_the_contracts_can_be_told(law: Law, model: type[Message], folder: str) -> None:
    for file in sorted((EXAMPLES / folder).glob("*.json")):
        # The examples' regions do not exist; others of the same kind stand in for them.
        text = file.read_text().replace('"99.73"', '"64.74"').replace('"99.', '"64.')
        message = model.model_validate_json(text)
        for matter in matters_of(message, message.event_id, law):
            assert matter.fact_id == message.event_id, file.name
