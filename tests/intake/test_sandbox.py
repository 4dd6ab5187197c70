"""The sandbox as a region's programmer meets it, and that nothing of it gets out."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from chassis.clock import FixedClock
from chassis.events import Event, Received
from chassis.kafka import ensure_topics
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.topics import EVERY_TOPIC, SUBMISSION_RECEIVED
from services.intake.app import NAME, build
from services.intake.domain.proof import NotGenuineError, verified
from services.intake.domain.receipt_keys import ReceiptKeys
from services.intake.domain.scenario import WORDS, Scenario
from services.intake.routes.sandbox import SandboxLog
from tests.intake.reports import ANOTHER_KOTA, DUE, KOTA, NOW, PERIOD, arrival, body, submission
from tests.running import RECEIPT_KEYS, Keys, eventually, running, settings_for

JSON = {"Content-Type": "application/json"}
ORDER = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}
SCOPES = ["submissions:write", "submissions:read"]


@dataclass(frozen=True)
class Intake:
    client: httpx.AsyncClient
    settings: Settings
    trying: dict[str, str]
    kota: dict[str, str]
    secretariat: dict[str, str]

    async def hand_in(self, scenario: str | None = None, key: str = "kunci", **headers: str) -> httpx.Response:
        forced = {"Spm-Test-Scenario": scenario} if scenario else {}
        given = self.trying | JSON | {"Idempotency-Key": f'"{key}"'} | forced | headers
        return await self.client.post("/v1/submissions", content=body(submission()), headers=given)

    async def story(self, receipt: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = (await self.client.get(receipt["status_url"], headers=self.trying)).json()
        return told

    async def events(self, headers: dict[str, str], **query: str) -> dict[str, Any]:
        asked = {"limit": "1000"} | query
        answer = await self.client.get("/v1/events", params=asked, headers=headers)
        page: dict[str, Any] = answer.raise_for_status().json()
        return page

    async def records(self) -> dict[str, int]:
        """How many records each topic of the installation holds."""
        names = [self.settings.kafka_prefix + topic.name for topic in EVERY_TOPIC]
        consumer = AIOKafkaConsumer(*names, bootstrap_servers=self.settings.kafka, group_id=None)
        await consumer.start()
        try:
            ends = await consumer.end_offsets(list(consumer.assignment()))
            return {name: sum(end for place, end in ends.items() if place.topic == name) for name in names}
        finally:
            await consumer.stop()


@pytest_asyncio.fixture(scope="module")
async def intake(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Intake]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    trying = keys.issue("percobaan", SCOPES, KOTA, sandbox=True)
    kota = keys.issue("kota", SCOPES, KOTA)
    secretariat = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    settings = settings_for(kafka, mongo, keys)
    await ensure_topics(settings)
    async with running(NAME, build, settings, FixedClock(NOW)) as client:
        (await client.put(f"/v1/periods/{PERIOD}", json=ORDER, headers=secretariat)).raise_for_status()
        yield Intake(client, settings, trying, kota, secretariat)


async def test_a_report_is_taken_judged_and_scored_and_every_answer_says_sandbox(intake: Intake) -> None:
    answer = await intake.hand_in()
    assert (answer.status_code, answer.headers["Spm-Sandbox"]) == (202, "true")
    story = await intake.story(answer.json())
    assert (story["status"], story["outcome"]) == ("scored", "accepted")
    again = await intake.hand_in()
    assert (again.content, again.headers["Idempotency-Replayed"]) == (answer.content, "true")


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("scored", ("scored", "accepted", 0, True)),
        ("accepted", ("judged", "accepted", 0, True)),
        ("accepted-with-warnings", ("scored", "accepted_with_warnings", 1, True)),
        ("returned", ("judged", "returned", 1, True)),
        ("pending", ("received", None, 0, True)),
        ("overdue-period", ("scored", "accepted", 0, False)),
    ],
)
async def test_a_scenario_forces_what_becomes_of_a_report(
    intake: Intake, scenario: str, expected: tuple[str, str | None, int, bool]
) -> None:
    answer = await intake.hand_in(scenario, key=scenario)
    assert answer.status_code == 202
    story = await intake.story(answer.json())
    assert (story["status"], story["outcome"], len(story["findings"]), story["on_time"]) == expected
    assert answer.json()["on_time"] is expected[3]


@pytest.mark.parametrize(
    ("scenario", "status", "slug"),
    [
        ("period-not-open", 409, "period-not-open"),
        ("in-flight", 409, "request-in-flight"),
        ("unavailable", 503, "unavailable"),
        ("quota-exceeded", 429, "quota-exceeded"),
        ("no-such", 400, "bad-test-scenario"),
    ],
)
async def test_a_scenario_forces_a_refusal(intake: Intake, scenario: str, status: int, slug: str) -> None:
    answer = await intake.hand_in(scenario, key=scenario)
    assert (answer.status_code, re.split("[:#]", answer.json()["type"])[-1]) == (status, slug)
    assert ("Retry-After" in answer.headers) == (scenario in {"in-flight", "unavailable", "quota-exceeded"})


async def test_a_door_that_is_away_once_lets_the_repetition_through(intake: Intake) -> None:
    answers = [(await intake.hand_in("unavailable-once", key="sekali")).status_code for _ in range(3)]
    assert answers == [503, 202, 202]


async def test_an_unknown_scenario_is_told_which_there_are(intake: Intake) -> None:
    detail = (await intake.hand_in("tidak-ada")).json()["detail"]
    assert all(scenario in detail for scenario in Scenario)


def test_every_scenario_is_described() -> None:
    assert list(WORDS) == list(Scenario)


async def test_a_verdict_that_was_held_back_comes_with_the_next_scenario(intake: Intake) -> None:
    receipt = (await intake.hand_in("pending", key="nanti")).json()
    await intake.hand_in("returned", key="nanti")
    assert (await intake.story(receipt))["outcome"] == "returned"


async def test_a_key_in_earnest_forces_nothing(intake: Intake) -> None:
    answer = await intake.client.post(
        "/v1/submissions", content=body(submission()), headers=intake.kota | JSON | {"Spm-Test-Scenario": "returned"}
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:spm:problem:bad-test-scenario")


async def test_the_two_sides_do_not_see_each_other(intake: Intake) -> None:
    receipt = (await intake.hand_in(key="sini")).json()
    assert (await intake.client.get(receipt["status_url"], headers=intake.kota)).status_code == 404
    real = await intake.client.post("/v1/submissions", content=body(submission(served=5)), headers=intake.kota | JSON)
    assert (await intake.client.get(real.json()["status_url"], headers=intake.trying)).status_code == 404
    listed = (await intake.client.get("/v1/submissions", headers=intake.kota)).json()
    assert [each["submission_id"] for each in listed] == [real.json()["submission_id"]]


async def test_the_sandbox_tells_its_own_events_and_no_others(intake: Intake) -> None:
    before = await intake.events(intake.trying)
    receipts = [(await intake.hand_in("returned", key=f"peristiwa-{number}")).json() for number in range(3)]
    page = await intake.events(intake.trying, after=before["next"])
    assert {(event["submission_id"], event["kind"]) for event in page["events"]} == {
        (receipt["submission_id"], kind) for receipt in receipts for kind in ("received", "judged", "noticed")
    }
    assert (await intake.client.get(page["events"][0]["links"]["submission"], headers=intake.trying)).is_success

    answer = await intake.client.post("/v1/submissions", content=body(submission(served=6)), headers=intake.kota | JSON)
    in_earnest = answer.json()["submission_id"]

    async def heard() -> bool:
        """Of all that happened to the region."""
        told = {event["submission_id"] for event in (await intake.events(intake.kota))["events"]}
        assert told.isdisjoint(receipt["submission_id"] for receipt in receipts)
        return in_earnest in told

    await eventually(heard)
    assert (await intake.events(intake.trying, after=page["next"]))["events"] == []


async def test_of_what_is_published_together_the_later_is_never_kept_first() -> None:
    kept: list[int] = []
    pauses = iter((3, 0))

    async def keep(batch: Sequence[Received]) -> list[Event]:
        for _ in range(next(pauses)):
            await asyncio.sleep(0)
        kept.extend(record.offset for record in batch)
        return []

    log = SandboxLog(FixedClock(NOW))
    log.read_by({SUBMISSION_RECEIVED: keep})
    facts = [arrival(submission(), key).received(DUE) for key in ("satu", "dua")]
    await asyncio.gather(*(log.publish([Event.of(fact)]) for fact in facts))
    assert len(kept) == 2
    assert kept == sorted(kept)


async def test_a_foreign_region_is_refused_as_in_earnest(intake: Intake) -> None:
    answer = await intake.client.post(
        "/v1/submissions", content=body(submission(ANOTHER_KOTA)), headers=intake.trying | JSON
    )
    assert answer.status_code == 403


async def test_a_receipt_of_the_sandbox_is_taken_for_no_real_one(intake: Intake) -> None:
    receipt = (await intake.hand_in(key="tanda")).json()
    with pytest.raises(NotGenuineError, match="sandbox"):
        verified(receipt["proof"], ReceiptKeys.parse(RECEIPT_KEYS.read_bytes()))


async def test_no_topic_learns_of_the_sandbox_and_no_metric_and_no_ledger(intake: Intake) -> None:
    async def told() -> tuple[str, Any]:
        metrics = (await intake.client.get("/metrics")).text
        lines = [line for line in metrics.splitlines() if line.startswith(("spm_reports", "spm_idempotent"))]
        ledger = await intake.client.get("/v1/ledger", params={"fiscal_year": 2023}, headers=intake.secretariat)
        return "\n".join(lines), ledger.json()

    before = await intake.records(), await told()
    for scenario in Scenario:
        if scenario is not Scenario.SLOW:
            await intake.hand_in(scenario, key=f"log-{scenario}")
    assert (await intake.records(), await told()) == before


async def test_all_that_the_sandbox_keeps_has_an_end(intake: Intake) -> None:
    await intake.hand_in("returned", key="akhir")
    mongo = Mongo(intake.settings)
    try:
        names = await mongo.database(NAME).list_collection_names()  # type: ignore[attr-defined]  # the test's own look
        for name in (name for name in names if name.startswith("sandbox_")):
            indexes = await mongo.database(NAME)[name].index_information()  # type: ignore[attr-defined]  # as above
            assert name == "sandbox_periods" or any("expireAfterSeconds" in index for index in indexes.values()), name
    finally:
        await mongo.close()
