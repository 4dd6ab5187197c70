"""What holds for every report, and an independent scorer in exact fractions that must agree."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.quarter import Quarter
from contracts.submission import QualityItem, ServiceReport
from regulation.loading import load_law
from regulation.rows import ServiceType
from services.scoring.domain.basis import Basis, basis_of
from services.scoring.domain.index import Attainment, attainment
from tests.scoring.reports import item, report

LAW = load_law()
BASIS = basis_of(LAW, "64.71", Quarter(2023, 4))
WHOLE = [basis_of(LAW, region, Quarter(2023, 4)) for region in ("64", "64.71", "31")]
"""A provinsi, a kota and Jakarta, which serves both lists."""
SERVICES = [service for services in BASIS.catalogue.values() for service in services]
TWENTY_DIGITS = Fraction(1, 10**20)

PEOPLE_MAX = 1_000_000_000
counts = st.none() | st.integers(0, PEOPLE_MAX)
amounts = st.none() | st.integers(0, 10**15) | st.decimals(0, 10**13, places=4)
items = st.lists(st.builds(item, amounts, amounts), max_size=6)


@st.composite
def reports(draw: st.DrawFn) -> list[ServiceReport]:
    chosen = draw(st.lists(st.sampled_from(SERVICES), max_size=8, unique_by=lambda service: service.id))
    reasons = st.none() | st.just("Tidak ada kejadian")
    return [
        report(
            service.id,
            target=draw(counts),
            served=draw(counts),
            quality=draw(items),
            no_target_reason=draw(reasons),
        )
        for service in chosen
    ]


@settings(deadline=None)
@given(reports())
def test_the_index_lies_between_0_and_100(given_reports: list[ServiceReport]) -> None:
    attained = attainment(given_reports, BASIS)
    assert 0 <= attained.index_pct <= 100
    assert all(sector.index_pct is None or 0 <= sector.index_pct <= 100 for sector in attained.sectors)


@settings(deadline=None)
@given(reports(), st.randoms(use_true_random=False))
def test_the_order_of_services_and_items_changes_no_digit(
    given_reports: list[ServiceReport], shuffler: random.Random
) -> None:
    shuffled = [
        replace(one, quality=tuple(shuffler.sample(one.quality, len(one.quality))))
        for one in shuffler.sample(given_reports, len(given_reports))
    ]
    assert attainment(shuffled, BASIS) == attainment(given_reports, BASIS)


@settings(deadline=None)
@given(reports(), st.integers(1, 10**6), st.data())
def test_serving_more_never_lowers_the_index(
    given_reports: list[ServiceReport], more: int, data: st.DataObject
) -> None:
    reporting = [place for place, one in enumerate(given_reports) if one.recipients.served is not None]
    if not reporting:
        return
    place = data.draw(st.sampled_from(reporting))
    before = given_reports[place]
    recipients = replace(before.recipients, served=min(PEOPLE_MAX, (before.recipients.served or 0) + more))
    raised = [*given_reports]
    raised[place] = replace(before, recipients=recipients)
    assert attainment(raised, BASIS).index_pct >= attainment(given_reports, BASIS).index_pct


def test_a_scorer_in_fractions_agrees_on_every_line_of_10000_scorecards() -> None:
    draw = random.Random(20240120)
    for number in range(10_000):
        basis = draw.choice(WHOLE) if number % 20 == 0 else _part(draw.choice(WHOLE), draw)
        aggregation = draw.choice(["mean_of_items", "pooled_sum"])
        services = [service for services in basis.catalogue.values() for service in services]
        given_reports = [_random_report(service, draw) for service in services if draw.random() > 0.1]
        if not any(one.recipients.target for one in given_reports):
            continue
        chosen = basis.choices.model_copy(update={"quality_aggregation": aggregation})
        assert_agrees(attainment(given_reports, replace(basis, choices=chosen)), given_reports, services, aggregation)


def _part(basis: Basis, draw: random.Random) -> Basis:
    """Some services of some sectors: most scorecards are small, so that many can be tried."""
    sectors = draw.sample(sorted(basis.catalogue), draw.randint(1, 3))
    return replace(
        basis,
        catalogue={
            sector: tuple(draw.sample(basis.catalogue[sector], draw.randint(1, min(2, len(basis.catalogue[sector])))))
            for sector in sectors
        },
    )


def assert_agrees(
    found: Attainment, given_reports: Sequence[ServiceReport], services: Sequence[ServiceType], aggregation: str
) -> None:
    """The brute-force scorer knows nothing of the code: it does the sums of the law's text in exact fractions."""
    by_type = {one.service_type: one for one in given_reports}
    by_sector: dict[str, list[Fraction]] = {}
    for service in services:
        mine = by_type.get(service.id)
        if mine is None:
            by_sector.setdefault(service.sector, []).append(Fraction(0))
        elif mine.recipients.target:
            by_sector.setdefault(service.sector, []).append(_service(mine, aggregation))
        else:
            by_sector.setdefault(service.sector, [])
    lines = {sector: iter(values) for sector, values in by_sector.items()}
    means = {sector: sum(values) / len(values) for sector, values in by_sector.items() if values}
    for sector in found.sectors:
        for one in sector.services:
            assert one.index_pct is None or close(one.index_pct, next(lines[sector.sector]))
        assert sector.index_pct is None or close(sector.index_pct, means[sector.sector])
        assert (sector.index_pct is None) == (sector.sector not in means)
    assert all(next(line, None) is None for line in lines.values())
    assert close(found.index_pct, sum(means.values()) / len(means))


