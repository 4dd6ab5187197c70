"""One report, however often and from wherever it is sent, on real Kafka and MongoDB."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from hashlib import sha256

import httpx
import pytest
import pytest_asyncio

from chassis.clock import FixedClock
from chassis.settings import Settings
from contracts.submission import Submission
from contracts.topics import SUBMISSION_RECEIVED
from services.intake.app import NAME, build
from tests.faults.harness import whole_topic
from tests.intake.reports import ANOTHER_KOTA, KOTA, NOW, SECOND, body, submission
from tests.running import Keys, eventually, running, settings_for

COPIES = 1_000
JSON = {"Content-Type": "application/json"}
ORDER = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}


class Intake:
    """Two replicas with one database and one log."""

    def __init__(
        self,
        settings: Settings,
        clock: FixedClock,
        replicas: list[httpx.AsyncClient],
        keys: dict[str, dict[str, str]],
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.replicas = replicas
        self.client = replicas[0]
        self.keys = keys

    async def hand_in(self, report: Submission, key: str, replica: int = 0, **headers: str) -> httpx.Response:
        sent = self.keys[KOTA] | JSON | {"Idempotency-Key": key} | headers
        return await self.replicas[replica].post("/v1/submissions", content=body(report), headers=sent)

    async def get(self, path: str, region: str = KOTA, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=self.keys[region] | headers)

    async def logged(self, submission_id: str) -> int:
        records = await whole_topic(self.settings, SUBMISSION_RECEIVED.name)
        return sum(dict(record.headers)["ce_subject"] == submission_id.encode() for record in records)


@pytest_asyncio.fixture(scope="module")
async def intake(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Intake]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    issued = {
        code: keys.issue(f"kota-{code}", ["submissions:write", "submissions:read"], code)
        for code in (KOTA, ANOTHER_KOTA)
    }
    secretariat = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    settings = settings_for(kafka, mongo, keys)
    clock = FixedClock(NOW)
    async with running(NAME, build, settings, clock) as one, running(NAME, build, settings, clock) as other:
        assert (await one.put("/v1/periods/2023Q4", json=ORDER, headers=secretariat)).status_code == 201
        yield Intake(settings, clock, [one, other], issued)


async def test_a_thousand_copies_sent_at_once_make_one_report(intake: Intake) -> None:
    sending = (intake.hand_in(submission(served=1), '"seribu"', number % 2) for number in range(COPIES))
    answers = await asyncio.gather(*sending)
    taken = {answer.content for answer in answers if answer.status_code == 202}
    others = [answer for answer in answers if answer.status_code != 202]
    assert len(taken) == 1
    assert {(each.status_code, each.json()["type"], each.headers["Retry-After"]) for each in others} <= {
        (409, "urn:spm:problem:request-in-flight", "1"),
        # The engines of a busy machine may take longer than a request waits for them.
        (503, "urn:spm:problem:unavailable", "5"),
    }
    firsts = Counter(answer.headers.get("Idempotency-Replayed") for answer in answers if answer.status_code == 202)
    assert firsts[None] == 1
    receipt = json.loads(taken.pop())
    again = await intake.hand_in(submission(served=1), "seribu", 1)
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (202, receipt, "true")
    assert await intake.logged(receipt["submission_id"]) == 1


async def test_copies_that_prefer_to_wait_all_get_the_receipt(intake: Intake) -> None:
    wish = {"Prefer": "respond-async, wait=20"}
    sending = (intake.hand_in(submission(served=2), "sabar", number % 2, **wish) for number in range(50))
    answers = await asyncio.gather(*sending)
    assert {(each.status_code, each.headers["Preference-Applied"]) for each in answers} == {(202, "wait=10")}
    assert len({each.content for each in answers}) == 1
    assert await intake.logged(answers[0].json()["submission_id"]) == 1


async def test_two_reports_under_one_key_sent_at_once_are_not_both_taken(intake: Intake) -> None:
    sending = (intake.hand_in(submission(served=3 + number % 2), "satu-kunci", number % 2) for number in range(40))
    answers = await asyncio.gather(*sending)
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    assert {answer.status_code for answer in answers} <= {202, 409, 422}
    statuses = [(await intake.hand_in(submission(served=3 + n), "satu-kunci")).status_code for n in (0, 1)]
    assert sorted(statuses) == [202, 422]


async def test_revisions_follow_each_other_by_name_and_each_can_be_read_again(intake: Intake) -> None:
    intake.clock.instant += SECOND
    first = (await intake.hand_in(submission(served=10), "revisi-1")).json()

    def replacing(name: str, served: int) -> Submission:
        return submission(served=served).model_copy(update={"supersedes": name})

    intake.clock.instant += SECOND
    second = await intake.hand_in(replacing(first["submission_id"], 11), "revisi-2", 1)
    assert second.status_code == 202
    stale = await intake.hand_in(replacing(first["submission_id"], 12), "revisi-3")
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:spm:problem:newer-report")
    current = stale.json()["current"]
    assert (current["submission_id"], current["status_url"]) == (
        second.json()["submission_id"],
        second.headers["Location"],
    )
    third = await intake.hand_in(replacing(current["submission_id"], 12), "revisi-3")
    assert third.status_code == 202

    for receipt, served in ((first, 10), (second.json(), 11), (third.json(), 12)):
        path = f"{receipt['status_url']}/report"

        async def readable(path: str = path) -> bool:
            return (await intake.get(path)).status_code == httpx.codes.OK

        await eventually(readable)
        answer = await intake.get(path)
        assert Submission.model_validate_json(answer.content).services[0].recipients.served == served
        assert answer.headers["ETag"] == f'"{receipt["content_digest"]}"'
        assert sha256(answer.content).hexdigest() == receipt["content_digest"]
        assert (await intake.get(path, **{"If-None-Match": answer.headers["ETag"]})).status_code == 304
        assert (await intake.get(path, ANOTHER_KOTA)).status_code == 404
    assert (await intake.get("/v1/submissions/tidak-ada/report")).status_code == 404
    listed = [line["submission_id"] for line in (await intake.get("/v1/submissions?period=2023Q4&limit=1000")).json()]
    assert {first["submission_id"], second.json()["submission_id"], third.json()["submission_id"]} <= set(listed)
