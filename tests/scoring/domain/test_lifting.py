"""The smallest lift is the smallest: one unit less does not lift, and counting up one by one finds the same."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contracts.submission import ServiceReport
from regulation.law import Law
from services.scoring.domain.basis import Basis
from services.scoring.domain.index import attainment
from services.scoring.domain.lifting import Lift, Lifting, lifting
from tests.scoring.domain.test_index import FIRE, PREGNANCY, choosing, only
from tests.scoring.domain.test_index_properties import BASIS
from tests.scoring.reports import full_reports, item, report, submission

DELIVERY = "health.kab.delivery"
NEWBORN = "health.kab.newborn"
THREE = (PREGNANCY, DELIVERY, NEWBORN)


def lifting_of(reports: list[ServiceReport], basis: Basis) -> Lifting:
    return lifting(submission("64.71", reports), attainment(reports, basis), basis)


def with_lift(
    reports: list[ServiceReport], lift: Lift, *, less_served: int = 0, less_quality: int = 0
) -> list[ServiceReport]:
    more = {one.code: one.more for one in lift.more_quality}
    if less_quality:
        more[lift.more_quality[-1].code] -= less_quality
    return [
        replace(
            one,
            recipients=replace(one.recipients, served=(one.recipients.served or 0) + lift.more_served - less_served),
            quality=tuple(replace(i, fulfilled=(i.fulfilled or 0) + more.get(i.code, 0)) for i in one.quality),
        )
        if one.service_type == lift.service_type
        else one
        for one in reports
    ]


def named(found: Lifting) -> list[str]:
    return [one.service_type for one in found.lifts] + [one.service_type for one in found.without_lift]


def band(reports: list[ServiceReport], basis: Basis) -> str:
    return basis.band_of(attainment(reports, basis).index_pct).id


def test_how_many_more_people_lift_the_band_is_told_for_each_service(kota: Basis) -> None:
    basis = only(kota, *THREE)
    reports = [
        report(PREGNANCY, target=100, served=90, quality=[item(10, 10)]),
        report(DELIVERY, target=1_000, served=850, quality=[item(10, 10)]),
        report(NEWBORN, target=10, served=8, quality=[item(10, 10)]),
    ]
    found = lifting_of(reports, basis)
    assert (found.band, found.next_band) == ("tuntas_madya", "tuntas_utama")
    assert [(one.service_type, one.more_served, one.more_quality, one.band) for one in found.lifts] == [
        (NEWBORN, 1, (), "tuntas_utama"),
        (PREGNANCY, 8, (), "tuntas_utama"),
        (DELIVERY, 75, (), "tuntas_utama"),
    ]
    assert found.without_lift == ()


def test_where_people_are_not_enough_quality_comes_on_top_smallest_requirement_first(kota: Basis) -> None:
    reports = [report(PREGNANCY, target=100, served=95, quality=[item(1_000, 0, "BIG"), item(10, 5, "SMALL")])]
    (lift,) = lifting_of(reports, only(kota, PREGNANCY)).lifts
    assert lift.more_served == 5
    assert [(one.code, one.more) for one in lift.more_quality] == [("SMALL", 5)]
    assert lift.band == "tuntas_utama"


def test_a_service_that_cannot_lift_the_band_alone_says_how_far_it_comes(law: Law, kota: Basis) -> None:
    found = lifting_of(full_reports(law, "64.71", served=200), kota)
    assert found.lifts == ()
    assert len(found.without_lift) == 29
    assert all(20 < one.index_at_most_pct < 60 and one.target_known for one in found.without_lift)


def test_a_service_without_target_cannot_be_counted_up(kota: Basis) -> None:
    found = lifting_of([report(PREGNANCY, quality=[item(1, 1)])], only(kota, PREGNANCY, DELIVERY))
    assert [(one.service_type, one.target_known, one.index_at_most_pct) for one in found.without_lift] == [
        (PREGNANCY, True, Decimal(50)),
        (DELIVERY, False, Decimal(96)),
    ]


def test_a_service_that_lawfully_has_no_target_is_left_alone(kota: Basis) -> None:
    basis = only(kota, PREGNANCY, FIRE)
    found = lifting_of([report(PREGNANCY), report(FIRE, target=0, no_target_reason="Tidak ada kebakaran")], basis)
    assert FIRE not in named(found)


def test_the_highest_band_cannot_be_lifted(kota: Basis) -> None:
    found = lifting_of([report(PREGNANCY, served=1_000, quality=[item(1, 1)])], only(kota, PREGNANCY))
    assert found == Lifting(band="tuntas_paripurna", next_band=None, lifts=(), without_lift=())


def test_to_report_what_was_left_out_may_be_enough(kota: Basis) -> None:
    reports = [
        report(PREGNANCY, target=100, served=100, quality=[item(1, 1)]),
        report(DELIVERY, target=100, served=None, quality=[item(1, 1)]),
    ]
    (lift, *_) = lifting_of(reports, only(kota, PREGNANCY, DELIVERY)).lifts
    assert (lift.service_type, lift.more_served, lift.band) == (DELIVERY, 0, "tuntas_muda")


counts = st.integers(1, 60)
services = st.lists(
    st.tuples(counts, st.integers(0, 60), st.lists(st.tuples(counts, st.integers(0, 60)), max_size=3)),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("aggregation", ["mean_of_items", "pooled_sum"])
@settings(deadline=None, max_examples=60)
@given(given_services=services)
def test_one_less_does_not_lift(aggregation: str, given_services: list[tuple[int, int, list[tuple[int, int]]]]) -> None:
    basis = choosing(only(BASIS, *THREE[: len(given_services)]), quality_aggregation=aggregation)
    reports = [
        report(
            service_type,
            target=target,
            served=served,
            quality=[item(required, fulfilled, f"K{place}") for place, (required, fulfilled) in enumerate(items)],
        )
        for service_type, (target, served, items) in zip(THREE, given_services, strict=False)
    ]
    found, before = lifting_of(reports, basis), band(reports, basis)
    assume(found.next_band is not None)
    for lift in found.lifts:
        assert band(with_lift(reports, lift), basis) == lift.band != before
        if lift.more_quality:
            assert band(with_lift(reports, lift, less_quality=1), basis) == before
        else:
            assert band(with_lift(reports, lift, less_served=1), basis) == before
    counted = [lift.more_served + sum(one.more for one in lift.more_quality) for lift in found.lifts]
    assert counted == sorted(counted)
    assert sorted(named(found)) == sorted(one.service_type for one in reports)
    for one in found.without_lift:
        assert basis.band_of(one.index_at_most_pct).id == before
