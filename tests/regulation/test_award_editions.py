from decimal import Decimal

import pytest

from regulation.errors import RegulationError
from regulation.law import Law

EDITIONS = [2023, 2024, 2025]
ISLANDS = ["sumatra", "jawa", "kalimantan", "sulawesi", "bali_nusa_tenggara", "maluku_papua"]


@pytest.mark.parametrize(("edition_year", "fiscal_year"), [(2023, 2022), (2024, 2023), (2025, 2024)])
def test_an_edition_judges_the_fiscal_year_before(law: Law, edition_year: int, fiscal_year: int) -> None:
    edition = law.award_edition(edition_year)
    assert edition.fiscal_year == fiscal_year
    assert law.award_edition_for_fiscal_year(fiscal_year) == edition


@pytest.mark.parametrize("edition_year", [2023, 2024])
def test_three_categories_have_five_nominees_and_three_winners(law: Law, edition_year: int) -> None:
    categories = law.award_edition(edition_year).categories
    assert [(row.id, row.region_kinds) for row in categories] == [
        ("provinsi", ("provinsi",)),
        ("kabupaten", ("kabupaten",)),
        ("kota", ("kota",)),
    ]
    assert {(row.nominee_count, row.winner_count) for row in categories} == {(5, 3)}


@pytest.mark.parametrize(
    ("edition_year", "weights"),
    [
        (2023, {"ip_spm": "45", "reporting": "20", "stages": "15", "budget": "10", "team": "10"}),
        (
            2024,
            {
                "ip_spm": "40",
                "reporting": "20",
                "stages": "15",
                "budget": "10",
                "team": "7.5",
                "action_plan": "7.5",
            },
        ),
    ],
)
def test_criteria_weigh_100_together_and_are_marked_as_ours(
    law: Law, edition_year: int, weights: dict[str, str]
) -> None:
    criteria = law.award_edition(edition_year).criteria
    assert {row.id: row.weight_pct for row in criteria} == {id_: Decimal(weight) for id_, weight in weights.items()}
    assert sum(row.weight_pct for row in criteria) == 100
    assert {row.source for row in criteria} == {"ours"}


def test_edition_2025_adds_the_best_of_each_region_of_the_country_and_the_most_active_provinsi(law: Law) -> None:
    edition = law.award_edition(2025)
    assert [row.id for row in edition.categories] == ["provinsi", "kabupaten", "kota", *ISLANDS, "pembinaan"]
    assert {edition.category(island).winner_count for island in ISLANDS} == {2}
    assert edition.category("pembinaan").winner_count == 1


@pytest.mark.parametrize(
    ("category", "admitted", "refused"),
    [
        ("provinsi", ["64", "73"], ["64.71", "64.02"]),
        ("sulawesi", ["72", "73.71", "73.12"], ["64", "64.71"]),
        ("maluku_papua", ["81", "91.71"], ["73"]),
    ],
)
def test_a_category_admits_the_regions_of_its_scope(
    law: Law, category: str, admitted: list[str], refused: list[str]
) -> None:
    row = law.award_edition(2025).category(category)
    assert all(row.admits(law.regions[code]) for code in admitted)
    assert not any(row.admits(law.regions[code]) for code in refused)


def test_a_category_may_be_of_one_provinsi_or_of_listed_regions(law: Law) -> None:
    row = law.award_edition(2025).category("sumatra")
    of_aceh = row.model_copy(update={"provinsi": "11"})
    listed = row.model_copy(update={"regions": ("11.01", "64.71")})
    admitted = {code for code, region in law.regions.items() if of_aceh.admits(region)}
    assert admitted == {code for code in law.regions if code[:2] == "11"}
    assert {code for code, region in law.regions.items() if listed.admits(region)} == {"11.01"}


def test_a_category_with_criteria_of_its_own_is_judged_by_them_alone(law: Law) -> None:
    edition = law.award_edition(2025)
    assert [row.id for row in edition.criteria_of("pembinaan")] == ["guided_index", "guided_reporting"]
    assert edition.criteria_of("provinsi") == edition.criteria_of("sulawesi")
    assert {row.category for row in edition.criteria_of("kota")} == {None}


@pytest.mark.parametrize("edition_year", EDITIONS)
def test_no_source_tells_of_a_panel_so_none_sits(law: Law, edition_year: int) -> None:
    panel = law.award_edition(edition_year).panel
    assert (panel.weight_pct, panel.source) == (Decimal(0), "ours")
    assert not panel.seats


@pytest.mark.parametrize("edition_year", EDITIONS)
@pytest.mark.parametrize(("outcome", "points"), [("on_time", 100), ("late", 50), ("missing", 0)])
def test_a_quarter_is_worth_its_points(law: Law, edition_year: int, outcome: str, points: int) -> None:
    assert law.award_edition(edition_year).points(outcome) == points


@pytest.mark.parametrize("edition_year", EDITIONS)
def test_ties_are_broken_in_a_written_order(law: Law, edition_year: int) -> None:
    assert [(row.id, row.better) for row in law.award_edition(edition_year).tie_breaks] == [
        ("ip_spm", "higher"),
        ("average_arrival", "earlier"),
        ("completeness", "higher"),
        ("region_code", "lower"),
    ]


@pytest.mark.parametrize("edition_year", EDITIONS)
def test_an_edition_names_the_rows_it_rests_on_once(law: Law, edition_year: int) -> None:
    row_ids = law.award_edition(edition_year).row_ids
    assert len(row_ids) == len(set(row_ids))
    assert row_ids[0] == f"award_editions/{edition_year}"
    assert f"award_editions/criteria/{edition_year}/ip_spm" in row_ids


def test_a_category_is_found_by_its_id(law: Law) -> None:
    assert law.award_edition(2024).category("kota").region_kinds == ("kota",)


def test_a_category_that_is_switched_off_is_not_given(law: Law) -> None:
    with pytest.raises(RegulationError, match="gives no award 'tim_penerapan'; it gives provinsi, kabupaten, kota"):
        law.award_edition(2023).category("tim_penerapan")


def test_an_unknown_outcome_has_no_points(law: Law) -> None:
    with pytest.raises(RegulationError, match="no reporting points for 'early'"):
        law.award_edition(2024).points("early")


def test_an_edition_that_is_not_written_is_refused(law: Law) -> None:
    with pytest.raises(RegulationError, match="No edition 2099 is written"):
        law.award_edition(2099)
    with pytest.raises(RegulationError, match="No edition judges fiscal year 2099"):
        law.award_edition_for_fiscal_year(2099)
