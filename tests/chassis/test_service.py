"""How a service comes up, whatever is in its way."""

from dataclasses import replace

from chassis.service import Service, World
from chassis.settings import Settings
from tests.chassis.probe import Probe
from tests.running import running


async def test_a_mistake_at_the_start_is_tried_again_and_ends_nothing_in_silence(settings: Settings) -> None:
    mistakes = [ZeroDivisionError("ours")]

    async def prepare() -> None:
        if mistakes:
            raise mistakes.pop()

    def build(world: World) -> Service:
        return replace(Probe().build(world), prepare=prepare)

    async with running("probe", build, settings) as client:
        assert (await client.get("/live")).status_code == 200
    assert mistakes == []
