from decimal import Decimal

from contracts.quarter import Quarter
from regulation.law import Law
from services.scoring.domain.glance import groups
from tests.scoring.years import figures

Q4, Q1 = Quarter(2023, 4), Quarter(2023, 1)


def test_the_nation_is_the_sum_of_its_kinds(law: Law) -> None:
    found = [figures("64", index_pct=Decimal(80), on_time=False), figures("64.71"), figures("64.01")]
    nation, *kinds = groups(law, Q4, found)
    assert [(one.kind, one.must_report) for one in kinds] == [("provinsi", 38), ("kabupaten", 415), ("kota", 93)]
    assert (nation.must_report, nation.reported, nation.on_time, nation.late) == (546, 3, 2, 1)
    assert nation.silent == sum(one.silent for one in kinds) == 543
    assert nation.bands["tuntas_utama"] == 3
    assert nation.mean_index_pct == Decimal(260) / 3 == Decimal("86.66666666666666666666666667")


def test_without_a_report_there_is_no_mean(law: Law) -> None:
    nation, *_ = groups(law, Q4, [])
    assert (nation.mean_index_pct, nation.mean_completeness_pct, nation.silent) == (None, None, 546)


def test_the_first_quarter_is_held_against_a_quarter_of_the_way(law: Law) -> None:
    found = [figures("64", "2023Q1", index_pct=Decimal(25)), figures("64.71", "2023Q1", index_pct=Decimal("24.99"))]
    assert groups(law, Q1, found)[0].on_path == 1
