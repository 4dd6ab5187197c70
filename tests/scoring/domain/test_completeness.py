from decimal import Decimal

import pytest

from contracts.submission import ServiceReport, Submission
from services.scoring.domain.completeness import completeness_pct
from tests.scoring.reports import item, report, submission

PREGNANCY = "health.kab.pregnancy"
FULL = report(PREGNANCY, quality=[item(10, 0)])
BLANK = ServiceReport(service_type=PREGNANCY)


def filled(one: ServiceReport, sent: Submission | None = None) -> Decimal:
    return completeness_pct(sent or submission("64.71", [one]), [one])


def test_a_report_with_every_figure_is_complete_and_zero_is_a_figure() -> None:
    assert filled(FULL) == 100
    assert filled(report(PREGNANCY, target=0, served=0, allocated=0, realised=0, quality=[item(0, 0)])) == 100


def test_a_report_with_nothing_filled_in_is_not_complete_at_all() -> None:
    bare = submission("64.71", [BLANK], team=None, action_plan=None).model_copy(update={"stages": ()})
    assert filled(BLANK, bare) == 0


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (report(PREGNANCY, served=None, quality=[item(10, 0)]), "91.66666666666666666666666667"),
        (report(PREGNANCY, realised=None, quality=[item(10, 0)]), "91.66666666666666666666666667"),
        (report(PREGNANCY, quality=[]), "83.33333333333333333333333333"),
        (report(PREGNANCY, quality=[item(10, 0), item(10, None)]), "83.33333333333333333333333333"),
        (report(PREGNANCY, quality=[item(None, 10)]), "83.33333333333333333333333333"),
    ],
)
def test_each_module_weighs_a_sixth(one: ServiceReport, expected: str) -> None:
    assert str(filled(one)) == expected


def test_stages_team_and_action_plan_are_modules_of_their_own() -> None:
    sent = submission("64.71", [FULL])
    without_team = submission("64.71", [FULL], team=None)
    without_plan = submission("64.71", [FULL], action_plan=None)
    half_of_the_stages = sent.model_copy(update={"stages": sent.stages[:2]})
    assert filled(FULL, without_team) == filled(FULL, without_plan)
    assert str(filled(FULL, without_team)) == "83.33333333333333333333333333"
    assert str(filled(FULL, half_of_the_stages)) == "91.66666666666666666666666667"


def test_a_service_left_out_lowers_completeness() -> None:
    assert completeness_pct(submission("64.71", [FULL]), [FULL, BLANK]) == 75
