"""What is due, as regions, calendar programs and the secretariat see it, on real Kafka and MongoDB."""

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from icalendar import Calendar

from chassis.clock import FixedClock
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import VerdictOutcome
from services.intake.app import NAME, build
from tests.intake.reports import ANOTHER_KOTA, DUE, KOTA, NOW, body, judged, submission
from tests.intake.telling import tell
from tests.running import Keys, eventually, read_topic, running, settings_for

JSON = {"Content-Type": "application/json"}
PROVINSI = "64"
FULFILLED_WITHIN_S = 5.0


@dataclass(frozen=True)
class Intake:
    client: httpx.AsyncClient
    settings: Any
    clock: FixedClock
    kota: dict[str, str]
    secretariat: dict[str, str]

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        # An empty mapping would take the path's own query away.
        return await self.client.get(path, params=query or None, headers=headers or self.kota)

    async def order(self, period: str, **changes: Any) -> httpx.Response:
        order = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."} | changes
        return await self.client.put(f"/v1/periods/{period}", json=order, headers=self.secretariat)

    async def of_kota(self) -> dict[str, Any]:
        found = (await self.get("/v1/obligations")).json()
        return next(each for each in found if each["period"] == "2023Q4")


@pytest_asyncio.fixture(scope="module")
async def intake(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Intake]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    of_kota = keys.issue(f"kota-{KOTA}", ["submissions:write", "submissions:read"], KOTA)
    secretariat = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    settings, clock = settings_for(kafka, mongo, keys), FixedClock(NOW)
    async with running(NAME, build, settings, clock) as client:
        intake = Intake(client, settings, clock, of_kota, secretariat)
        assert (await intake.order("2023Q4")).status_code == 201
        yield intake


async def test_a_year_is_listed_quarter_by_quarter_with_what_to_do(intake: Intake) -> None:
    found = (await intake.get("/v1/obligations", fiscal_year=2023)).json()
    assert [each["period"] for each in found] == ["2023Q1", "2023Q2", "2023Q3", "2023Q4"]
    assert {each["region_code"] for each in found} == {KOTA}
    last = found[-1]
    assert (last["state"], last["entry"], last["due_at"]) == ("due", "open", "2024-01-20T16:59:59Z")
    assert last["due_in_words"] == {
        "id": "20 Januari 2024 pukul 23.59 WIB, 10 hari lagi",
        "en": "20 January 2024, 23:59 WIB, 10 days left",
    }
    assert last["next_step"] == {
        "text": {"id": "Kirim laporan Triwulan IV 2023.", "en": "Send the report of quarter 4 of 2023."},
        "url": "/v1/submissions",
    }
    assert {each["state"] for each in found[:-1]} == {"not_open"}


async def test_left_out_the_year_is_the_one_being_reported_and_the_one_that_runs(intake: Intake) -> None:
    assert [each["period"] for each in (await intake.get("/v1/obligations")).json()] == [
        f"{year}Q{quarter}" for year in (2023, 2024) for quarter in range(1, 5)
    ]


async def test_an_accepted_report_fulfils_within_five_seconds(intake: Intake) -> None:
    answer = await intake.client.post("/v1/submissions", content=body(submission()), headers=intake.kota | JSON)
    assert answer.status_code == 202
    assert (await intake.of_kota())["state"] == "in_judgement"
    records = await read_topic(intake.settings, SUBMISSION_RECEIVED.name, 1)
    fact = SubmissionReceivedV1.model_validate_json(records[-1].value)
    await tell(intake.settings, [judged(fact, VerdictOutcome.ACCEPTED)])

    async def fulfilled() -> bool:
        return bool((await intake.of_kota())["state"] == "fulfilled")

    await eventually(fulfilled, within_s=FULFILLED_WITHIN_S)
    found = await intake.of_kota()
    assert (found["on_time"], found["submission_id"]) == (True, fact.submission_id)
    assert found["next_step"]["url"] == f"/v1/submissions/{fact.submission_id}"


