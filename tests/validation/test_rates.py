"""The reporting rates at their door, from verdicts of a running service."""

import csv
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO

import httpx
import pytest
import pytest_asyncio

from chassis.events import Event
from chassis.kafka import Publisher
from contracts.submission import NilReturn
from contracts.topics import SUBMISSION_JUDGED
from regulation.law import Law
from services.validation.app import NAME, build
from tests.running import Keys, read_topic, running, settings_for
from tests.validation.reports import DUE, KOTA, PROVINSI, faultless, received, submission

NOTHING = NilReturn(author_role="Sekda Kota Contoh", reason="Tidak ada layanan yang dilaksanakan tahun ini.")
PERIOD = "2023Q1"


@dataclass(frozen=True)
class Doors:
    client: httpx.AsyncClient
    secretariat: dict[str, str]
    kota: dict[str, str]

    async def ask(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(f"/v1/{path}", headers=self.secretariat | headers)


@pytest_asyncio.fixture(scope="module")
async def doors(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory, law: Law) -> AsyncIterator[Doors]:
    """One region reported on time and late again, one late, one nothing, and one only what was returned."""
    keys = Keys(tmp_path_factory.mktemp("keys"))
    secretariat = keys.issue("sekretariat", ["submissions:read"])
    kota = keys.issue("kota-contoh", ["submissions:read"], KOTA)
    settings = settings_for(kafka, mongo, keys)
    late = DUE + timedelta(hours=1)
    reports = [
        received(faultless(law, period=PERIOD, items=1), "punctual"),
        received(faultless(law, period=PERIOD, items=1), "corrects", arrived_at=late),
        received(faultless(law, region_code=PROVINSI, period=PERIOD, items=1), "late", arrived_at=late),
        received(submission(region_code="64.72", period=PERIOD, nil_return=NOTHING), "nothing"),
        received(submission(region_code="64.74", period=PERIOD), "returned"),
    ]
    async with running(NAME, build, settings) as client:
        publisher = Publisher(settings, "test", linger_ms=0)
        await publisher.start()
        await publisher.publish(map(Event.of, reports))
        await publisher.stop()
        await read_topic(settings, SUBMISSION_JUDGED.name, len(reports))
        yield Doors(client, secretariat, kota)


async def test_the_nation_is_told_in_one_line(doors: Doors) -> None:
    answer = await doors.ask("reporting-rates?period=2023-TW1")
    assert answer.status_code == 200
    assert answer.json() == {
        "period": PERIOD,
        "by": None,
        "rates": [
            {
                "group": None,
                "name": {"id": "Seluruh daerah", "en": "All regions"},
                "expected": 546,
                "reported": 3,
                "on_time": 2,
                "nil_returns": 1,
                "returned": 1,
                "missing": 542,
                "reported_pct": "0.55",
                "on_time_pct": "0.37",
            }
        ],
    }


@pytest.mark.parametrize(
    ("by", "group", "counts"),
    [
        ("level", "kota", (2, 2, 1, 1)),
        ("level", "provinsi", (1, 0, 0, 0)),
        ("province", "64", (3, 2, 1, 1)),
        ("province", "11", (0, 0, 0, 0)),
        ("sector", "health", (3, 2, 1, 1)),
    ],
)
async def test_each_group_is_told_by_itself(doors: Doors, by: str, group: str, counts: tuple[int, ...]) -> None:
    rates = (await doors.ask(f"reporting-rates?period={PERIOD}&by={by}")).json()["rates"]
    (rate,) = (rate for rate in rates if rate["group"] == group)
    assert (rate["reported"], rate["on_time"], rate["nil_returns"], rate["returned"]) == counts


async def test_the_table_says_the_same(doors: Doors) -> None:
    by_name = await doors.ask(f"reporting-rates.csv?period={PERIOD}&by=level")
    by_header = await doors.ask(f"reporting-rates?period={PERIOD}&by=level", accept="text/csv")
    assert (
        by_name.headers["content-type"]
        == by_header.headers["content-type"]
        == "text/csv; charset=utf-8; header=present"
    )
    assert by_name.content == by_header.content
    lines = list(csv.DictReader(StringIO(by_name.text)))
    assert [line["group"] for line in lines] == ["provinsi", "kabupaten", "kota"]
    told = (await doors.ask(f"reporting-rates?period={PERIOD}&by=level")).json()["rates"]
    assert [int(line["expected"]) for line in lines] == [rate["expected"] for rate in told]
    assert [line["reported_pct"] for line in lines] == [rate["reported_pct"] for rate in told]


async def test_a_period_of_which_nothing_came_is_all_missing(doors: Doors) -> None:
    (rate,) = (await doors.ask("reporting-rates?period=2023Q2")).json()["rates"]
    assert (rate["expected"], rate["missing"], rate["reported_pct"]) == (546, 546, "0.00")


async def test_whoever_asks_wrongly_is_told_why(doors: Doors) -> None:
    path = f"/v1/reporting-rates?period={PERIOD}"
    assert (await doors.client.get(path)).status_code == 401
    assert (await doors.client.get(path, headers=doors.kota)).json()["type"] == "urn:spm:problem:outside-region"
    assert (await doors.ask("reporting-rates?period=2018Q1")).json()["type"] == "urn:spm:problem:unknown-period"
    for query in ("", "?period=2023", f"?period={PERIOD}&by=region"):
        assert (await doors.ask(f"reporting-rates{query}")).json()["type"] == "urn:spm:problem:unprocessable-request"
