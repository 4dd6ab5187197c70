from collections import Counter

import pytest

from regulation.law import Law

KABUPATEN_AND_KOTA_BY_PROVINSI = {
    "11": (18, 5), "12": (25, 8), "13": (12, 7), "14": (10, 2), "15": (9, 2), "16": (13, 4), "17": (9, 1),
    "18": (13, 2), "19": (6, 1), "21": (5, 2), "31": (1, 5), "32": (18, 9), "33": (29, 6), "34": (4, 1),
    "35": (29, 9), "36": (4, 4), "51": (8, 1), "52": (8, 2), "53": (21, 1), "61": (12, 2), "62": (13, 1),
    "63": (11, 2), "64": (7, 3), "65": (4, 1), "71": (11, 4), "72": (12, 1), "73": (21, 3), "74": (15, 2),
    "75": (5, 1), "76": (6, 0), "81": (9, 2), "82": (8, 2), "91": (8, 1), "92": (7, 0), "93": (4, 0),
    "94": (8, 0), "95": (8, 0), "96": (5, 1),
}  # fmt: skip


def test_the_country_has_38_provinsi_416_kabupaten_and_98_kota(law: Law) -> None:
    kinds = Counter(region.kind for region in law.regions.values())
    assert kinds == {"provinsi": 38, "kabupaten": 416, "kota": 98}
    assert len(law.regions) == 552


@pytest.mark.parametrize(("provinsi", "counts"), KABUPATEN_AND_KOTA_BY_PROVINSI.items())
def test_every_provinsi_has_its_kabupaten_and_kota(law: Law, provinsi: str, counts: tuple[int, int]) -> None:
    kinds = Counter(region.kind for region in law.regions.values() if region.parent == provinsi)
    assert (kinds["kabupaten"], kinds["kota"]) == counts


def test_every_provinsi_is_counted(law: Law) -> None:
    assert {code for code, region in law.regions.items() if region.kind == "provinsi"} == set(
        KABUPATEN_AND_KOTA_BY_PROVINSI
    )


def test_546_regions_report_in_the_order_of_their_codes(law: Law) -> None:
    codes = [region.code for region in law.regions.reporting()]
    assert len(codes) == 546
    assert codes == sorted(codes)


def test_only_the_six_administrative_units_of_jakarta_do_not_report(law: Law) -> None:
    silent = {region.code for region in law.regions.values() if not region.reports_spm}
    assert silent == {"31.01", "31.71", "31.72", "31.73", "31.74", "31.75"}
    assert all("Administrasi" in law.regions[code].name for code in silent)


def test_26_names_belong_to_both_a_kabupaten_and_a_kota(law: Law) -> None:
    bare = {
        kind: {region.name.split(" ", 1)[1] for region in law.regions.values() if region.kind == kind}
        for kind in ("kabupaten", "kota")
    }
    shared = bare["kabupaten"] & bare["kota"]
    assert len(shared) == 26
    assert {"Bogor", "Tangerang", "Serang", "Tegal"} <= shared


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("71.09", "Kabupaten Kepulauan Siau Tagulandang Biaro"),
        ("31", "Daerah Khusus Jakarta"),
        ("32.01", "Kabupaten Bogor"),
        ("32.71", "Kota Bogor"),
        ("96.01", "Kabupaten Sorong"),
    ],
)
def test_a_code_names_its_region(law: Law, code: str, name: str) -> None:
    assert law.regions[code].name == name


@pytest.mark.parametrize(("code", "level"), [("64", "prov"), ("64.01", "kab"), ("64.71", "kab")])
def test_kabupaten_and_kota_share_a_catalogue(law: Law, code: str, level: str) -> None:
    assert law.regions[code].catalogue_level == level


@pytest.mark.parametrize(
    ("code", "group"),
    [("11", "sumatra"), ("21", "sumatra"), ("31", "jawa"), ("51", "bali_nusa_tenggara"), ("64", "kalimantan"),
     ("75", "sulawesi"), ("81", "maluku_papua"), ("96", "maluku_papua")],
)  # fmt: skip
def test_a_region_lies_in_its_island_group(law: Law, code: str, group: str) -> None:
    assert law.regions[code].island_group == group


def test_an_unknown_code_is_no_region(law: Law) -> None:
    assert "99.99" not in law.regions
