"""How a service comes up, whatever is in its way."""

from dataclasses import replace

import httpx

from chassis.service import Service, World
from chassis.settings import Settings
from deploy.local.ports import LOOPBACK, free_port
from tests.chassis.probe import Probe
from tests.running import running

PROMETHEUS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


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


async def test_metrics_with_a_port_of_their_own_are_at_no_other_door(settings: Settings) -> None:
    apart = settings.model_copy(update={"metrics_port": free_port()})
    async with (
        running("probe", Probe().build, apart) as client,
        httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{apart.metrics_port}", trust_env=False) as operator,
    ):
        assert (await client.get("/metrics")).status_code == 404
        assert "/metrics" not in (await client.get("/openapi.json")).json()["paths"]
        assert "spm_build_info" in (await operator.get("/metrics")).text


async def test_metrics_without_one_are_at_the_service_s_own(settings: Settings) -> None:
    async with running("probe", Probe().build, settings) as client:
        assert "spm_build_info" in (await client.get("/metrics")).text
        for accept in (PROMETHEUS, "application/openmetrics-text; version=none", "application/openmetrics-text"):
            answer = await client.get("/metrics", headers={"Accept": accept})
            assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
            assert answer.text.endswith("# EOF\n")
