"""The doors that explain a scorecard, try other figures and show its history, on real Kafka and MongoDB."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mongo import Database, Mongo
from contracts.verdict import SubmissionJudgedV1
from regulation.law import Law
from services.scoring.app import NAME, build
from services.scoring.domain.tree import Computed, evaluate
from services.scoring.store import Store
from tests.running import Keys, eventually, running, settings_for
from tests.scoring.reports import full_reports, judged, report, submission

KOTA, OTHER, PREGNANCY = "64.71", "64.72", "health.kab.pregnancy"
FOURTH, FIRST = f"/v1/scorecards/{KOTA}/2023Q4", f"/v1/scorecards/{KOTA}/2023Q1"
TREES: TypeAdapter[Computed] = TypeAdapter(Computed)


@dataclass(frozen=True)
class Door:
    client: httpx.AsyncClient
    database: Database
    of_kota: dict[str, str]
    of_all: dict[str, str]

    async def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = await self.client.get(path, params=query, headers=self.of_kota)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def ask(self, *changes: dict[str, Any], path: str = FOURTH, status: int = 200) -> Any:
        answer = await self.client.post(f"{path}:what-if", json={"changes": list(changes)}, headers=self.of_kota)
        assert answer.status_code == status, answer.text
        return answer.json()


def verdicts(law: Law) -> list[SubmissionJudgedV1]:
    """A kota corrects its year twice; in the first quarter it was a little behind."""
    first = full_reports(law, KOTA, served=800)
    second = [report(PREGNANCY, served=500) if one.service_type == PREGNANCY else one for one in first]
    return [
        judged(submission(KOTA, first), revision=1),
        judged(submission(KOTA, second, team=None), revision=2),
        judged(submission(KOTA, full_reports(law, KOTA, served=895)), revision=4),
        judged(submission(KOTA, full_reports(law, KOTA, "2023Q1", served=240), "2023Q1")),
        judged(submission(OTHER, full_reports(law, OTHER, served=600))),
    ]


@pytest_asyncio.fixture(scope="module")
async def door(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory, law: Law) -> AsyncIterator[Door]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    of_kota = keys.issue("kota-contoh", ["scorecards:read"], KOTA)
    of_all = keys.issue("secretariat", ["scorecards:read"])
    settings = settings_for(kafka, mongo, keys)
    deployment = Mongo(settings)
    database = deployment.database(NAME)

    async def all_scored() -> bool:
        kept = [one for region in (KOTA, OTHER) for one in await Store(database).revisions(region, "2023Q4")]
        return len(kept) == 4 and bool(await Store(database).revisions(KOTA, "2023Q1"))

    async with running(NAME, build, settings) as client:
        publisher = Publisher(settings, "test", linger_ms=5)
        await publisher.start()
        await publisher.publish(Event.of(one) for one in verdicts(law))
        await publisher.stop()
        await eventually(all_scored)
        yield Door(client, database, of_kota, of_all)
    await deployment.drop(NAME)
    await deployment.close()


async def test_achievement_and_completeness_stand_together(door: Door) -> None:
    shown = await door.get(FOURTH)
    assert (shown["index_shown"], shown["completeness_shown"], shown["counts"]) == ("89.50", "100.00", True)
    assert shown["standing"]["words"] == shown["band_name"] == {"id": "Tuntas Madya", "en": shown["band_name"]["en"]}


async def test_the_first_quarter_is_held_against_the_path_and_not_called_not_attained(door: Door) -> None:
    standing = (await door.get(FIRST))["standing"]
    assert standing == {
        "expected_pct": "25",
        "on_path": False,
        "final": False,
        "words": {"id": "Di bawah jalur", "en": "Below the path"},
    }


async def test_every_revision_stays_readable_with_what_it_changed(door: Door) -> None:
    first, second, last = await door.get(f"{FOURTH}/revisions")
    assert [one["revision"] for one in (first, second, last)] == [1, 2, 4]
    assert [one["counts"] for one in (first, second, last)] == [False, False, True]
    assert (first["index_before_pct"], first["figures_changed"], first["services"]) == (None, 0, [])
    assert (second["band_before"], second["index_before_pct"]) == (first["band"], first["index_pct"])
    assert [one["service_type"] for one in second["services"]] == [PREGNANCY]
    assert f"services/{PREGNANCY}/recipients/served" in {one["figure"] for one in second["figures"]}
    assert "team/members" in {one["figure"] for one in second["figures"]}
    assert len(last["services"]) == 29
    earlier = await door.get(FOURTH, revision=1)
    assert (earlier["counts"], earlier["scorecard"]["index_pct"]) == (False, first["index_pct"])
    missing = await door.get(FOURTH, 404, revision=3)
    assert missing["detail"] == f"{KOTA} has no scorecard 3 for 2023Q4; there are: 1, 2, 4."


@pytest.mark.parametrize("revision", [1, 2, 4, None])
async def test_an_explained_scorecard_can_be_computed_again(door: Door, revision: int | None) -> None:
    query = {} if revision is None else {"revision": revision}
    card = (await door.get(FOURTH, **query))["scorecard"]
    explained = await door.get(f"{FOURTH}/explain", **query)
    for name in ("index", "completeness"):
        tree = TREES.validate_python(explained[name], strict=False)
        assert str(evaluate(tree)) == explained[name]["value"] == card[f"{name}_pct"]
    assert explained["law_rows"] == card["law_rows"]
    assert explained["submission_id"] == card["submission_id"]


async def test_a_scorecard_whose_law_was_edited_is_not_explained_by_another_number(door: Door) -> None:
    cards = door.database["scorecards"]
    chosen = {"_id": f"sub-{KOTA}-2023Q1-1"}
    await cards.update_one(chosen, {"$set": {"figures.index_pct": "24.5"}})
    problem = await door.get(f"{FIRST}/explain", 409)
    assert problem["type"] == "urn:spm:problem:explained-otherwise"
    assert "The scorecard says 24.5; by the rows of law that are written now it would be 24" in problem["detail"]
    await cards.update_one(chosen, {"$set": {"figures.index_pct": "24"}})


async def test_other_figures_are_tried_without_a_trace(door: Door) -> None:
    before = [await door.database[name].find({}).sort("_id", 1).to_list(None) for name in ("scorecards", "heads")]
    answer = await door.ask(
        {"service_type": PREGNANCY, "field": "recipients/served", "value": 1_000},
        {"pointer": "/services/0/recipients/served", "value": 1_000},
    )
    assert (answer["before"]["band"], answer["after"]["band"]) == ("tuntas_madya", "tuntas_utama")
    assert answer["before"]["index_shown"] == "89.50"
    assert Decimal(answer["after"]["index_pct"]) > 90
    assert PREGNANCY in {one["service_type"] for one in answer["services"]}
    assert len(answer["services"]) == 2
    after = [await door.database[name].find({}).sort("_id", 1).to_list(None) for name in ("scorecards", "heads")]
    assert after == before


async def test_the_smallest_lift_is_told_and_holds(door: Door) -> None:
    lifting = (await door.ask())["lifting"]
    assert (lifting["band"], lifting["next_band"]) == ("tuntas_madya", "tuntas_utama")
    lift = lifting["lifts"][0]
    served = 895 + lift["more_served"]
    change = {"service_type": lift["service_type"], "field": "recipients/served", "value": served}
    assert (await door.ask(change))["after"]["band"] == "tuntas_utama"
    assert (await door.ask(change | {"value": served - 1}))["after"]["band"] == "tuntas_madya"


async def test_where_no_service_lifts_alone_it_is_said(door: Door) -> None:
    answer = await door.ask(path=FIRST)
    assert answer["lifting"]["lifts"] == []
    assert answer["lifting_words"]["en"] == "No service with a known target lifts the band by itself."


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"pointer": "/services/99/recipients/served", "value": 1}, "/changes/0"),
        ({"pointer": "/period", "value": "2023Q1"}, "/changes/0"),
        ({"pointer": "/services/0/recipients/served", "value": -1}, "/services/0/recipients/served"),
    ],
)
async def test_a_change_that_cannot_be_made_is_refused_where_it_stands(
    door: Door, change: dict[str, Any], pointer: str
) -> None:
    problem = await door.ask(change, status=422)
    assert problem["type"] == "urn:spm:problem:unprocessable-request"
    assert problem["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("question", ["", "/explain", "/revisions"])
async def test_a_region_sees_only_its_own(door: Door, question: str) -> None:
    for region, period in ((OTHER, "2023Q4"), (KOTA, "2023Q3")):
        problem = await door.get(f"/v1/scorecards/{region}/{period}{question}", 404)
        assert problem["type"] == "urn:spm:problem:not-found"
    await door.ask(path=f"/v1/scorecards/{OTHER}/2023Q4", status=403)


async def test_provinces_and_the_nation_are_rolled_up_with_what_they_rest_on(door: Door) -> None:
    await door.get("/v1/attainment/areas", 403, period="2023Q4")
    answer = await door.client.get("/v1/attainment/areas", params={"period": "2023Q4"}, headers=door.of_all)
    found = answer.json()
    assert (found["nation"]["index_shown"], found["nation"]["scored"], found["nation"]["must_report"]) == (
        *("74.75", 2),
        546,
    )
    (kaltim,) = [one for one in found["provinces"] if one["area"] == "64"]
    assert (kaltim["index_shown"], kaltim["name"], kaltim["completeness_pct"]) == ("74.75", "Kalimantan Timur", "100")
    assert set(kaltim["sectors"]) == {"edu", "health", "works", "housing", "order", "social"}
    silent = await door.client.get("/v1/attainment/areas", params={"period": "2018Q4"}, headers=door.of_all)
    assert silent.status_code == 404
