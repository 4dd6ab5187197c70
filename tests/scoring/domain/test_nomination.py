from decimal import Decimal

from contracts.award import AwardState
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.nomination import Proposal, decided, nominated, propose
from tests.scoring.reports import AUTHOR
from tests.scoring.years import figures, year

PROVINCES = {"64": 99, "32": 98, "35": 97, "73": 96, "33": 95, "11": 94}


def proposal(law: Law, edition: AwardEdition, indexes: dict[str, int] | None = None) -> Proposal:
    reported = [
        quarter for code, index in (indexes or PROVINCES).items() for quarter in year(code, index_pct=Decimal(index))
    ]
    return propose(law, edition, edition.category("provinsi"), reported)


def test_the_best_are_nominated_and_the_best_of_them_win(law: Law, edition: AwardEdition) -> None:
    category = edition.category("provinsi")
    found = proposal(law, edition)
    nomination = nominated(found, edition, category, revision=1, author=AUTHOR)
    assert [one.region_code for one in nomination.nominees] == ["64", "32", "35", "73", "33"]
    assert (nomination.state, nomination.winners, nomination.ranked) == (AwardState.NOMINATED, (), 6)
    assert len(nomination.excluded) == 32
    assert (nomination.edition_year, nomination.fiscal_year) == (2024, 2023)
    decision = decided(nomination, category, AUTHOR)
    assert (decision.state, decision.revision) == (AwardState.DECIDED, 2)
    assert decision.winners == ("64", "32", "35")
    assert decision.nominees == nomination.nominees


def test_fewer_eligible_regions_than_places_are_all_nominated(law: Law, edition: AwardEdition) -> None:
    category = edition.category("provinsi")
    nomination = nominated(proposal(law, edition, {"64": 50}), edition, category, revision=1, author=AUTHOR)
    assert [one.region_code for one in nomination.nominees] == ["64"]
    assert decided(nomination, category, AUTHOR).winners == ("64",)


def test_a_nomination_names_its_rows_of_law(law: Law, edition: AwardEdition) -> None:
    assert proposal(law, edition).law_rows == edition.row_ids


def test_the_same_figures_in_any_order_make_the_same_proposal(law: Law, edition: AwardEdition) -> None:
    backwards = dict(reversed(PROVINCES.items()))
    assert proposal(law, edition) == proposal(law, edition, backwards)


def test_the_digest_covers_figures_that_change_no_place(law: Law, edition: AwardEdition) -> None:
    category = edition.category("provinsi")
    before = propose(law, edition, category, year("64"))
    after = propose(law, edition, category, [*year("64"), figures("11", "2023Q1")])
    assert before.nominees == after.nominees
    assert before.figures_digest != after.figures_digest


def test_figures_of_other_kinds_of_region_do_not_matter(law: Law, edition: AwardEdition) -> None:
    category = edition.category("provinsi")
    assert propose(law, edition, category, [*year("64"), *year("64.71")]) == propose(law, edition, category, year("64"))


def test_a_proposal_stands_in_the_award_made_of_it_and_in_no_other(law: Law, edition: AwardEdition) -> None:
    found = proposal(law, edition)
    award = nominated(found, edition, edition.category("provinsi"), revision=1, author=AUTHOR)
    assert found.stands_in(award)
    assert found.stands_in(type(award).model_validate_json(award.model_dump_json()))
    assert not proposal(law, edition, PROVINCES | {"64": 90}).stands_in(award)
