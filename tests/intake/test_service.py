"""The whole service on real Kafka and MongoDB, as regional systems and the secretariat meet it."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import httpx
import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from chassis.clock import FixedClock
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mongo import Document, Mongo
from chassis.settings import Settings
from contracts.message import Message
from contracts.period import EntryClosedV1, PeriodChangedV1
from contracts.submission import Submission, SubmissionReceivedV1
from contracts.topics import PERIOD_CHANGED, SUBMISSION_RECEIVED
from contracts.verdict import VerdictOutcome
from regulation.loading import load_law
from services.intake.app import NAME, build
from tests.engines import Engines
from tests.intake.reports import (
    ANOTHER_KOTA,
    DUE,
    KOTA,
    NOW,
    SECOND,
    body,
    finding,
    judged,
    noticed,
    scored,
    submission,
)
from tests.running import Keys, eventually, read_topic, running, settings_for

JSON = {"Content-Type": "application/json"}
ORDER = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}


@dataclass(frozen=True)
class Intake:
    client: httpx.AsyncClient
    settings: Settings
    clock: FixedClock
    kota: dict[str, str]
    another_kota: dict[str, str]
    importer: dict[str, str]
    secretariat: dict[str, str]

    async def hand_in(self, report: Submission, key: str | None = None, **headers: str) -> httpx.Response:
        chosen = {"Idempotency-Key": key} if key else {}
        return await self.client.post(
            "/v1/submissions", content=body(report), headers=self.kota | JSON | chosen | headers
        )

    async def order(self, period: str, **changes: Any) -> httpx.Response:
        return await self.client.put(f"/v1/periods/{period}", json=ORDER | changes, headers=self.secretariat)

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: str | int) -> httpx.Response:
        return await self.client.get(path, params=query or None, headers=headers or self.secretariat)

    async def tell(self, messages: Iterable[Message]) -> None:
        publisher = Publisher(self.settings, "test", linger_ms=0)
        await publisher.start()
        await publisher.publish([Event.of(message) for message in messages])
        await publisher.stop()


@pytest_asyncio.fixture(scope="module")
async def intake(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Intake]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    of_kota, of_another = (
        keys.issue(f"kota-{code}", ["submissions:write", "submissions:read"], code) for code in (KOTA, ANOTHER_KOTA)
    )
    importer = keys.issue("impor", ["submissions:write", "submissions:import"])
    secretariat = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    settings = settings_for(kafka, mongo, keys)
    clock = FixedClock(NOW)
    async with running(NAME, build, settings, clock) as client:
        intake = Intake(client, settings, clock, of_kota, of_another, importer, secretariat)
        assert (await intake.order("2023-TW4")).status_code == 201
        yield intake


async def test_a_report_is_received_told_of_and_counted(intake: Intake) -> None:
    answer = await intake.hand_in(submission(), '"cerita-1"')
    receipt = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == receipt["status_url"] == f"/v1/submissions/{receipt['submission_id']}"
    assert receipt["content_digest"] == submission().content_digest
    assert (receipt["period"], receipt["on_time"], receipt["imported"]) == ("2023Q4", True, False)

    records = await read_topic(intake.settings, SUBMISSION_RECEIVED.name, 1)
    facts = [SubmissionReceivedV1.model_validate_json(record.value) for record in records]
    fact = next(each for each in facts if each.submission_id == receipt["submission_id"])
    assert (fact.submission, fact.client_id, fact.due_at) == (submission(), f"kota-{KOTA}", DUE)

    later = judged(fact, revision=2, supersedes=fact.submission_id).model_copy(update={"submission_id": "later"})
    await intake.tell(
        [
            judged(fact, VerdictOutcome.ACCEPTED_WITH_WARNINGS, finding(), finding(service=1)),
            scored(fact),
            noticed(fact),
            later,
        ]
    )
    path = receipt["status_url"]

    async def told() -> bool:
        story = (await intake.get(path)).json()
        return len(story["timeline"]) == 4 and story["superseded_by"] == "later"

    await eventually(told)
    story = (await intake.get(path, intake.kota)).json()
    assert (story["status"], story["outcome"]) == ("scored", "accepted_with_warnings")
    assert story["findings_by_code"] == [{"code": "served-within-target", "severity": "warning", "count": 2}]
    assert story["findings"][1]["pointer"] == "/services/1/recipients/served"
    assert [step["stage"] for step in story["timeline"]] == ["received", "judged", "scored", "noticed"]
    assert story["timeline"][0]["event_id"] == fact.event_id
    ledger = (await intake.get("/v1/ledger", fiscal_year=2023, period="2023-Q4")).json()
    assert (ledger["scored"], ledger["verdicts"]["accepted_with_warnings"]) == (1, 1)


async def test_a_repetition_is_answered_with_the_same_bytes(intake: Intake) -> None:
    first = await intake.hand_in(submission(served=1), '"ulang-1"')
    again = await intake.hand_in(submission(served=1), "ulang-1")
    assert (again.status_code, again.content, again.headers["Location"]) == (
        202,
        first.content,
        first.headers["Location"],
    )
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    reused = await intake.hand_in(submission(served=2), '"ulang-1"')
    assert (reused.status_code, reused.json()["type"]) == (422, "urn:spm:problem:idempotency-key-reused")
    assert "spm_idempotent_replays_total" in (await intake.client.get("/metrics")).text


async def test_a_report_without_a_key_is_known_by_its_content(intake: Intake) -> None:
    first, again = [await intake.hand_in(submission(served=3)) for _ in range(2)]
    assert first.content == again.content


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (b"{", {}, 400, "malformed-json"),
        (b"\xff\xfe", {}, 400, "malformed-json"),
        (b"", {}, 400, "malformed-json"),
        (b"[" * 100_000, {}, 400, "malformed-json"),
        (b"[]", {}, 422, "unprocessable-submission"),
        (body(submission()), {"Content-Type": "text/csv"}, 415, "unsupported-media-type"),
        (body(submission()), {"Content-Encoding": "br"}, 415, "unsupported-encoding"),
        (body(submission()), {"Content-Encoding": "gzip"}, 400, "bad-encoding"),
        (body(submission()), {"Idempotency-Key": '"a", "b"'}, 400, "bad-idempotency-key"),
        (body(submission()), {"Content-Digest": "sha-256=:contoh:"}, 400, "content-digest-mismatch"),
        (body(submission()), {"Spm-Arrived-At": NOW.isoformat()}, 403, "forbidden"),
        (body(submission(ANOTHER_KOTA)), {}, 403, "outside-region"),
        (body(submission(period="2024Q1")), {}, 409, "period-not-open"),
        (body(submission(), source_system="x" * 600_000), {}, 413, "body-too-large"),
        (body(submission()), {"Authorization": "Bearer spm_0_0"}, 401, "unauthenticated"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_its_reason(
    intake: Intake, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = await intake.client.post("/v1/submissions", content=content, headers=intake.kota | JSON | headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:spm:problem:{slug}")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_every_fault_of_a_report_is_named_at_once_where_it_stands(intake: Intake) -> None:
    faulty = body(
        submission(),
        period="2023Q5",
        tambahan=1,
        services=[
            {
                "service_type": "edu.kab.basic",
                "recipients": {"target": "10", "a/b": 1},
                "quality": [{"code": "K", "name": "n", "unit": "u", "required": -1, "fulfilled": 0.00001}],
            }
        ],
    )
    answer = await intake.client.post("/v1/submissions", content=faulty, headers=intake.kota | JSON)
    assert answer.status_code == 422
    assert sorted(fault["pointer"] for fault in answer.json()["errors"]) == [
        "/period",
        "/services/0/quality/0/fulfilled",
        "/services/0/quality/0/required",
        "/services/0/recipients/a~1b",
        "/services/0/recipients/target",
        "/tambahan",
    ]


async def test_a_digest_that_agrees_lets_the_body_pass(intake: Intake) -> None:
    report = submission(served=4)
    digest = b64encode(sha256(body(report)).digest()).decode()
    assert (await intake.hand_in(report, **{"Content-Digest": f"sha-256=:{digest}:"})).status_code == 202
    changed = await intake.hand_in(submission(served=5), **{"Content-Digest": f"sha-256=:{digest}:"})
    assert changed.json()["type"] == "urn:spm:problem:content-digest-mismatch"


async def test_a_past_report_is_imported_with_its_original_arrival(intake: Intake) -> None:
    async def bring(arrived_at: str) -> httpx.Response:
        headers = intake.importer | JSON | {"Spm-Arrived-At": arrived_at}
        return await intake.client.post("/v1/submissions", content=body(submission(served=6)), headers=headers)

    assert (await bring((NOW + SECOND).isoformat())).json()["type"] == "urn:spm:problem:bad-arrival-time"
    assert (await bring("2024-01-02T10:00:00")).json()["type"] == "urn:spm:problem:bad-arrival-time"
    receipt = (await bring("2024-01-02T10:00:00+07:00")).json()
    assert (receipt["imported"], receipt["arrived_at"]) == (True, "2024-01-02T03:00:00Z")


async def test_a_region_sees_itself_alone(intake: Intake) -> None:
    mine = (await intake.hand_in(submission(served=7))).json()
    foreign = await intake.get(mine["status_url"], intake.another_kota)
    unknown = await intake.get("/v1/submissions/unknown", intake.kota)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["type"] == unknown.json()["type"] == "urn:spm:problem:not-found"
    assert foreign.json()["detail"] == unknown.json()["detail"]
    assert (await intake.get("/v1/submissions", intake.another_kota)).json() == []
    assert (await intake.get("/v1/submissions", intake.another_kota, region=KOTA)).status_code == 404
    assert (await intake.get("/v1/ledger", intake.another_kota, fiscal_year=2023)).json()["rows"] == []
    assert (await intake.get("/v1/ledger", intake.kota, fiscal_year=2023)).json()["rows"] != []
    assert (await intake.get("/v1/submissions", intake.importer)).json()["type"] == "urn:spm:problem:forbidden"


async def test_the_list_is_read_page_by_page(intake: Intake) -> None:
    for served in range(10, 13):
        await intake.hand_in(submission(served=served))
    found: list[str] = []
    path = "/v1/submissions?limit=2&period=2023-TW4"
    while path:
        answer = await intake.get(path, intake.kota)
        assert len(answer.json()) <= 2
        found += [line["submission_id"] for line in answer.json()]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert len(found) == len(set(found)) >= 3
    whole = (await intake.get("/v1/submissions", region=KOTA)).json()
    assert [line["submission_id"] for line in whole] == found
    assert (await intake.get("/v1/submissions", cursor="b3VycyBub3Q=")).json()["type"] == "urn:spm:problem:bad-cursor"
    assert (await intake.get("/v1/submissions", period="2023")).json()["type"] == "urn:spm:problem:unknown-period"


async def test_a_period_is_opened_extended_and_closed_with_a_mark_for_every_region(intake: Intake) -> None:
    opened = await intake.order("2023-Q3", if_revision=0)
    assert (opened.status_code, opened.json()["revision"], opened.json()["due_at"]) == (201, 1, "2023-10-10T16:59:59Z")
    same = await intake.order("2023Q3")
    assert (same.status_code, same.content) == (200, opened.content)
    stale = await intake.order("2023Q3", reason="Kedua.", if_revision=0)
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:spm:problem:stale-revision")
    nonsense = await intake.order("2023Q3", opens_at="2023-06-01T00:00:00Z", due_at="2023-05-01T00:00:00Z")
    assert [fault["pointer"] for fault in nonsense.json()["errors"]] == ["/opens_at", "/due_at"]
    assert (await intake.order("2023Q5")).json()["type"] == "urn:spm:problem:unknown-period"
    assert (await intake.order("2018Q1")).json()["type"] == "urn:spm:problem:unknown-period"
    assert (await intake.order("2023Q3", state="ajar")).json()["type"] == "urn:spm:problem:unprocessable-period"
    extended = await intake.order("2023Q3", due_at="2023-10-15T16:59:59Z", reason="Diperpanjang.")
    closed = await intake.order("2023-07-01/P3M", state="closed")
    assert (extended.json()["revision"], closed.json()["revision"]) == (2, 3)
    assert closed.json()["due_at"] == extended.json()["due_at"]
    assert (await intake.get("/v1/periods/2023-TW3")).json() == closed.json()
    assert [period["period"] for period in (await intake.get("/v1/periods")).json()] == ["2023Q4", "2023Q3"]
    assert (await intake.get("/v1/periods/2022Q1")).status_code == 404

    regions = {region.code for region in load_law().regions.reporting()}
    records = await read_topic(intake.settings, SUBMISSION_RECEIVED.name, len(regions))
    marks = [
        EntryClosedV1.model_validate_json(r.value)
        for r in records
        if dict(r.headers)["ce_type"] == EntryClosedV1.TYPE.encode()
    ]
    assert {mark.region_code for mark in marks} == regions
    assert {(mark.period, mark.period_revision) for mark in marks} == {("2023Q3", 3)}
    changes = [
        PeriodChangedV1.model_validate_json(r.value) for r in await read_topic(intake.settings, PERIOD_CHANGED.name, 4)
    ]
    assert [c.revision for c in changes if c.period == "2023Q3"] == [1, 2, 3]


async def test_the_document_of_the_doors_is_complete(intake: Intake) -> None:
    assert (await intake.client.get("/docs")).status_code == 200
    document = (await intake.client.get("/openapi.json")).json()
    door = document["paths"]["/v1/submissions"]["post"]
    content = door["requestBody"]["content"]["application/json"]
    validator = Draft202012Validator(content["schema"])
    validator.validate(content["examples"]["synthetic"]["value"])
    assert not validator.is_valid(content["examples"]["synthetic"]["value"] | {"tambahan": 1})
    refusals = {"400", "401", "403", "408", "409", "413", "415", "422", "429", "503"}
    assert set(door["responses"]) == {"200", "202"} | refusals
    for status, answer in door["responses"].items():
        if status in refusals:
            assert set(answer["content"]) == {"application/problem+json"}
            assert answer["content"]["application/problem+json"]["examples"]
    assert {parameter["name"].lower() for parameter in door["parameters"]} == {
        "idempotency-key",
        "prefer",
        "first_line",
        "spm-arrived-at",
        "spm-test-scenario",
        "content-digest",
    }


async def test_a_database_rebuilt_from_the_log_is_the_same(intake: Intake) -> None:
    """Last in this file: whatever the tests before did is rebuilt, under another group into another database."""
    mongo = Mongo(intake.settings)

    async def documents(service: str) -> dict[str, list[Document]]:
        database = mongo.database(service)
        names = ("submissions", "reports", "notices", "overdue", "marks", "periods", "events")
        return {name: await database[name].find().sort("_id").to_list(None) for name in names}

    async def read_back() -> bool:
        return all("logged_at" in kept for kept in (await documents(NAME))["submissions"] if "received" in kept)

    async def rebuilt() -> bool:
        return await documents("rebuilt") == await documents(NAME)

    await eventually(read_back)
    async with running("rebuilt", build, intake.settings):
        await eventually(rebuilt)
    assert len((await documents("rebuilt"))["submissions"]) >= 8
    await mongo.close()


async def test_while_the_world_is_away_nothing_is_promised(engines: Engines, keys: Keys) -> None:
    kota = keys.issue("kota-contoh", ["submissions:write"], KOTA)
    secretariat = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    kafka, mongod = await asyncio.gather(engines.kafka(), engines.mongod())
    settings = settings_for(kafka.address, mongod.address, keys)
    async with running(NAME, build, settings, clock := FixedClock(NOW)) as client:
        intake = Intake(client, settings, clock, kota, kota, kota, secretariat)
        await intake.order("2023Q4")

        async def taken() -> bool:
            return (await intake.hand_in(submission(), "kunci-1")).status_code == 202

        for engine in (kafka, mongod):
            await engine.kill()
            answer = await intake.hand_in(submission(), "kunci-1" if engine is kafka else "kunci-2")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            await engine.restart()
            await eventually(taken)
        assert (await intake.get("/v1/ledger", fiscal_year=2023)).json()["total"]["sent"] == 1
