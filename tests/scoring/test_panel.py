"""An edition with a panel through the HTTP doors, four eyes and all: no written edition has one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.events import Event
from chassis.mongo import Mongo
from chassis.service import Service, World
from contracts.quarter import quarters_of
from contracts.topics import AWARD_CHANGED
from regulation.law import Law
from services.scoring.domain.audit import audit
from services.scoring.handlers import Handlers
from services.scoring.metrics import ScoringMetrics
from services.scoring.routes.award_desk import AwardDesk
from services.scoring.routes.award_orders import award_order_routes
from services.scoring.routes.awards import award_routes
from services.scoring.store import KeptScorecard, Store
from tests.running import Keys, running, settings_for
from tests.scoring.panels import law_with_panel
from tests.scoring.reports import changed_period, settled
from tests.scoring.years import year

SEATS = ("bappenas", "kemenkeu")
REPORTED = {"64": 99, "32": 98, "35": 97}
DECIDING = ("awards:read", "awards:write")
SCORING = ("awards:read", "awards:score")


@dataclass(frozen=True)
class Doors:
    client: httpx.AsyncClient
    law: Law
    headers: Mapping[str, Mapping[str, str]]

    async def order(self, path: str, by: str = "secretariat", **content: Any) -> httpx.Response:
        body = {"author_role": f"Peran {by}", "reason": "Angka sintetis", **content}
        return await self.client.post(f"/v1/awards/2024/{path}", json=body, headers=self.headers[by])

    async def taken(self, path: str, by: str = "secretariat", **content: Any) -> dict[str, Any]:
        answer = await self.order(path, by, **content)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


@pytest_asyncio.fixture
async def doors(kafka: str, mongo: str, keys: Keys, law: Law) -> AsyncIterator[Doors]:
    judged = law_with_panel(law, seats=SEATS, weight_pct=50)
    headers = {
        "secretariat": keys.issue("secretariat", DECIDING),
        "panel-entry": keys.issue("panel-entry", SCORING),
        "panel-check": keys.issue("panel-check", SCORING),
    }
    settings = settings_for(kafka, mongo, keys)
    deployment = Mongo(settings)
    await fill(Store(deployment.database("scoring")), judged)

    def build(world: World) -> Service:
        store, past_known = Store(world.database), asyncio.Event()
        past_known.set()
        desk = AwardDesk(judged, store, world.publisher, past_known)
        handlers = Handlers(judged, store, ScoringMetrics(CollectorRegistry()))
        routers = [award_order_routes(desk, world.clock), award_routes(desk)]
        return Service("scoring", {AWARD_CHANGED: handlers.award_changed}, routers)

    async with running("scoring", build, settings) as client:
        yield Doors(client, judged, headers)
    await deployment.drop("scoring")
    await deployment.close()


async def fill(store: Store, law: Law) -> None:
    """Three provinces have reported, everything is settled."""
    quarters = [one for code, index in REPORTED.items() for one in year(code, index_pct=Decimal(index))]
    await store.keep_scorecards(KeptScorecard(one, Event.of(settled("64", "2023Q4"))) for one in quarters)
    await store.raise_heads(quarters)
    await store.keep_periods(changed_period(quarter.text) for quarter in quarters_of(2023))
    await store.keep_marks(
        settled(region.code, quarter.text, reported=region.code in REPORTED)
        for region in law.regions.reporting()
        for quarter in quarters_of(2023)
    )


def scores(**by_code: str | float) -> list[dict[str, str | float]]:
    return [
        {"category": "provinsi", "region_code": code.removeprefix("p"), "score_pct": score}
        for code, score in by_code.items()
    ]


async def test_a_panel_decides_with_four_eyes_and_a_stranger_recomputes_it(doors: Doors) -> None:
    for step in ("close", "nominate"):
        await doors.taken(step)
    early = await doors.order("decide")
    assert [fault["detail"] for fault in early.json()["errors"]] == [
        "The scores of seat bappenas are missing; enter them.",
        "The scores of seat kemenkeu are missing; enter them.",
    ]
    assert (await doors.order("scores", seat="bappenas", scores=[])).status_code == 403
    unfit = await doors.order("scores", "panel-entry", seat="bappenas", scores=scores(p64="50", p32="60"))
    assert (unfit.status_code, unfit.json()["type"]) == (422, "urn:spm:problem:panel-scores-unfit")
    beyond = await doors.order("scores", "panel-entry", seat="bappenas", scores=scores(p64="50", p32="60", p35="101"))
    assert beyond.json()["errors"][0]["pointer"] == "/body/scores/2/score_pct"

    await doors.taken("scores", "panel-entry", seat="bappenas", scores=scores(p64="50", p32="60", p35="92.5"))
    await doors.taken("scores", "panel-entry", seat="kemenkeu", scores=scores(p64=50, p32=62.5, p35=100))
    alone = await doors.order("scores/confirm", "panel-entry", step=3)
    assert (alone.status_code, alone.json()["type"]) == (403, "urn:spm:problem:four-eyes")
    for number in (3, 4):
        await doors.taken("scores/confirm", "panel-check", step=number)
    await doors.taken("decide")
    announced = await doors.taken("announce")
    provinsi = announced["awards"][0]
    assert provinsi["winners"] == ["35", "32", "64"]
    assert [one["panel_pct"] for one in provinsi["nominees"]] == ["50", "61.25", "96.25"]
    assert [step["seat"] for step in announced["steps"]][2:6] == ["bappenas", "kemenkeu", "bappenas", "kemenkeu"]

    bundle = await doors.client.get("/v1/awards/2024/bundle", headers=doors.headers["panel-check"])
    found = audit(bundle.content, doors.law)
    assert (found.differences, (found.winners or {})["provinsi"]) == ((), ("35", "32", "64"))
