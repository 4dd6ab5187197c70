from collections.abc import Sequence

from chassis.events import Event, Received
from chassis.service import Service, World
from chassis.settings import Settings
from contracts.topics import SUBMISSION_JUDGED
from tests.running import running


async def test_a_service_rises_answers_and_ends(settings: Settings) -> None:
    def build(world: World) -> Service:
        async def nothing(batch: Sequence[Received]) -> list[Event]:
            return []

        return Service("probe", {SUBMISSION_JUDGED: nothing})

    async with running("probe", build, settings) as client:
        assert (await client.get("/live")).status_code == 200
        metrics = (await client.get("/metrics")).text
        assert "spm_build_info" in metrics
