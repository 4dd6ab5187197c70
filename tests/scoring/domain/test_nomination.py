from collections.abc import Iterable, Sequence
from decimal import Decimal

from contracts.award import CategoryAward, PanelScore
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.nomination import decided, nominated
from services.scoring.domain.panel import given, score_faults
from tests.scoring.panels import with_panel
from tests.scoring.years import figures, year

PROVINCES = {"64": 99, "32": 98, "35": 97, "73": 96, "33": 95, "11": 94}


def reported(indexes: dict[str, int]) -> list[QuarterFigures]:
    return [quarter for code, index in indexes.items() for quarter in year(code, index_pct=Decimal(index))]


def provinsi(law: Law, edition: AwardEdition, quarters: Iterable[QuarterFigures] | None = None) -> CategoryAward:
    awards = nominated(law, edition, list(quarters or reported(PROVINCES)))
    return next(award for award in awards if award.category == "provinsi")


def test_every_category_of_the_edition_is_nominated_in_its_order(law: Law, edition: AwardEdition) -> None:
    awards = nominated(law, edition, reported(PROVINCES))
    assert [award.category for award in awards] == ["provinsi", "kabupaten", "kota"]
    assert [len(award.nominees) for award in awards] == [5, 0, 0]


def test_the_best_are_nominated_and_the_best_of_them_win(law: Law, edition: AwardEdition) -> None:
    nomination = provinsi(law, edition)
    assert [one.region_code for one in nomination.nominees] == ["64", "32", "35", "73", "33"]
    assert (nomination.winners, nomination.ranked, len(nomination.excluded)) == ((), 6, 32)
    (decision,) = decided([nomination], edition, {})
    assert decision.winners == ("64", "32", "35")
    assert decision.nominees == nomination.nominees


def test_fewer_eligible_regions_than_places_are_all_nominated(law: Law, edition: AwardEdition) -> None:
    nomination = provinsi(law, edition, year("64"))
    assert [one.region_code for one in nomination.nominees] == ["64"]
    assert decided([nomination], edition, {})[0].winners == ("64",)


def test_the_same_figures_in_any_order_make_the_same_nomination(law: Law, edition: AwardEdition) -> None:
    backwards = reported(dict(reversed(PROVINCES.items())))
    assert provinsi(law, edition) == provinsi(law, edition, backwards)


def test_the_digest_covers_figures_that_change_no_place(law: Law, edition: AwardEdition) -> None:
    before = provinsi(law, edition, year("64"))
    after = provinsi(law, edition, [*year("64"), figures("11", "2023Q1")])
    assert before.nominees == after.nominees
    assert before.figures_digest != after.figures_digest


def test_figures_of_other_kinds_of_region_do_not_matter(law: Law, edition: AwardEdition) -> None:
    assert provinsi(law, edition, [*year("64"), *year("64.71")]) == provinsi(law, edition, year("64"))


def scores(*by_rank: int, codes: Sequence[str] = ("64", "32", "35", "73", "33")) -> list[PanelScore]:
    return [
        PanelScore(category="provinsi", region_code=code, score_pct=Decimal(score))
        for code, score in zip(codes, by_rank, strict=True)
    ]


def test_a_panel_moves_the_places_by_its_weight(law: Law, edition: AwardEdition) -> None:
    judged = with_panel(edition, seats=("bappenas", "kemenkeu"), weight_pct=40)
    nomination = provinsi(law, judged)
    by_seat = {"bappenas": given(scores(50, 60, 70, 80, 100)), "kemenkeu": given(scores(50, 60, 70, 90, 100))}
    (decision,) = decided([nomination], judged, by_seat)
    assert decision.winners == ("33", "73", "35")
    assert [one.panel_pct for one in decision.nominees] == [50, 60, 70, 85, 100]
    first = decision.nominees[0]
    assert first.final_score == Decimal("0.6") * first.score + Decimal("0.4") * 50
    assert [one.rank for one in decision.nominees] == [1, 2, 3, 4, 5]


def test_equal_final_scores_keep_the_order_of_the_ranking(law: Law, edition: AwardEdition) -> None:
    judged = with_panel(edition, seats=("bappenas",), weight_pct=100)
    (decision,) = decided([provinsi(law, judged)], judged, {"bappenas": given(scores(80, 80, 80, 80, 80))})
    assert decision.winners == ("64", "32", "35")


def test_scores_must_cover_every_nominee_once_and_nobody_else(law: Law, edition: AwardEdition) -> None:
    nomination = [provinsi(law, edition)]
    assert score_faults(scores(1, 2, 3, 4, 5), nomination) == []
    found = score_faults([*scores(1, 2, 3, 4, 5, codes=("64", "32", "35", "64", "11"))], nomination)
    assert found == [
        (3, "64 of provinsi is scored twice; give one score."),
        (4, "11 is no nominee of provinsi."),
        (None, "33 of provinsi has no score; score every nominee."),
        (None, "73 of provinsi has no score; score every nominee."),
    ]
