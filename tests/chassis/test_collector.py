import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from chassis.collector import collect_whole
from tests.running import eventually


class Knot:
    """Refers to itself, so that only the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def seldom() -> Iterator[None]:
    """A collector that does not look by itself."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("seldom")
async def test_a_cycle_that_grew_old_is_cleared_away_by_the_clock() -> None:
    left_behind = weakref.ref(Knot())
    await asyncio.sleep(0)
    assert left_behind() is not None

    collecting = asyncio.create_task(collect_whole(0.01))
    await eventually(lambda: left_behind() is None)
    collecting.cancel()
