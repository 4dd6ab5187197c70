from decimal import Decimal

import pytest

from contracts.scorecard import ServiceState
from contracts.submission import NilReturn
from contracts.verdict import VerdictOutcome
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.scorecard import score
from tests.scoring.reports import full_reports, judged, submission


def test_a_scorecard_says_what_was_attained_and_by_which_rows(law: Law) -> None:
    verdict = judged(submission("64.71", full_reports(law, "64.71")), revision=3)
    card = score(verdict, law).scorecard
    assert (card.region_code, card.period, card.revision) == ("64.71", "2023Q4", 3)
    assert (card.index_pct, card.band) == (Decimal(90), "tuntas_utama")
    assert card.completeness_pct == 100
    assert (card.arrived_at, card.recorded_at, card.on_time) == (verdict.arrived_at, verdict.recorded_at, True)
    assert {
        "regions/64.71",
        "index_weights/2019-01-01",
        "index_choices/2019-01-01",
        "index_choices/index_methods/health/2019-01-01",
        "index_choices/expected_path/Q4/2019-01-01",
        "service_types/health.kab.pregnancy/2019-01-01",
        "bands/tuntas_utama/2019-01-01",
    } <= set(card.law_rows)
    assert len(card.law_rows) == len(set(card.law_rows))


@pytest.mark.parametrize(("period", "expected"), [("2023Q1", 25), ("2023Q2", 50), ("2023Q3", 75), ("2023Q4", 100)])
def test_the_year_should_progress_evenly(law: Law, period: str, expected: int) -> None:
    sent = submission("64.71", full_reports(law, "64.71", period), period)
    assert score(judged(sent), law).scorecard.expected_pct == expected


def test_the_figures_for_the_awards_go_with_the_scorecard(law: Law) -> None:
    sent = submission("64.71", full_reports(law, "64.71"), stages_done=2, action_plan=None)
    scored = score(judged(sent, late=True), law)
    figures, card = scored.figures, scored.scorecard
    assert (figures.region_code, figures.period, figures.revision) == ("64.71", "2023Q4", 1)
    assert (figures.index_pct, figures.band, figures.submission_id) == (card.index_pct, card.band, card.submission_id)
    assert (figures.stages_pct, figures.budget_pct) == (Decimal(50), Decimal(90))
    assert (figures.team, figures.action_plan, figures.on_time) == (True, False, False)
    assert figures.completeness_pct == card.completeness_pct == Decimal("83.33333333333333333333333333")


def test_a_service_left_out_realised_nothing(law: Law) -> None:
    reports = full_reports(law, "64.71")
    left_out = score(judged(submission("64.71", reports[: len(reports) // 2])), law).figures
    assert left_out.budget_pct < 50


def test_a_nil_return_scores_nothing_and_only_its_other_modules_are_filled_in(law: Law) -> None:
    nil = NilReturn(author_role="Sekda", reason="Pelayanan belum dimulai (sintetis).")
    sent = submission("64.71", []).model_copy(update={"nil_return": nil})
    scored = score(judged(sent), law)
    assert scored.scorecard.index_pct == scored.figures.budget_pct == 0
    assert scored.scorecard.band == "belum_tuntas"
    assert {one.state for sector in scored.scorecard.sectors for one in sector.services} == {ServiceState.MISSING}
    assert scored.scorecard.completeness_pct == 50


def test_a_returned_report_has_no_score(law: Law) -> None:
    with pytest.raises(Unscorable, match="was returned; only an accepted report is scored"):
        score(judged(submission("64.71", []), outcome=VerdictOutcome.RETURNED), law)


def test_a_region_that_the_law_does_not_know_has_no_score(law: Law) -> None:
    with pytest.raises(Unscorable, match=r"Region 99\.99 is not in regions\.toml"):
        score(judged(submission("99.99", [])), law)


def test_a_quarter_before_the_law_has_no_score(law: Law) -> None:
    with pytest.raises(RegulationError, match="No row is in force on 2018-12-31"):
        score(judged(submission("64.71", [], "2018Q4")), law)
