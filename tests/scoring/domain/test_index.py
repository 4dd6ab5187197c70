from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.quarter import Quarter
from contracts.scorecard import ServiceScore, ServiceState
from contracts.submission import QualityItem, ServiceReport
from regulation.law import Law
from services.scoring.domain.basis import Basis, basis_of
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.index import attainment
from tests.scoring.reports import full_reports, item, report

PREGNANCY = "health.kab.pregnancy"
FIRE = "order.kab.fire_rescue"
WORKED_EXAMPLE = report(
    PREGNANCY,
    target=1_000,
    served=900,
    quality=[
        item(1_000, 1_000, "KID33"),
        item(90_000, 80_000, "KID34"),
        item(15, 12, "KID35"),
        item(1_000, 1_000, "KID36"),
        item(1_000, 950, "KID37"),
    ],
)


def choosing(basis: Basis, **choices: Any) -> Basis:
    return replace(basis, choices=basis.choices.model_copy(update=choices))


def only(basis: Basis, *service_types: str) -> Basis:
    """The basis of a region that must serve nothing else."""
    kept = {
        sector: tuple(service for service in services if service.id in service_types)
        for sector, services in basis.catalogue.items()
    }
    return replace(basis, catalogue={sector: services for sector, services in kept.items() if services})


def scored(basis: Basis, given: ServiceReport) -> ServiceScore:
    """The score of one service of a kota, on its own."""
    return attainment([given], only(basis, given.service_type)).sectors[0].services[0]


def test_the_worked_example_is_90_56_and_tuntas_utama(kota: Basis) -> None:
    score = scored(kota, WORKED_EXAMPLE)
    assert score.recipients_pct == 90
    assert str(score.quality_pct) == "92.77777777777777777777777778"
    assert str(score.index_pct) == "90.55555555555555555555555556"
    assert score.index_pct is not None
    assert str(kota.shown(score.index_pct)) == "90.56"
    assert kota.band_of(score.index_pct).id == "tuntas_utama"


def test_the_worked_example_pooled_is_89_84_and_tuntas_madya(kota: Basis) -> None:
    pooled = choosing(kota, quality_aggregation="pooled_sum")
    score = scored(pooled, WORKED_EXAMPLE)
    assert score.quality_pct is not None
    assert score.index_pct is not None
    assert str(score.quality_pct).startswith("89.192")
    assert str(score.index_pct).startswith("89.838")
    assert str(pooled.shown(score.index_pct)) == "89.84"
    assert pooled.band_of(score.index_pct).id == "tuntas_madya"


@pytest.mark.parametrize(
    ("value", "band"),
    [
        ("100", "tuntas_paripurna"),
        ("99.99", "tuntas_utama"),
        ("90", "tuntas_utama"),
        ("97.935", "tuntas_utama"),
        ("89.99", "tuntas_madya"),
        ("80", "tuntas_madya"),
        ("79.99", "tuntas_pratama"),
        ("70", "tuntas_pratama"),
        ("69.99", "tuntas_muda"),
        ("69", "tuntas_muda"),
        ("60", "tuntas_muda"),
        ("59.99", "belum_tuntas"),
        ("42.03", "belum_tuntas"),
        ("0", "belum_tuntas"),
    ],
)
@pytest.mark.parametrize("category_on", ["rounded", "unrounded"])
def test_a_value_falls_into_its_band(kota: Basis, value: str, band: str, category_on: str) -> None:
    assert choosing(kota, category_on=category_on).band_of(Decimal(value)).id == band


@pytest.mark.parametrize(("category_on", "band"), [("rounded", "tuntas_utama"), ("unrounded", "tuntas_madya")])
def test_the_law_says_whether_the_shown_value_decides_the_band(kota: Basis, category_on: str, band: str) -> None:
    assert choosing(kota, category_on=category_on).band_of(Decimal("89.995")).id == band


@pytest.mark.parametrize(("served", "expected"), [(0, 0), (1, Decimal("0.1")), (999, Decimal("99.9")), (1_000, 100)])
def test_recipients_are_served_of_target(kota: Basis, served: int, expected: Decimal) -> None:
    assert scored(kota, report(PREGNANCY, target=1_000, served=served)).recipients_pct == expected


def test_over_delivery_lifts_no_mean(kota: Basis) -> None:
    score = scored(kota, report(PREGNANCY, target=10, served=11, quality=[item(10, 11), item(10, 5)]))
    assert score.recipients_pct == 100
    assert score.quality_pct == 75


@pytest.mark.parametrize("aggregation", ["mean_of_items", "pooled_sum"])
def test_the_cap_is_the_law_s(kota: Basis, aggregation: str) -> None:
    capped = choosing(kota, cap_pct=Decimal(60), quality_aggregation=aggregation)
    score = scored(capped, report(PREGNANCY, target=10, served=9, quality=[item(10, 9)]))
    assert {score.recipients_pct, score.quality_pct, score.index_pct} == {Decimal(60)}