async def test_the_secretariat_sees_page_by_page_who_is_late(intake: Intake) -> None:
    intake.clock.instant = DUE + timedelta(seconds=1)
    found: list[str] = []
    path = "/v1/obligations?state=overdue&fiscal_year=2023&limit=200"
    while path:
        answer = await intake.get(path, intake.secretariat)
        assert len(answer.json()) <= 200
        found += [each["region_code"] for each in answer.json()]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert len(found) == len(set(found)) == 545
    assert KOTA not in found
    assert found == sorted(found)
    both = await intake.get("/v1/obligations?state=fulfilled&state=due", intake.secretariat)
    assert [each["region_code"] for each in both.json()] == [KOTA]


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ({"region": ANOTHER_KOTA}, 404, "not-found"),
        ({"region": "99.99"}, 404, "not-found"),
        ({"region": "kota"}, 422, "unprocessable-request"),
        ({"fiscal_year": 2018}, 422, "unknown-period"),
        ({"state": "late"}, 422, "unprocessable-request"),
        ({"cursor": "64.71"}, 400, "bad-cursor"),
    ],
)
async def test_what_cannot_be_listed_is_refused(intake: Intake, query: dict[str, Any], status: int, slug: str) -> None:
    answer = await intake.get("/v1/obligations", **query)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:spm:problem:{slug}")


def events_of(feed: bytes) -> dict[str, Any]:
    return {str(event["uid"]): event for event in Calendar.from_ical(feed).walk("VEVENT")}


async def test_calendar_programs_subscribe_with_the_key_as_the_password(intake: Intake) -> None:
    intake.clock.instant = NOW
    key = intake.kota["Authorization"].removeprefix("Bearer ")
    basic = {"Authorization": f"Basic {b64encode(f'siapa saja:{key}'.encode()).decode()}"}
    answer = await intake.get("/v1/obligations.ics", basic)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    asked = await intake.client.get("/v1/obligations.ics")
    assert (asked.status_code, asked.headers["WWW-Authenticate"].partition(" ")[0]) == (401, "Basic")

    events = events_of(answer.content)
    assert len(events) == 8
    running_quarter, done = events[f"due-2024Q1-{KOTA}@spm-awards"], events[f"due-2023Q4-{KOTA}@spm-awards"]
    assert done["dtstart"].dt.isoformat() == "2024-01-20T23:59:59+07:00"
    assert done["sequence"] == 1
    assert str(done["url"]).endswith(f"/reports/{KOTA}")
    assert "Terpenuhi. Kewajiban Triwulan IV 2023 sudah terpenuhi." in str(done["description"])
    assert done.walk("VALARM") == []
    assert [alarm["trigger"].dt for alarm in running_quarter.walk("VALARM")] == [
        -timedelta(days=days) for days in (14, 7, 1)
    ]
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))


async def test_a_feed_at_hand_is_not_sent_again_until_a_deadline_moves(intake: Intake) -> None:
    first = await intake.get("/v1/obligations.ics")
    intake.clock.instant = NOW + timedelta(days=3)
    tag = {"If-None-Match": first.headers["ETag"]}
    assert (await intake.get("/v1/obligations.ics", intake.kota | tag)).status_code == 304
    await intake.order("2023Q4", due_at=datetime(2024, 1, 25, 16, 59, 59, tzinfo=UTC).isoformat(), reason="Mundur.")
    moved = await intake.get("/v1/obligations.ics", intake.kota | tag)
    assert moved.status_code == 200
    event = events_of(moved.content)[f"due-2023Q4-{KOTA}@spm-awards"]
    assert (event["sequence"], event["dtstart"].dt.day) == (2, 25)


async def test_a_feed_is_of_one_region(intake: Intake) -> None:
    unnamed = await intake.get("/v1/obligations.ics", intake.secretariat)
    assert (unnamed.status_code, unnamed.json()["type"]) == (422, "urn:spm:problem:unprocessable-request")
    named = await intake.get("/v1/obligations.ics", intake.secretariat, region=PROVINSI)
    assert f"due-2023Q4-{PROVINSI}@spm-awards" in events_of(named.content)
    foreign = await intake.get("/v1/obligations.ics", region=PROVINSI)
    assert foreign.status_code == 404


async def test_an_earlier_quarter_is_listed_while_it_is_still_owed(intake: Intake) -> None:
    await intake.order("2021Q4")
    assert (await intake.get("/v1/obligations")).json()[0]["period"] == "2021Q4"
    await intake.order("2021Q4", state="closed")
    assert (await intake.get("/v1/obligations")).json()[0]["period"] == "2023Q1"
