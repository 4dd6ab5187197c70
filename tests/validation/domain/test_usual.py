import pytest

from regulation.law import Law
from services.validation.domain.case import Case, EarlierReport, PeerFigures, PeerGroup
from services.validation.domain.figures import Figures
from services.validation.domain.outliers import Limits, Outlier, Spread
from services.validation.domain.usual import percent, rupiah, told, unusual_among_peers, unusual_costs, unusual_paces
from tests.validation.reports import case, service, submission

NAME = "edu.kab.basic"
ANY = Limits(n_min=1, z_max=0, modified_z_max=0, margin_max=0, measures_min=0, distance_ratio_min=0)
"""Everything is an outlier, so that what is measured can be seen."""
QUARTERS = ("2023Q3", "2023Q2", "2023Q1", "2022Q4", "2022Q3", "2022Q2", "2022Q1", "2021Q4")

Counts = tuple[int | None, int | None]


def told_of(law: Law, *counts: Counts, now: Counts = (1_000, 800), periods: tuple[str, ...] = QUARTERS) -> Case:
    """The report at hand behind earlier ones, newest first; each states a target and a count served."""
    history = [
        EarlierReport(period, {NAME: Figures(target, served, None, None)})
        for period, (target, served) in zip(periods, counts, strict=False)
    ]
    return case(law, submission(service("edu.kab.paud"), service(NAME, target=now[0], served=now[1])), *history)


def paces(asked: Case) -> list[float] | None:
    """The pace of the report and those of its history, as far as they can be told; None where nothing can be said."""
    found = dict(unusual_paces(asked, ANY))
    if 1 not in found:
        return None
    spread = found[1].spread
    return [found[1].figure, float(spread.n), spread.lowest, spread.highest]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([(1_000, 600)], [0.2, 1, 0.2, 0.2]),
        ([(1_000, 500), (1_000, 100)], [0.3, 2, 0.05, 0.4]),
        ([(1_000, 500), (500, 100), (1_000, 50)], [0.3, 3, 0.05, 0.4]),
        ([(1_000, 500), (1_000, None)], None),
        ([(1_000, 500), (None, 100)], [0.3, 1, 0.4, 0.4]),
        ([(1_000, None), (1_000, 100)], None),
    ],
    ids=["mean since January", "of a quarter", "January's quarter", "one lacks", "a target lacks", "the last lacks"],
)
def test_a_pace_is_the_share_served_in_a_quarter(law: Law, counts: list[Counts], expected: list[float] | None) -> None:
    found = paces(told_of(law, *counts))
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_year_begins_at_zero_and_a_gap_is_shared_by_its_quarters(law: Law) -> None:
    asked = told_of(law, (1_000, 400), (1_000, 900), (1_000, 100), periods=("2023Q2", "2022Q4", "2022Q1"))
    assert paces(asked) == pytest.approx([(800 - 400) / 2_000, 3, 100 / 1_000, (900 - 100) / 3_000])


@pytest.mark.parametrize("now", [(None, 800), (1_000, None), (0, 0)])
def test_nothing_is_said_of_a_figure_that_is_missing_or_of_nobody(law: Law, now: Counts) -> None:
    asked = told_of(law, (1_000, 500), (1_000, 100), now=now)
    assert paces(asked) is None


def test_costs_are_rupiah_for_each_person_served_since_january(law: Law) -> None:
    history = [
        EarlierReport(period, {NAME: Figures(None, served, None, realised)})
        for period, served, realised in (
            ("2023Q3", 10, 50),
            ("2023Q2", 0, 7),
            ("2023Q1", None, 7),
            ("2022Q4", 10, None),
        )
    ]
    report = submission(service(NAME, served=800, realised=1_600), service("edu.kab.paud", served=0))
    found = dict(unusual_costs(case(law, report, *history), ANY))
    assert list(found) == [0]
    assert (found[0].figure, found[0].spread.n, found[0].spread.median) == (2, 1, 5)


@pytest.mark.parametrize(
    ("target", "served", "figures", "expected"),
    [
        (1_000, 800, PeerFigures(Spread.of([0.2, 0.3]), None), [0.8]),
        (1_000, 800, PeerFigures(None, Spread.of([0.2, 0.3])), []),
        (0, 800, PeerFigures(Spread.of([0.2, 0.3]), None), []),
        (None, 800, PeerFigures(Spread.of([0.2, 0.3]), None), []),
        (1_000, None, PeerFigures(Spread.of([0.2, 0.3]), None), []),
    ],
)
def test_among_peers_a_figure_by_target_is_held_against_that_of_the_level(
    law: Law, target: int | None, served: int | None, figures: PeerFigures, expected: list[float]
) -> None:
    report = submission(service("edu.kab.paud"), service(NAME, target=target, served=served))
    asked = case(law, report, peers=PeerGroup("2022Q4", {NAME: figures}))
    found = unusual_among_peers(asked, asked.columns.served, lambda peers: peers.attainment, ANY)
    assert [outlier.figure for _, outlier in found] == expected


def test_without_figures_of_peers_nothing_is_said(law: Law) -> None:
    asked = case(law, submission(service(NAME)))
    assert not list(unusual_among_peers(asked, asked.columns.served, lambda peers: peers.attainment, ANY))


def test_a_finding_tells_what_is_usual_and_by_which_measures_it_is_not() -> None:
    spread = Spread.of([0.1, 0.2, 0.3, 0.4])
    outlier = Outlier(0.95, spread, z=6.25, modified_z=None, position=2.8333)
    assert told(outlier, percent) == "± 25.0% (10.0% .. 40.0%; n = 4); z = 6.2, z* = -, min-max = 2.8"
    assert rupiah(1_234_567.6) == "1234568"
