from datetime import timedelta
from decimal import Decimal

import pytest

from contracts.award import AwardState, AwardStep, AwardStepTakenV1
from contracts.notice import NoticeKind
from contracts.recipient import RecipientChangedV1, Role
from contracts.scorecard import ScorecardUpdatedV1
from regulation.law import Law
from services.notify.domain.certificate import certificates_of
from services.notify.domain.corrections import Letter, figures_corrected, last_before, may_correct, withdrawn
from services.notify.domain.facts import Correction, PathReached, SectorsRecovered
from services.notify.domain.matters import matters_of
from services.notify.domain.notice import Mailbox, Matter, Notice, Recipient
from services.notify.domain.recipients import notices_of
from tests.notify.messages import ARRIVED, CLOSED, award, award_step, scorecard, sector
from tests.notify.messages import office as registered

TEAM = Recipient(role=Role.TEAM, address="tim@kota.example")
WEAK = [sector("health", "10", {"health.kab.pregnancy": "10"})]


def office(role: Role = Role.TEAM, name: str = "a", **changes: object) -> RecipientChangedV1:
    named = {"recipient_id": f"r-{role.name.lower()}-{name}", "address": f"{name}@kota.example"}
    return registered(ARRIVED, role, **named | changes)


def card(revision: int, index: str, region: str = "64.71") -> ScorecardUpdatedV1:
    made = scorecard(index, sectors=WEAK, region=region)
    at = ARRIVED + timedelta(days=revision)
    return made.model_copy(update={"revision": revision, "submission_id": f"s-{revision}", "recorded_at": at})


def told(message: ScorecardUpdatedV1, law: Law) -> Matter:
    [matter] = matters_of(message, message.event_id, law)
    return matter


def corrected(message: ScorecardUpdatedV1, earlier: list[Matter], law: Law) -> Matter | None:
    return figures_corrected(message, message.event_id, earlier, law) if may_correct(message) else None


def test_who_was_told_below_the_path_is_told_when_a_later_report_reaches_it(law: Law) -> None:
    below, on = told(card(1, "71.254"), law), card(2, "100")

    correction = corrected(on, [below], law)

    assert correction is not None
    assert (correction.kind, correction.period) == (NoticeKind.CORRECTION, "2023Q4")
    assert (correction.fact_id, correction.fact_at) == (on.event_id, on.recorded_at)
    assert isinstance(correction.facts, Correction)
    assert correction.facts.path_reached == PathReached(
        told_revision=1,
        told_index_pct=Decimal("71.25"),
        told_gap_pct=Decimal("28.75"),
        told_sectors=("health",),
        revision=2,
        index_pct=Decimal("100.00"),
        expected_pct=Decimal("100.00"),
    )
    assert Notice(correction, TEAM).replaced_id == Notice(below, TEAM).id
    assert Notice(correction, TEAM).thread_id == Notice(below, TEAM).thread_id


def test_of_many_letters_the_last_before_each_scorecard_is_asked_for() -> None:
    letters = [Letter("64.71", "2023Q4", revision, f"n-{revision}") for revision in (5, 1, 3)]
    elsewhere = Letter("64.72", "2023Q4", 4, "n-elsewhere")
    cards = [card(revision, "50") for revision in (1, 4, 6)]

    assert last_before(cards, [*letters, elsewhere]) == ["n-3", "n-5"]
    assert last_before([card(1, "50")], letters) == [], "there is none before the first"


def test_a_gap_that_is_smaller_is_told_by_a_notice_of_its_own_and_corrects_nothing(law: Law) -> None:
    assert corrected(card(2, "99.9"), [told(card(1, "50"), law)], law) is None


def sectors(message: ScorecardUpdatedV1, **indices: str) -> ScorecardUpdatedV1:
    return message.model_copy(update={"sectors": tuple(sector(name, index, {}) for name, index in indices.items())})


def test_an_agency_whose_sector_recovered_is_told_though_the_region_stays_below_the_path(law: Law) -> None:
    below = told(sectors(card(1, "50"), health="10", edu="99.9"), law)
    still = sectors(card(2, "80"), health="60", edu="100")

    correction = corrected(still, [below], law)

    assert correction is not None
    assert isinstance(correction.facts, Correction)
    assert isinstance(correction.facts.sectors_recovered, SectorsRecovered)
    assert [one.sector for one in correction.facts.sectors_recovered.sectors] == ["edu"]
    agencies = [office(Role.AGENCY, name, sector=name) for name in ("health", "edu")]
    rows = [office(), *agencies, office(Role.SECRETARY)]
    assert [one.recipient.recipient_id for one in notices_of(correction, rows, ())] == ["r-agency-edu"]
    [letter] = notices_of(correction, rows, ())
    assert letter.replaced_id in {one.id for one in notices_of(below, rows, ())}
    assert [one.recipient.recipient_id for one in notices_of(told(still, law), rows, ())] == [
        "r-team-a",
        "r-agency-health",
    ]


