from decimal import Decimal
from typing import Any

import pytest

from contracts.quarter import quarters_of
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.candidate import Candidate
from services.scoring.domain.criteria import award_score, criterion_scores
from tests.scoring.years import candidate, figures, year

GUIDED = {
    "75.01": year("75.01", index_pct=Decimal(100)),
    "75.02": year("75.02", index_pct=Decimal(50), on_time=False),
    "75.03": year("75.03", index_pct=Decimal(50)),
    "75.71": [],
}


def test_every_criterion_of_every_edition_can_be_computed(law: Law) -> None:
    for edition_year in (2023, 2024, 2025):
        edition = law.award_edition(edition_year)
        scores = criterion_scores(candidate(law, "64", year("64")), edition, edition.criteria)
        assert [(one.criterion, one.weight_pct) for one in scores] == [
            (row.id, row.weight_pct) for row in edition.criteria
        ]


def test_every_score_lies_between_0_and_100_and_the_weights_make_a_whole(law: Law) -> None:
    for edition_year in (2023, 2024, 2025):
        edition = law.award_edition(edition_year)
        for category in edition.categories:
            for quarters in ([], year("64"), year("64", on_time=False, team=False)[:2]):
                scores = criterion_scores(candidate(law, "64", quarters), edition, edition.criteria_of(category.id))
                assert all(0 <= one.score_pct <= 100 for one in scores)
                assert sum(one.weight_pct for one in scores) == 100


def test_guidance_looks_at_the_kabupaten_and_kota_of_a_provinsi(law: Law) -> None:
    edition = law.award_edition(2025)
    guided = [Candidate(law.regions[code], candidate(law, code, quarters).year) for code, quarters in GUIDED.items()]
    gorontalo = Candidate(law.regions["75"], candidate(law, "75", []).year, tuple(guided))
    scores = criterion_scores(gorontalo, edition, edition.criteria_of("pembinaan"))
    assert {one.criterion: one.score_pct for one in scores} == {"guided_index": 50, "guided_reporting": Decimal("62.5")}
    nobody = Candidate(law.regions["31"], candidate(law, "31", year("31")).year)
    assert award_score(criterion_scores(nobody, edition, edition.criteria_of("pembinaan"))) == 0


def test_the_award_score_is_the_weighted_mean_of_the_criteria(law: Law, edition: AwardEdition) -> None:
    scores = criterion_scores(candidate(law, "64", year("64")), edition, edition.criteria)
    assert {one.criterion: one.score_pct for one in scores} == {
        "ip_spm": 90,
        "reporting": 100,
        "stages": 100,
        "budget": 90,
        "team": 100,
        "action_plan": 100,
    }
    assert award_score(scores) == 95


@pytest.mark.parametrize(
    ("criterion", "last_quarter", "expected"),
    [
        ("ip_spm", {"index_pct": Decimal("12.5")}, Decimal("12.5")),
        ("stages", {"stages_pct": Decimal(25)}, Decimal(25)),
        ("budget", {"budget_pct": Decimal(1)}, Decimal(1)),
        ("team", {"team": False}, Decimal(75)),
        ("action_plan", {"action_plan": False}, Decimal(0)),
        ("reporting", {"on_time": False}, Decimal("87.5")),
    ],
)
def test_a_criterion_looks_at_its_own_figure(
    law: Law, edition: AwardEdition, criterion: str, last_quarter: dict[str, Any], expected: Decimal
) -> None:
    quarters = [*year("64")[:3], figures("64", "2023Q4", **last_quarter)]
    scores = criterion_scores(candidate(law, "64", quarters), edition, edition.criteria)
    assert next(one.score_pct for one in scores if one.criterion == criterion) == expected


@pytest.mark.parametrize("quarter", [quarter.text for quarter in quarters_of(2023)[:3]])
def test_only_reporting_and_team_look_at_the_earlier_quarters(law: Law, edition: AwardEdition, quarter: str) -> None:
    poor = figures("64", quarter, index_pct=Decimal(1), stages_pct=Decimal(0), action_plan=False, team=False)
    quarters = [poor if one.period == quarter else one for one in year("64")]
    scores = {
        one.criterion: one.score_pct
        for one in criterion_scores(candidate(law, "64", quarters), edition, edition.criteria)
    }
    assert scores == {
        "ip_spm": 90,
        "reporting": 100,
        "stages": 100,
        "budget": 90,
        "team": 75,
        "action_plan": 100,
    }


def test_a_region_without_reports_scores_nothing(law: Law, edition: AwardEdition) -> None:
    assert award_score(criterion_scores(candidate(law, "64", []), edition, edition.criteria)) == 0
