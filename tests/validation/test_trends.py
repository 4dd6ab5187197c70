"""The door of trends on a real service: what is asked, who may ask, and what a table says."""

import csv
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO

import httpx
import pytest
import pytest_asyncio

from chassis.access import EVERY_REGION
from chassis.events import Event
from chassis.groups import group_of, wait_until_read
from chassis.kafka import Publisher
from contracts.message import Message
from contracts.topics import SUBMISSION_RECEIVED
from regulation.law import Law
from services.validation.app import NAME, build
from tests.running import Keys, running, settings_for
from tests.validation.reports import ARRIVED, KOTA, PROVINSI, faultless, received

DOOR = "/v1/trends/findings"
DAY_S = 86_400


@dataclass(frozen=True)
class Doors:
    client: httpx.AsyncClient
    of_all: dict[str, str]
    of_kota: dict[str, str]
    without_scope: dict[str, str]


@pytest_asyncio.fixture(scope="module")
async def doors(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory, law: Law) -> AsyncIterator[Doors]:
    """A kota mends its team after two days and never its stages; a provinsi is faultless."""
    keys = Keys(tmp_path_factory.mktemp("keys"))
    scope = ["submissions:read"]
    of_all, of_kota = keys.issue("sekretariat", scope, EVERY_REGION), keys.issue("kota-contoh", scope, KOTA)
    without_scope = keys.issue("penonton", ["scores:read"])
    settings = settings_for(kafka, mongo, keys)
    later = ARRIVED + timedelta(days=2)
    messages: list[Message] = [
        received(faultless(law, items=1, team=None, stages=()), "first"),
        received(faultless(law, items=1, stages=()), "second", arrived_at=later, recorded_at=later),
        received(faultless(law, region_code=PROVINSI, items=1), "faultless"),
        received(faultless(law, period="2023Q3", served=600, items=1, team=None), "before"),
    ]
    async with running(NAME, build, settings) as client:
        publisher = Publisher(settings, "test", linger_ms=0)
        await publisher.start()
        await publisher.publish(map(Event.of, messages))
        await publisher.stop()
        await wait_until_read(settings, group_of(NAME, settings), SUBMISSION_RECEIVED)
        yield Doors(client, of_all, of_kota, without_scope)


async def test_each_rule_tells_what_was_opened_resolved_and_how_long_it_took(doors: Doors) -> None:
    answer = (await doors.client.get(DOOR, headers=doors.of_all)).json()
    assert (answer["periods"], answer["reports"]) == (["2023Q3", "2023Q4"], 4)
    rows = {row["code"]: row for row in answer["rows"]}
    assert rows["team-formed"] | {"period": None} == {
        "code": "team-formed",
        "period": None,
        "region_code": None,
        "opened": 2,
        "resolved": 1,
        "open": 1,
        "median_s_to_mend": 2 * DAY_S,
    }
    assert (rows["stages-reported"]["open"], rows["stages-reported"]["median_s_to_mend"]) == (1, None)
    assert "served-within-target" in answer["never"]
    assert answer["always"] == []


async def test_rows_are_by_period_or_region_and_filters_narrow_them(doors: Doors) -> None:
    async def rows(**query: str) -> list[tuple[str, str | None, str | None, int]]:
        answer = await doors.client.get(DOOR, params=query, headers=doors.of_all)
        return [(row["code"], row["period"], row["region_code"], row["opened"]) for row in answer.json()["rows"]]

    assert await rows(by="period", rule="team-formed") == [
        ("team-formed", "2023Q3", None, 1),
        ("team-formed", "2023Q4", None, 1),
    ]
    assert await rows(by="region", rule="team-formed") == [("team-formed", None, KOTA, 2)]
    assert await rows(period="2023-TW3", rule="team-formed") == [("team-formed", None, None, 1)]
    assert await rows(level="provinsi", rule="team-formed") == []
    assert await rows(region=PROVINSI, rule="team-formed") == []
    assert await rows(region=KOTA, level="provinsi", rule="team-formed") == []


async def test_a_rule_that_every_report_breaks_always_fires(doors: Doors) -> None:
    query = {"region": KOTA, "period": "2023Q4"}
    answer = await doors.client.get(DOOR, params=query, headers=doors.of_all)
    assert answer.json()["always"] == ["stages-reported"]


async def test_a_region_sees_itself_alone(doors: Doors) -> None:
    own = await doors.client.get(DOOR, params={"by": "region"}, headers=doors.of_kota)
    assert {row["region_code"] for row in own.json()["rows"]} == {KOTA}
    assert own.json()["reports"] == 3
    other = await doors.client.get(DOOR, params={"region": PROVINSI}, headers=doors.of_kota)
    assert (other.status_code, other.json()["type"]) == (404, "urn:spm:problem:not-found")
    assert (await doors.client.get(DOOR)).status_code == 401
    assert (await doors.client.get(DOOR, headers=doors.without_scope)).status_code == 403


@pytest.mark.parametrize(
    "query",
    [{"period": "2023Q5"}, {"period": ["2023Q1"] * 9}, {"rule": "Bad Code"}, {"level": "desa"}, {"period": "2017Q4"}],
    ids=["no period", "too many periods", "no code", "no level", "before the law"],
)
async def test_what_cannot_be_asked_is_refused(doors: Doors, query: dict[str, str]) -> None:
    assert (await doors.client.get(DOOR, params=query, headers=doors.of_all)).status_code == 422


async def test_the_table_says_the_same(doors: Doors) -> None:
    by_name = await doors.client.get(f"{DOOR}.csv", headers=doors.of_all)
    by_accept = await doors.client.get(DOOR, headers=doors.of_all | {"Accept": "text/csv"})
    assert by_name.text == by_accept.text
    assert by_name.headers["content-type"].startswith("text/csv")
    rows = (await doors.client.get(DOOR, headers=doors.of_all)).json()["rows"]
    table = list(csv.DictReader(StringIO(by_name.text)))
    assert [(line["code"], int(line["opened"]), int(line["open"])) for line in table] == [
        (row["code"], row["opened"], row["open"]) for row in rows
    ]
