from decimal import Decimal
from random import Random

import pytest

from contracts.peers import PeersFixedV1
from services.validation.domain.figures import Figures
from services.validation.domain.outliers import Spread
from services.validation.domain.peers import PeerHead, figures_of, level_id, peer_ids
from tests.validation.reports import KOTA, PERIOD, peers_fixed

BASIC = "edu.kab.basic"
PAUD = "edu.kab.paud"


def reports() -> list[dict[str, Figures]]:
    return [
        {BASIC: Figures(1_000, 800, 5_000_000, None), PAUD: Figures(0, 0, 7, 7)},
        {BASIC: Figures(300, 100, None, None)},
        {BASIC: Figures(None, 100, 10, None), PAUD: Figures(None, None, None, None)},
        {BASIC: Figures(900, 900, 9_000_000, 0)},
        {},
    ]


@pytest.mark.parametrize(
    ("period", "a_year_before"), [("2023Q4", "2022Q4"), ("2023Q1", "2022Q1"), ("2000Q1", "1999Q1")]
)
def test_a_report_is_held_against_its_own_period_or_the_same_quarter_a_year_before(
    period: str, a_year_before: str
) -> None:
    assert peer_ids(KOTA, period) == (f"{KOTA}/{period}", f"{KOTA}/{a_year_before}")


def test_only_regions_that_gave_both_sides_of_a_figure_count() -> None:
    basic, paud = figures_of(reports())
    assert (basic.service_type, paud.service_type) == (BASIC, PAUD)
    assert basic.attainment is not None
    assert basic.budget_per_target is not None
    assert (basic.attainment.n, basic.budget_per_target.n) == (3, 2)
    assert (basic.attainment.lowest, basic.attainment.median, basic.attainment.highest) == (
        Decimal("0.333333"),
        Decimal("0.800000"),
        Decimal("1.000000"),
    )
    assert (basic.budget_per_target.mean, basic.budget_per_target.sd) == (Decimal("7500.000000"), Decimal(2_500))
    assert paud.attainment is paud.budget_per_target is None


def test_the_order_of_the_reports_changes_no_byte() -> None:
    shuffled = reports()
    Random(7).shuffle(shuffled)
    assert figures_of(shuffled) == figures_of(reports())


def test_nobody_has_figures_where_nobody_reported() -> None:
    assert figures_of([]) == ()


def test_a_mark_gives_its_region_what_it_is_held_against() -> None:
    head = PeerHead.of(peers_fixed(*reports(), period_revision=2))
    assert (head.id, head.revision, head.as_group.period) == (f"{KOTA}/{PERIOD}", 2, PERIOD)
    attainment = head.as_group.figures[BASIC].attainment
    assert attainment is not None
    assert attainment == pytest.approx(Spread.of([0.8, 1 / 3, 1.0]), abs=1e-6)
    assert head.as_group.figures[PAUD] == (None, None)


def test_a_mark_is_one_fact_a_region_period_and_revision() -> None:
    mark = peers_fixed(*reports(), period_revision=3)
    assert (mark.identity(), mark.key, mark.occurred_at) == ("64.71/2023Q4/3", KOTA, mark.figures.fixed_at)
    assert level_id(mark.figures) == "2023Q4/3/kota"
    assert PeersFixedV1.model_validate_json(mark.model_dump_json()) == mark


def test_the_largest_figures_fit_into_a_mark() -> None:
    (service,) = figures_of([{BASIC: Figures(1, 10**9, 10**15, 0)}, {BASIC: Figures(10**9, 0, 0, 0)}])
    assert service.budget_per_target is not None
    assert service.budget_per_target.highest == 10**15
