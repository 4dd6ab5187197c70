from decimal import Decimal

from contracts.quarter import Quarter
from regulation.law import Law
from services.scoring.domain.corrections import FigureChange, ServiceChange, figures_changed, services_changed
from services.scoring.domain.scorecard import score
from tests.scoring.reports import TEAM, full_reports, item, judged, report, submission

PREGNANCY, DELIVERY = "health.kab.pregnancy", "health.kab.delivery"


def test_a_report_sent_again_unchanged_changes_nothing() -> None:
    sent = submission("64.71", [report(PREGNANCY, quality=[item(10, 5)])])
    assert figures_changed(sent, sent) == ()


def test_figures_keep_their_names_when_the_order_changes() -> None:
    both = [report(PREGNANCY, quality=[item(10, 5, "A"), item(20, 5, "B")]), report(DELIVERY)]
    turned = [report(DELIVERY), report(PREGNANCY, quality=[item(20, 5, "B"), item(10, 5, "A")])]
    assert figures_changed(submission("64.71", both), submission("64.71", turned)) == ()


def test_each_changed_figure_is_named_with_its_place_and_both_values() -> None:
    before = submission("64.71", [report(PREGNANCY, served=900, quality=[item(10, 5, "A")])])
    after = submission("64.71", [report(DELIVERY), report(PREGNANCY, served=950, quality=[item(10, 6, "A")])])
    found = figures_changed(before, after)
    mine = [one for one in found if PREGNANCY in one.figure]
    assert mine == [
        FigureChange(
            figure=f"services/{PREGNANCY}/recipients/served",
            pointer="/services/1/recipients/served",
            before=900,
            after=950,
        ),
        FigureChange(
            figure=f"services/{PREGNANCY}/quality/A/fulfilled",
            pointer="/services/1/quality/0/fulfilled",
            before=5,
            after=6,
        ),
    ]
    added = [one for one in found if DELIVERY in one.figure]
    assert added
    assert all(one.before is None for one in added)


def test_what_a_correction_took_away_comes_last_and_has_no_place() -> None:
    before = submission("64.71", [report(PREGNANCY), report(DELIVERY)], team=TEAM)
    after = submission("64.71", [report(PREGNANCY)], team=None)
    *_, last = figures_changed(before, after)
    assert (last.pointer, last.after) == (None, None)
    assert {one.figure.split("/")[0] for one in figures_changed(before, after)} == {"services", "team"}


def test_items_that_share_a_code_are_told_apart_by_their_place() -> None:
    before = submission("64.71", [report(PREGNANCY, quality=[item(10, 5, "A"), item(10, 5, "A")])])
    after = submission("64.71", [report(PREGNANCY, quality=[item(10, 5, "A"), item(10, 7, "A")])])
    (found,) = figures_changed(before, after)
    assert found.figure == f"services/{PREGNANCY}/quality/1/fulfilled"


def test_the_services_whose_index_moved_are_named(law: Law) -> None:
    period = Quarter(2023, 4).text
    first = full_reports(law, "64.71", period, served=900)
    corrected = [report(PREGNANCY, served=1_000) if one.service_type == PREGNANCY else one for one in first]
    before = score(judged(submission("64.71", first)), law).scorecard
    after = score(judged(submission("64.71", corrected), revision=2), law).scorecard
    (found,) = services_changed(before, after)
    assert isinstance(found, ServiceChange)
    assert (found.service_type, found.before_pct, found.after_pct) == (PREGNANCY, Decimal(90), Decimal(80))
