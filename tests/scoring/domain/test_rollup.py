from decimal import Decimal

import pytest

from contracts.quarter import Quarter
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.rollup import nation_rollup, province_rollups
from tests.scoring.years import figures

Q4 = Quarter(2023, 4)


def test_a_province_is_the_mean_of_its_kabupaten_and_kota_and_not_of_its_own_report(law: Law) -> None:
    found = [
        figures("64", index_pct=Decimal(10)),
        figures("64.71", index_pct=Decimal(90), completeness_pct=Decimal(80)),
        figures("64.72", index_pct=Decimal(80)),
        figures("64.01", index_pct=Decimal(80)),
        figures("32.73", index_pct=Decimal(50)),
    ]
    by_code = {one.area: one for one in province_rollups(law, Q4, found, {})}
    kaltim = by_code["64"]
    assert str(kaltim.index_pct) == "83.33333333333333333333333333"
    assert str(kaltim.completeness_pct) == "93.33333333333333333333333333"
    assert (kaltim.scored, kaltim.must_report) == (3, 10)
    assert by_code["32"].index_pct == 50
    assert (by_code["11"].index_pct, by_code["11"].scored) == (None, 0)
    assert kaltim.row_id == "index_choices/rollups/province/2019-01-01"


def test_every_province_with_autonomous_regions_below_it_is_listed_once(law: Law) -> None:
    found = province_rollups(law, Q4, [], {})
    assert [one.area for one in found] == sorted({row.parent for row in law.regions.reporting() if row.parent})
    assert sum(one.must_report for one in found) == 508
    assert "31" not in {one.area for one in found}


def test_the_nation_is_the_mean_of_every_region_that_is_scored(law: Law) -> None:
    found = [figures("64", index_pct=Decimal(10)), figures("64.71", index_pct=Decimal(90))]
    nation = nation_rollup(law, Q4, found, {})
    assert (nation.index_pct, nation.scored, nation.must_report) == (Decimal(50), 2, 546)
    assert nation.expected_pct == 100
    assert nation.row_id == "index_choices/rollups/nation/2019-01-01"


def test_a_sector_is_the_mean_of_the_regions_in_which_it_applies(law: Law) -> None:
    found = [figures("64.71"), figures("64.72"), figures("64.01")]
    sectors: dict[str, dict[str, Decimal | None]] = {
        found[0].submission_id: {"health": Decimal(90), "housing": None},
        found[1].submission_id: {"health": Decimal(80), "housing": Decimal(30)},
    }
    nation = nation_rollup(law, Q4, found, sectors)
    assert (nation.sectors["health"], nation.sectors["housing"], nation.sectors["edu"]) == (
        Decimal(85),
        Decimal(30),
        None,
    )
    assert list(nation.sectors) == list(law.sectors)


def test_before_the_law_there_is_no_rollup(law: Law) -> None:
    with pytest.raises(RegulationError, match="No row is in force on 2018-12-31"):
        nation_rollup(law, Quarter(2018, 4), [], {})
