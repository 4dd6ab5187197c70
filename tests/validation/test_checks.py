"""The dry run: what it says is what the verdict says, and it leaves no trace."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis.clock import FixedClock
from chassis.events import Event
from chassis.groups import partitions_of
from chassis.kafka import Publisher, ensure_topics
from chassis.mongo import Mongo
from chassis.replay import read_all
from chassis.settings import Settings
from contracts.submission import Submission, SubmissionReceivedV1
from contracts.topics import EVERY_TOPIC
from contracts.verdict import SubmissionJudgedV1
from regulation.law import Law
from services.validation.app import NAME, build
from tests.faults.story import planned_reports
from tests.faults.story import received as as_planned
from tests.running import Keys, eventually, running, settings_for
from tests.validation.reports import ARRIVED, KOTA, PROVINSI, faultless, received

JSON = {"Content-Type": "application/json"}
REGIONS = 20


@dataclass(frozen=True)
class Validation:
    client: httpx.AsyncClient
    settings: Settings
    publisher: Publisher
    everywhere: dict[str, str]
    of_kota: dict[str, str]
    of_province: dict[str, str]
    reader: dict[str, str]

    async def check(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.post(
            "/v1/submissions:check", content=body, headers=(headers or self.everywhere) | JSON
        )

    async def verdict_on(self, fact: SubmissionReceivedV1) -> SubmissionJudgedV1:
        await self.publisher.publish([Event.of(fact)])
        path = f"/v1/verdicts/{fact.submission_id}"

        async def judged() -> bool:
            return (await self.client.get(path, headers=self.reader)).status_code == httpx.codes.OK

        await eventually(judged)
        return SubmissionJudgedV1.model_validate_json((await self.client.get(path, headers=self.reader)).content)

    async def traces(self) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """Every document of the service's database, and every record of every topic."""
        mongo = Mongo(self.settings)
        try:
            database = mongo.database(NAME)
            listed = await database.command("listCollections")
            names = sorted(collection["name"] for collection in listed["cursor"]["firstBatch"])
            documents = {name: await database[name].find({}).sort("_id").to_list(None) for name in names}
        finally:
            await mongo.close()
        records = {}
        for topic in EVERY_TOPIC:
            assert await partitions_of(self.settings, topic)
            batches = [batch async for batch in read_all(self.settings, topic)]
            records[topic.name] = sorted(message.event_id for batch in batches for message in batch)
        return documents, records


@pytest_asyncio.fixture(scope="module")
async def validation(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Validation]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    settings = settings_for(kafka, mongo, keys)
    everywhere = keys.issue("percobaan", ["submissions:write"])
    of_kota = keys.issue("kota-contoh", ["submissions:write"], KOTA)
    of_province = keys.issue("provinsi-contoh", ["submissions:write"], PROVINSI)
    reader = keys.issue("pembaca", ["submissions:read"])
    await ensure_topics(settings)
    async with running(NAME, build, settings, FixedClock(ARRIVED)) as client:
        publisher = Publisher(settings, "test", linger_ms=0)
        await publisher.start()
        yield Validation(client, settings, publisher, everywhere, of_kota, of_province, reader)
        await publisher.stop()


def body(report: Submission) -> bytes:
    return report.model_dump_json().encode()


def what_is_told(answer: dict[str, Any]) -> dict[str, Any]:
    findings = [{name: text for name, text in finding.items() if name != "rule_page"} for finding in answer["findings"]]
    told = ("region_code", "period", "outcome", "content_digest", "ruleset_id", "ruleset_digest")
    return {name: answer[name] for name in told} | {"findings": findings}


async def test_a_trial_says_what_the_verdict_then_says(validation: Validation) -> None:
    facts = [as_planned(report) for report in planned_reports(REGIONS)]
    outcomes = set()
    for fact in facts:
        trial = await validation.check(body(fact.submission))
        verdict = await validation.verdict_on(fact)
        assert trial.status_code == 200
        assert what_is_told(trial.json()) == what_is_told(verdict.model_dump(mode="json"))
        outcomes.add(verdict.outcome.value)
    assert outcomes == {"accepted", "accepted_with_warnings", "returned"}


async def test_a_trial_leaves_no_trace(validation: Validation, law: Law) -> None:
    await validation.verdict_on(received(faultless(law, period="2023Q1"), "kept-before"))
    before = await validation.traces()
    for report in (faultless(law), faultless(law, team=None), faultless(law, period="2023Q2", served=1)):
        assert (await validation.check(body(report))).status_code == 200
    assert (await validation.check(b"{")).status_code == 400
    assert await validation.traces() == before


async def test_each_finding_names_the_page_of_its_rule(validation: Validation, law: Law) -> None:
    answer = (await validation.check(body(faultless(law, team=None)))).json()
    assert answer["outcome"] == "accepted_with_warnings"
    pages = {finding["code"]: finding["rule_page"] for finding in answer["findings"]}
    assert pages["team-formed"] == "/rules/team-formed"
    assert pages == {code: f"/rules/{code}" for code in pages}


async def test_faults_of_form_are_refused_as_at_intake(validation: Validation) -> None:
    answer = await validation.check(b'{"region_code": "64.71", "period": "2023Q5", "tambahan": 1}')
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["type"] == "urn:spm:problem:unprocessable-submission"
    assert {"/period", "/services", "/tambahan"} <= {fault["pointer"] for fault in answer.json()["errors"]}


async def test_only_who_may_hand_in_may_try_and_only_for_its_own_region(validation: Validation, law: Law) -> None:
    report = body(faultless(law))
    assert (await validation.check(report, validation.of_kota)).status_code == 200
    assert (await validation.check(report, validation.of_province)).json()["type"] == "urn:spm:problem:outside-region"
    assert (await validation.check(report, validation.reader)).json()["type"] == "urn:spm:problem:forbidden"
    unknown = await validation.client.post("/v1/submissions:check", content=report, headers=JSON)
    assert unknown.status_code == 401


@pytest.mark.parametrize(("period", "slug"), [("2010Q1", "unknown-period"), ("2018Q4", "unknown-period")])
async def test_a_period_before_the_law_cannot_be_tried(
    validation: Validation, law: Law, period: str, slug: str
) -> None:
    timeless = faultless(law, items=0).model_copy(update={"period": period})
    answer = await validation.check(body(timeless))
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:spm:problem:{slug}")


async def test_the_document_of_the_doors_shows_an_example(validation: Validation) -> None:
    document = (await validation.client.get("/openapi.json")).json()
    content = document["paths"]["/v1/submissions:check"]["post"]["requestBody"]["content"]["application/json"]
    example = content["examples"]["synthetic"]["value"]
    trial = await validation.client.post("/v1/submissions:check", json=example, headers=validation.everywhere)
    assert trial.json()["outcome"] == "returned" or trial.json()["findings"]
