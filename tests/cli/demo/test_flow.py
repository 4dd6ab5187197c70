import asyncio

import pytest

from cli.demo.flow import CONCURRENCY, _all, _lanes
from cli.demo.plan import Plan


def test_a_region_stays_in_its_lane_so_that_its_reports_keep_their_order(small_plan: Plan) -> None:
    lanes = _lanes(small_plan.reports)
    assert len(lanes) == CONCURRENCY
    assert sum(map(len, lanes)) == len(small_plan.reports)
    places = {report.key: place for place, report in enumerate(small_plan.reports)}
    for lane in lanes:
        in_lane = [places[report.key] for report in lane]
        assert in_lane == sorted(in_lane)
    regions = [{report.region.code for report in lane} for lane in lanes]
    assert sum(map(len, regions)) == len(set().union(*regions))


async def test_the_first_failure_ends_the_others_and_comes_out_itself() -> None:
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    async def fail() -> None:
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        await _all([wait(), fail()])
    assert ended.is_set()
