from collections import Counter
from datetime import date

import pytest

from regulation.errors import RegulationError
from regulation.law import Law

CONDITIONAL = {
    "health.prov.disaster_crisis",
    "health.prov.outbreak",
    "housing.prov.disaster_home",
    "housing.prov.relocation_home",
    "housing.kab.disaster_home",
    "housing.kab.relocation_home",
    "order.kab.disaster_rescue",
    "order.kab.fire_rescue",
    "social.prov.disaster_protection",
    "social.kab.disaster_protection",
}


@pytest.mark.parametrize(("code", "count"), [("64", 14), ("11", 14), ("64.01", 29), ("64.71", 29), ("31", 43)])
def test_a_region_serves_the_types_of_its_level_and_jakarta_both_lists(
    law: Law, year_end: date, code: str, count: int
) -> None:
    assert len(law.service_types(law.regions[code], year_end)) == count


@pytest.mark.parametrize(
    ("code", "by_sector"),
    [
        ("64", {"edu": 2, "health": 2, "works": 2, "housing": 2, "order": 1, "social": 5}),
        ("64.71", {"edu": 3, "health": 12, "works": 2, "housing": 2, "order": 5, "social": 5}),
    ],
)
def test_every_sector_has_its_share_of_the_types(
    law: Law, year_end: date, code: str, by_sector: dict[str, int]
) -> None:
    types = law.service_types(law.regions[code], year_end)
    assert Counter(row.sector for row in types) == by_sector


def test_types_come_in_the_order_of_the_sectors(law: Law, year_end: date) -> None:
    sectors = [row.sector for row in law.service_types(law.regions["64.71"], year_end)]
    assert list(dict.fromkeys(sectors)) == list(law.sectors)


def test_ten_types_depend_on_an_event(law: Law, year_end: date) -> None:
    every = law.service_types(law.regions["31"], year_end)
    assert {row.id for row in every if row.conditional} == CONDITIONAL


def test_no_region_has_types_before_the_law_began(law: Law) -> None:
    with pytest.raises(RegulationError, match="No row is in force on 2018-12-31"):
        law.service_types(law.regions["64"], date(2018, 12, 31))
