import random
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.candidate import Candidate, candidates
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.ranking import Ranking, rank
from tests.scoring.years import DUE_AT, candidate, figures, year


def order(edition: AwardEdition, *compared: Candidate) -> list[str]:
    return [one.region_code for one in standing_of(edition, *compared).ranked]


def standing_of(edition: AwardEdition, *compared: Candidate) -> Ranking:
    return rank(compared, edition, edition.criteria)


def test_the_higher_score_ranks_first_and_places_count_from_one(law: Law, edition: AwardEdition) -> None:
    weak = candidate(law, "11", year("11", index_pct=Decimal(50)))
    strong = candidate(law, "64", year("64", index_pct=Decimal("99.9")))
    ranking = standing_of(edition, weak, strong)
    assert [(one.rank, one.region_code) for one in ranking.ranked] == [(1, "64"), (2, "11")]
    assert ranking.ranked[0].index_pct == Decimal("99.9")
    assert ranking.ranked[0].score > ranking.ranked[1].score


def test_a_difference_in_the_last_digit_decides(law: Law, edition: AwardEdition) -> None:
    lower = candidate(law, "11", year("11", index_pct=Decimal("90.00000000000000000000000001")))
    higher = candidate(law, "64", year("64", index_pct=Decimal("90.00000000000000000000000011")))
    assert order(edition, lower, higher) == ["64", "11"]


def test_equal_scores_are_decided_by_the_index(law: Law, edition: AwardEdition) -> None:
    # 40 percent of 10 points less in the index are 10 percent of 40 points more in the budget.
    budget = candidate(law, "11", year("11", index_pct=Decimal(80), budget_pct=Decimal(90)))
    index = candidate(law, "64", year("64", index_pct=Decimal(90), budget_pct=Decimal(50)))
    ranked = standing_of(edition, budget, index).ranked
    assert ranked[0].score == ranked[1].score
    assert [one.region_code for one in ranked] == ["64", "11"]


def test_then_by_the_earlier_average_arrival_against_each_deadline(law: Law, edition: AwardEdition) -> None:
    early = candidate(law, "64", year("64", arrived_at=DUE_AT - timedelta(days=2)))
    late_deadline = year("11", arrived_at=DUE_AT - timedelta(days=3), due_at=DUE_AT - timedelta(days=2))
    assert order(edition, candidate(law, "11", late_deadline), early) == ["64", "11"]


def test_the_average_counts_and_not_a_single_quarter(law: Law, edition: AwardEdition) -> None:
    one_very_early = year("11", arrived_at=DUE_AT - timedelta(hours=1))
    one_very_early[0] = figures("11", "2023Q1", arrived_at=DUE_AT - timedelta(days=9))
    steady = candidate(law, "64", year("64", arrived_at=DUE_AT - timedelta(days=2)))
    assert order(edition, candidate(law, "11", one_very_early), steady) == ["11", "64"]


def test_then_by_completeness_over_the_year(law: Law, edition: AwardEdition) -> None:
    incomplete = year("11")
    incomplete[1] = figures("11", "2023Q2", completeness_pct=Decimal(99))
    assert order(edition, candidate(law, "11", incomplete), candidate(law, "64", year("64"))) == ["64", "11"]


def test_and_last_by_the_region_code(law: Law, edition: AwardEdition) -> None:
    alike = [candidate(law, code, year(code)) for code in ("11", "12", "64")]
    for given in permutations(alike):
        assert order(edition, *given) == ["11", "12", "64"]


def test_excluded_regions_take_no_place(law: Law, edition: AwardEdition) -> None:
    ranking = standing_of(edition, candidate(law, "11", []), candidate(law, "64", year("64")))
    assert [(one.rank, one.region_code) for one in ranking.ranked] == [(1, "64")]
    assert [one.region_code for one in ranking.excluded] == ["11"]


def test_an_edition_without_gates_ranks_regions_without_reports_last(law: Law, edition: AwardEdition) -> None:
    open_edition = AwardEdition(**(vars(edition) | {"eligibility": ()}))
    assert order(open_edition, candidate(law, "11", []), candidate(law, "64", year("64"))) == ["64", "11"]


@pytest.mark.parametrize(("category", "regions"), [("provinsi", 38), ("kabupaten", 416), ("kota", 98)])
def test_every_region_of_the_kind_is_compared_or_excluded(
    law: Law, edition: AwardEdition, category: str, regions: int
) -> None:
    reported = [quarter for region in law.regions.reporting() for quarter in _random_year(region.code)]
    compared = candidates(law, edition.category(category), edition.fiscal_year, reported)
    ranking = standing_of(edition, *compared)
    assert len(ranking.ranked) + len(ranking.excluded) == len(compared) == regions
    assert [one.rank for one in ranking.ranked] == list(range(1, len(ranking.ranked) + 1))
    scores = [one.score for one in ranking.ranked]
    assert scores == sorted(scores, reverse=True)


def _random_year(region: str) -> list[QuarterFigures]:
    draw = random.Random(region)
    return year(region, index_pct=Decimal(draw.randint(0, 10_000)) / 100)
