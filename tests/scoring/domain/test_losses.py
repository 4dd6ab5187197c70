from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.scorecard import SectorScore, ServiceScore, ServiceState
from services.scoring.domain.losses import losses
from services.scoring.domain.rounding import mean, total


def service(name: str, index: Decimal | None) -> ServiceScore:
    state = ServiceState.NOT_APPLICABLE if index is None else ServiceState.SCORED
    return ServiceScore(service_type=f"health.kab.{name}", state=state, index_pct=index)


def sector(name: str, *indices: int | None) -> SectorScore:
    services = tuple(service("abcdefgh"[n], None if one is None else Decimal(one)) for n, one in enumerate(indices))
    counted = [one.index_pct for one in services if one.index_pct is not None]
    return SectorScore(sector=name, index_pct=mean(counted) if counted else None, services=services)


def test_a_service_costs_its_share_of_its_sector_and_of_the_region() -> None:
    found = losses([sector("edu", 100, 90), sector("health", 40)], Decimal(100))
    assert [(one.sector, one.points) for one in found] == [("health", Decimal(30)), ("edu", Decimal("2.5"))]


def test_a_service_on_the_path_costs_nothing() -> None:
    assert losses([sector("edu", 25, 60)], Decimal(25)) == ()


def test_what_does_not_apply_costs_nothing_and_shares_nothing() -> None:
    found = losses([sector("edu", 50, None), sector("housing", None)], Decimal(100))
    assert [one.points for one in found] == [Decimal(50)]


@given(st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=8), min_size=1, max_size=6))
def test_at_the_years_end_the_losses_sum_to_what_is_missing(indices: list[list[int]]) -> None:
    sectors = [sector(str(number), *some) for number, some in enumerate(indices)]
    index = mean([one.index_pct for one in sectors if one.index_pct is not None])
    lost = total([one.points for one in losses(sectors, Decimal(100))])
    assert abs(lost - (100 - index)) < Decimal("1e-20")