def close(found: Decimal, expected: Fraction | float) -> bool:
    """To 20 digits: each of the few steps rounds to 28."""
    assert isinstance(expected, Fraction)
    return abs(Fraction(found) - expected) < TWENTY_DIGITS


def _random_report(service: ServiceType, draw: random.Random) -> ServiceReport:
    if service.conditional and draw.random() < 0.3:
        return report(service.id, target=0, served=0, no_target_reason="Tidak ada kejadian")
    target = draw.choice([draw.randint(1, 20), draw.randint(1, 10**5)])
    return report(
        service.id,
        target=target,
        served=draw.randint(0, target + target // 10),
        quality=[_random_item(draw) for _ in range(draw.randint(0, 5))],
    )


def _random_item(draw: random.Random) -> QualityItem:
    litres = Decimal(draw.randint(1, 10**6)) / 10_000
    whole = item(draw.choice([0, draw.randint(1, 500)]), draw.choice([None, draw.randint(0, 500)]))
    return draw.choice([whole, item(litres, Decimal(draw.randint(0, 10**6)) / 10_000)])


def _service(mine: ServiceReport, aggregation: str) -> Fraction:
    assert mine.recipients.target is not None
    assert mine.recipients.served is not None
    recipients = min(Fraction(1), Fraction(mine.recipients.served, mine.recipients.target))
    items = [(Fraction(one.fulfilled or 0), Fraction(one.required)) for one in mine.quality if one.required]
    if not items:
        quality = Fraction(0)
    elif aggregation == "pooled_sum":
        fulfilled, required = (sum(side, Fraction(0)) for side in zip(*items, strict=True))
        quality = min(Fraction(1), fulfilled / required)
    else:
        quality = sum((min(Fraction(1), part / whole) for part, whole in items), Fraction(0)) / len(items)
    return 100 * (Fraction(4, 5) * recipients + Fraction(1, 5) * quality)


@settings(deadline=None)
@given(st.decimals(0, 100, places=28) | st.decimals(0, 100, places=2), st.sampled_from(["rounded", "unrounded"]))
def test_each_value_lies_in_exactly_one_band(value: Decimal, category_on: str) -> None:
    basis = replace(BASIS, choices=BASIS.choices.model_copy(update={"category_on": category_on}))
    decides = basis.shown(value) if category_on == "rounded" else value
    assert [band for band in basis.bands if band.holds(decides)] == [basis.band_of(value)]


@given(st.decimals(0, 100, places=4), st.decimals(0, 100, places=4))
def test_a_higher_index_never_falls_into_a_lower_band(one: Decimal, other: Decimal) -> None:
    lower, higher = sorted([one, other])
    assert BASIS.band_of(lower).lower_pct <= BASIS.band_of(higher).lower_pct
