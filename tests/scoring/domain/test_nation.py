from decimal import Decimal

import pytest

from contracts.quarter import Quarter
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.nation import nation
from tests.scoring.years import figures

QUARTER = Quarter(2023, 4)


def test_regions_are_counted_by_kind_and_band(law: Law) -> None:
    reported = [
        figures("64", index_pct=Decimal(100), band="tuntas_paripurna"),
        figures("32", index_pct=Decimal("59.999"), band="belum_tuntas"),
        figures("64.71"),
    ]
    by_kind = {one.kind: one for one in nation(law, QUARTER, reported)}
    provinsi, kabupaten, kota = by_kind["provinsi"], by_kind["kabupaten"], by_kind["kota"]
    assert (provinsi.must_report, provinsi.scored, provinsi.mean_index_shown) == (38, 2, Decimal("80.00"))
    assert (provinsi.bands["tuntas_paripurna"], provinsi.bands["belum_tuntas"]) == (1, 1)
    assert (kabupaten.must_report, kabupaten.scored, kabupaten.mean_index_shown) == (415, 0, None)
    assert (kota.must_report, kota.scored, kota.bands["tuntas_utama"]) == (93, 1, 1)


def test_bands_stand_highest_first_and_all_of_them(law: Law) -> None:
    assert list(nation(law, QUARTER, [])[0].bands) == [band.id for band in law.bands(QUARTER.last_day)]


def test_a_quarter_before_the_law_has_no_bands(law: Law) -> None:
    with pytest.raises(RegulationError):
        nation(law, Quarter(2018, 4), [])
