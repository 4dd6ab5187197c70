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
from services.scoring.domain.basis import basis_of
from services.scoring.domain.index import attainment
from tests.scoring.reports import item, report

LAW = load_law()
BASIS = basis_of(LAW, "64.71", Quarter(2023, 4))
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


def test_a_scorer_in_fractions_agrees_to_20_digits_on_2000_scorecards() -> None:
    draw = random.Random(20240120)
    for _ in range(2_000):
        given_reports = [_random_report(service, draw) for service in SERVICES if draw.random() > 0.1]
        found = attainment(given_reports, BASIS).index_pct
        assert abs(Fraction(found) - _index(given_reports)) < TWENTY_DIGITS


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


def _index(given_reports: Sequence[ServiceReport]) -> Fraction:
    by_sector: dict[str, list[Fraction]] = {}
    for service in SERVICES:
        mine = next((one for one in given_reports if one.service_type == service.id), None)
        if mine is None:
            by_sector.setdefault(service.sector, []).append(Fraction(0))
        elif mine.recipients.target:
            by_sector.setdefault(service.sector, []).append(_service(mine))
    sectors = [sum(values, Fraction(0)) / len(values) for values in by_sector.values()]
    return sum(sectors, Fraction(0)) / len(sectors)


def _service(mine: ServiceReport) -> Fraction:
    assert mine.recipients.target is not None
    assert mine.recipients.served is not None
    recipients = min(Fraction(1), Fraction(mine.recipients.served, mine.recipients.target))
    shares = [
        min(Fraction(1), Fraction(one.fulfilled or 0) / Fraction(one.required)) for one in mine.quality if one.required
    ]
    quality = sum(shares, Fraction(0)) / len(shares) if shares else Fraction(0)
    return 100 * (Fraction(4, 5) * recipients + Fraction(1, 5) * quality)