def test_the_whole_region_is_corrected_after_one_sector_was(law: Law) -> None:
    below = told(sectors(card(1, "50"), health="10", edu="99.9"), law)
    still = sectors(card(2, "80"), health="60", edu="100")
    recovered = corrected(still, [below], law)
    assert recovered is not None
    correction = corrected(card(3, "100"), [recovered, told(still, law), below], law)
    assert correction is not None
    assert isinstance(correction.facts, Correction)
    assert correction.facts.path_reached is not None
    assert correction.facts.path_reached.told_sectors == ("health",)


@pytest.mark.parametrize("health", ["60", "99.999"])
def test_a_sector_that_still_lies_below_the_path_has_not_recovered(law: Law, health: str) -> None:
    below = told(sectors(card(1, "50"), health="10"), law)
    assert corrected(sectors(card(2, "80"), health=health), [below], law) is None


@pytest.mark.parametrize("message", [card(1, "100"), card(2, "100"), card(3, "100", region="64.72")])
def test_nothing_is_corrected_of_what_nobody_of_the_region_was_told(law: Law, message: ScorecardUpdatedV1) -> None:
    later = told(card(2, "50"), law)
    assert corrected(message, [later], law) is None


def test_each_letter_is_corrected_once_and_a_new_one_again(law: Law) -> None:
    first = told(card(1, "50"), law)
    correction = corrected(card(2, "100"), [first], law)
    assert correction is not None
    assert corrected(card(3, "100"), [first, correction], law) is None
    again = told(card(4, "60"), law)
    second = corrected(card(5, "100"), [again, first, correction], law)
    assert second is not None
    assert isinstance(second.facts, Correction)
    assert second.facts.replaced_fact == again.fact_id
    assert corrected(card(2, "100"), [first, correction, again, second], law) == correction, "read again, later"


@pytest.mark.parametrize(
    ("step", "kind", "regions"),
    [
        (AwardStep.NOMINATED, NoticeKind.AWARD_NOMINATED, ["64.71", "64.72", "64.74"]),
        (AwardStep.ANNOUNCED, NoticeKind.AWARD_WON, ["64.72"]),
    ],
)
def test_who_was_named_by_a_step_is_told_when_it_is_undone(
    law: Law, step: AwardStep, kind: NoticeKind, regions: list[str]
) -> None:
    taken = award_step(2, step, winners=["64.72"] if step is AwardStep.ANNOUNCED else [])
    undone = award_step(3, AwardStep.CORRECTED, refers_to=2)

    matters = withdrawn(undone, certificates_of(taken), law)

    assert [(matter.region_code, matter.subject_kind) for matter in matters] == [(code, kind) for code in regions]
    assert len({matter.id for matter in matters}) == len(regions)
    state = AwardState.NOMINATED if step is AwardStep.NOMINATED else AwardState.DECIDED
    changed = award(state, winners=["64.72"], revision=2).model_copy(update={"changed_at": taken.taken_at})
    named = next(one for one in matters_of(changed, changed.event_id, law) if one.region_code == "64.72")
    [mine] = [one for one in matters if one.region_code == "64.72"]
    assert Notice(mine, TEAM).replaced_id == Notice(named, TEAM).id
    assert mine.subject_at == named.fact_at


@pytest.mark.parametrize("step", [award_step(2, AwardStep.NOMINATED), award_step(3, AwardStep.CLOSED)])
def test_a_step_that_undoes_nothing_takes_nothing_back(law: Law, step: AwardStepTakenV1) -> None:
    assert withdrawn(step, certificates_of(award_step(2, AwardStep.NOMINATED)), law) == []


def test_a_correction_goes_to_whoever_was_told_and_can_still_be_reached(law: Law) -> None:
    below = told(card(1, "50"), law)
    correction = corrected(card(2, "100"), [below], law)
    assert correction is not None
    between = ARRIVED + timedelta(days=1, hours=1)
    health, education = (office(Role.AGENCY, name, sector=name) for name in ("health", "edu"))
    late, gone = office(name="late", active_from=between), office(name="gone", unreachable_since=between)
    rows = [office(), health, education, late, gone, office(Role.SECRETARY)]

    def ids(matter: Matter) -> set[str | None]:
        return {notice.recipient.recipient_id for notice in notices_of(matter, rows, ())}

    assert ids(below) == {rows[0].recipient_id, health.recipient_id, gone.recipient_id}
    assert ids(correction) == {rows[0].recipient_id, health.recipient_id}


def test_until_a_region_registers_an_office_its_correction_goes_where_the_first_letter_went(law: Law) -> None:
    below = told(card(1, "50"), law)
    correction = corrected(card(2, "100"), [below], law)
    assert correction is not None
    seed = (Mailbox(role=Role.TEAM, address="tim@kota.example"), Mailbox(role=Role.SECRETARY, address="s@kota.example"))
    rows = [office(active_from=CLOSED + timedelta(days=30))]
    assert [notice.recipient.role for notice in notices_of(correction, rows, seed)] == [Role.TEAM]