@pytest.mark.parametrize("aggregation", ["mean_of_items", "pooled_sum"])
@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        ([], 0),
        ([item(0, 0)], 0),
        ([item(0, 7), item(10, 5)], 50),
        ([item(None, None)], 0),
        ([item(None, 5)], 0),
        ([item(10, None)], 0),
        ([item(10, None), item(10, 10)], 50),
        ([item(Decimal("2.5"), Decimal("1.25"))], 50),
    ],
)
def test_quality_that_is_not_reported_counts_zero(
    kota: Basis, aggregation: str, quality: list[QualityItem], expected: int
) -> None:
    given = report(PREGNANCY, quality=quality)
    assert scored(choosing(kota, quality_aggregation=aggregation), given).quality_pct == expected


def test_an_item_without_requirement_counts_zero_in_the_mean_and_brings_nothing_to_the_pool(kota: Basis) -> None:
    given = report(PREGNANCY, quality=[item(None, 5), item(10, 10)])
    assert scored(kota, given).quality_pct == 50
    assert scored(choosing(kota, quality_aggregation="pooled_sum"), given).quality_pct == 100


@pytest.mark.parametrize(
    ("service_type", "target", "served", "reason", "state"),
    [
        (FIRE, 0, 0, "Tidak ada kebakaran", ServiceState.NOT_APPLICABLE),
        (FIRE, None, None, "Tidak ada kebakaran", ServiceState.NOT_APPLICABLE),
        (FIRE, 0, 0, None, ServiceState.MISSING),
        (FIRE, 10, 5, "Tidak ada kebakaran", ServiceState.SCORED),
        (PREGNANCY, 0, 0, "Tidak ada", ServiceState.MISSING),
        (PREGNANCY, None, 5, None, ServiceState.MISSING),
        (PREGNANCY, 10, None, None, ServiceState.MISSING),
        (PREGNANCY, None, None, None, ServiceState.MISSING),
        (PREGNANCY, 10, 0, None, ServiceState.SCORED),
    ],
)
def test_a_service_counts_is_left_out_or_counts_zero(
    kota: Basis,
    service_type: str,
    target: int | None,
    served: int | None,
    reason: str | None,
    state: ServiceState,
) -> None:
    given = report(service_type, target=target, served=served, no_target_reason=reason)
    basis = only(kota, PREGNANCY, FIRE)
    services = [one for sector in attainment([given], basis).sectors for one in sector.services]
    (found,) = [one for one in services if one.service_type == service_type]
    assert found.state is state
    assert (found.index_pct is None) == (state is ServiceState.NOT_APPLICABLE)
    assert (found.recipients_pct is None) == (state is not ServiceState.SCORED)


def test_a_service_left_out_of_the_report_counts_zero(kota: Basis) -> None:
    both = only(kota, PREGNANCY, "health.kab.delivery")
    attained = attainment([report(PREGNANCY, served=1_000, quality=[item(1, 1)])], both)
    assert attained.index_pct == 50
    assert [service.state for service in attained.sectors[0].services] == [ServiceState.SCORED, ServiceState.MISSING]


def test_a_service_without_lawful_target_is_left_out_of_the_mean(law: Law, kota: Basis) -> None:
    with_all = full_reports(law, "64.71", served=1_000)
    without = [
        report(one.service_type, target=0, served=0, no_target_reason="Tidak ada kejadian")
        if one.service_type.startswith("housing.")
        else one
        for one in with_all
    ]
    attained = attainment(without, kota)
    assert attained.index_pct == 100
    assert [sector.index_pct for sector in attained.sectors] == [100, 100, 100, None, 100, 100]


def test_a_region_in_which_nothing_applies_has_no_index(kota: Basis) -> None:
    with pytest.raises(Unscorable, match="No service of the region's catalogue applies"):
        attainment([report(FIRE, target=0, no_target_reason="Tidak ada kebakaran")], only(kota, FIRE))


def test_services_of_another_catalogue_never_count(law: Law, kota: Basis) -> None:
    own = full_reports(law, "64.71")
    assert attainment([*own, *full_reports(law, "64", served=0)], kota) == attainment(own, kota)


def test_sectors_weigh_the_same_whatever_the_number_of_their_services(law: Law, kota: Basis) -> None:
    health_only = [one for one in full_reports(law, "64.71", served=1_000) if one.service_type.startswith("health.")]
    assert attainment(health_only, kota).index_pct == Decimal("16.66666666666666666666666667")


@pytest.mark.parametrize(("region", "services"), [("64", 14), ("64.71", 29), ("64.02", 29), ("31", 43)])
def test_every_service_of_the_catalogue_has_a_score(law: Law, region: str, services: int) -> None:
    attained = attainment(full_reports(law, region), basis_of(law, region, Quarter(2023, 4)))
    assert sum(len(sector.services) for sector in attained.sectors) == services
    assert [sector.sector for sector in attained.sectors] == list(law.sectors)
    assert attained.index_pct == 90
