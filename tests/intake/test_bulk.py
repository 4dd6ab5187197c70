"""Streams, batches, compressed bodies and data value sets, over a socket, into a real intake process."""

import asyncio
import gzip
import json
import random
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

import httpx
import pytest
import pytest_asyncio
import zstandard

from chassis.settings import Settings
from contracts.message import deterministic_id
from contracts.submission import Submission
from regulation.loading import load_law
from services.intake.domain.data_values import data_value_set
from services.intake.routes.results import REPORTS_MAX
from tests.duplex import Duplex, duplex
from tests.intake.lines import report_lines
from tests.intake.streaming import ids_in_log, open_period, stream, watched
from tests.processes import Door, service_process, started
from tests.running import Keys, settings_for
from tests.validation.reports import KOTA

CLIENT = f"kota-{KOTA}"
JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024
LAW = load_law()
LINES = list(report_lines(LAW, 700))


@dataclass(frozen=True)
class Bulk:
    intake: Door
    settings: Settings
    client: httpx.AsyncClient
    kota: dict[str, str]

    async def post(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return await self.client.post(path, content=content, headers=self.kota | JSON | named)

    async def stream(self, content: bytes, **headers: str) -> list[dict[str, Any]]:
        """Short enough to be sent before the answer is read."""
        answer = await self.post("/v1/submissions", content, **{"Content-Type": "application/x-ndjson"} | headers)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


@pytest_asyncio.fixture(scope="module")
async def bulk(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bulk]:
    folder = tmp_path_factory.mktemp("bulk")
    keys = Keys(folder)
    kota = keys.issue(CLIENT, ["submissions:write", "submissions:read"], KOTA)
    secretariat = keys.issue("sekretariat", ["periods:write"])
    settings = settings_for(kafka, mongo, keys)
    async with started(service_process("intake", settings, folder)) as intake:
        await open_period(intake, secretariat)
        async with httpx.AsyncClient(base_url=intake.address, trust_env=False, timeout=60) as client:
            yield Bulk(intake, settings, client, kota)


def packed(coding: str, content: bytes) -> bytes:
    return gzip.compress(content, 1) if coding == "gzip" else zstandard.ZstdCompressor().compress(content)


def report(line: bytes) -> Submission:
    return Submission.model_validate_json(line)


def id_of(line: bytes) -> str:
    return deterministic_id("submission", CLIENT, report(line).content_digest)


async def test_a_line_is_answered_before_the_next_one_is_sent(bulk: Bulk) -> None:
    async with duplex(bulk.intake.port, bulk.kota) as client:
        await client.send(LINES[0][:1_000])
        await client.send(LINES[0][1_000:])
        assert (await client.head())[0] == 200
        results = client.results()
        first = await anext(results)
        await client.send(LINES[1])
        second = await anext(results)
        await client.end()
        assert [r["receipt"]["submission_id"] for r in (first, second)] == [id_of(line) for line in LINES[:2]]
        assert [r async for r in results][-1]["summary"]["accepted"] == 2


async def test_a_stream_that_was_cut_and_taken_up_again_leaves_what_a_whole_one_does(bulk: Bulk) -> None:
    """Some megabytes; ``python -m tests.bench.stream`` does the same with a gigabyte."""
    lines = LINES[100:400]
    async with watched(bulk.intake) as memory:
        first = await stream(bulk.intake.port, bulk.kota, iter(lines), cut_after=100)
        done = first.answered
        assert 100 <= done < len(lines)
        rest = await stream(bulk.intake.port, bulk.kota, islice(lines, done, None), first_line=done + 1)
    assert rest.answered == len(lines)
    assert rest.statuses == {202: len(lines) - done}
    log = await ids_in_log(bulk.settings)
    assert [log[id_of(line)] for line in lines] == [1] * len(lines)
    again = await stream(bulk.intake.port, bulk.kota, iter(lines))
    assert again.replayed == len(lines)
    assert await ids_in_log(bulk.settings) == log
    assert memory.growth < 50 * MEBIBYTE


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_compressed_stream_is_taken_as_long_as_it_is_no_bomb(bulk: Bulk, coding: str) -> None:
    too_long = random.Random(1).randbytes(400_000).hex().encode() + b"\n"
    results = await bulk.stream(packed(coding, LINES[2] + too_long + LINES[3]), Content_Encoding=coding)
    assert [(r.get("line"), r.get("status")) for r in results] == [(1, 202), (2, 413), (3, 202), (None, None)]
    async with watched(bulk.intake) as memory:
        results = await bulk.stream(packed(coding, LINES[2] + b" " * 60 * MEBIBYTE), Content_Encoding=coding)
    assert [(r["line"], r["status"]) for r in results] == [(1, 202), (2, 413)]
    assert memory.growth < 30 * MEBIBYTE


async def test_the_digest_of_a_stream_is_judged_at_its_end(bulk: Bulk) -> None:
    said = f"sha-256=:{b64encode(sha256(LINES[4]).digest()).decode()}:"
    assert (await bulk.stream(LINES[4], Content_Digest=said))[-1]["summary"]["content_digest"] == "agrees"
    assert (await bulk.stream(LINES[5], Content_Digest=said))[-1]["summary"]["content_digest"] == "differs"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_compressed_report_is_the_same_report(bulk: Bulk, coding: str) -> None:
    whole = await bulk.post("/v1/submissions", packed(coding, LINES[6]), Content_Encoding=coding)
    assert (whole.status_code, whole.json()["submission_id"]) == (202, id_of(LINES[6]))
    cut = await bulk.post("/v1/submissions", packed(coding, LINES[6])[:-4], Content_Encoding=coding)
    assert (cut.status_code, cut.json()["type"]) == (400, "urn:spm:problem:bad-encoding")
    bomb = await bulk.post("/v1/submissions", packed(coding, b" " * 100 * MEBIBYTE), Content_Encoding=coding)
    assert (bomb.status_code, bomb.json()["type"]) == (413, "urn:spm:problem:body-too-large")
    unknown = await bulk.post("/v1/submissions", LINES[6], Content_Encoding="br")
    assert (unknown.status_code, unknown.headers["Accept-Encoding"]) == (415, "gzip, zstd")


def array(*elements: bytes) -> bytes:
    return b"[" + b",\n".join(elements) + b"]"


def changed(line: bytes, **members: Any) -> bytes:
    return json.dumps(json.loads(line) | members).encode()


async def test_a_partial_batch_takes_what_can_be_taken(bulk: Bulk) -> None:
    foreign, closed = changed(LINES[7], region_code="64.72"), changed(LINES[7], period="2023Q3")
    given = array(LINES[7], b"{}", LINES[8], LINES[7], foreign, closed, b"tidak", b" " * 600_000 + b"1")
    answer = (await bulk.post("/v1/submissions:batch?import_mode=partial", given)).json()
    assert answer["counts"] == {"entries": 8, "accepted": 2, "replayed": 1, "refused": 5}
    found = [(r["index"], r["status"], r.get("replayed")) for r in answer["results"]]
    assert found == [
        (0, 202, False),
        (1, 422, None),
        (2, 202, False),
        (3, 202, True),
        (4, 403, None),
        (5, 409, None),
        (6, 400, None),
        (7, 422, None),
    ]


async def test_an_atomic_batch_takes_all_or_tells_every_fault_and_takes_nothing(bulk: Bulk) -> None:
    before = await ids_in_log(bulk.settings)
    given = array(LINES[9], changed(LINES[10], tambahan=1), changed(LINES[10], period="2023Q3"), LINES[10])
    refused = await bulk.post("/v1/submissions:batch", given)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:spm:problem:batch-refused")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/1/tambahan", "/2"]
    assert refused.json()["counts"] == {"entries": 4, "accepted": 0, "replayed": 0, "refused": 2}
    assert await ids_in_log(bulk.settings) == before
    taken = (await bulk.post("/v1/submissions:batch?import_mode=atomic", array(LINES[9], LINES[10]))).json()
    assert taken["counts"] == {"entries": 2, "accepted": 2, "replayed": 0, "refused": 0}
    again = (await bulk.post("/v1/submissions:batch", array(LINES[9], LINES[10]))).json()
    assert again["counts"]["replayed"] == 2
    assert [r["receipt"] for r in again["results"]] == [r["receipt"] for r in taken["results"]]


@pytest.mark.parametrize("guarded", [(True, True), (False, True), (True, False)])
async def test_an_atomic_batch_is_not_half_taken_where_its_own_reports_stand_in_each_others_way(
    bulk: Bulk, guarded: tuple[bool, bool]
) -> None:
    current = (await bulk.post("/v1/submissions", LINES[20])).json()["submission_id"]
    reports = [changed(LINES[21 + n], **({"supersedes": current} if named else {})) for n, named in enumerate(guarded)]
    before = await ids_in_log(bulk.settings)
    # Between them stand so many that they are checked in different groups.
    batch = array(reports[0], *[LINES[20]] * 70, reports[1])
    refused = await bulk.post("/v1/submissions:batch", batch)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:spm:problem:batch-refused")
    assert [(fault["code"], fault["pointer"]) for fault in refused.json()["errors"]] == [("newer-report", "/71")]
    assert await ids_in_log(bulk.settings) == before


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [
        (b"{}", 400, "malformed-json"),
        (b"[1", 400, "malformed-json"),
        (array(*[b"1"] * (REPORTS_MAX + 1)), 413, "body-too-large"),
        (b"[" + b" " * 33 * MEBIBYTE + b"]", 413, "body-too-large"),
    ],
)
async def test_what_is_no_batch_is_refused(bulk: Bulk, content: bytes, status: int, slug: str) -> None:
    answer = await bulk.post("/v1/submissions:batch?import_mode=partial", content)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:spm:problem:{slug}")


async def test_a_data_value_set_is_kept_as_the_report_that_it_says(bulk: Bulk) -> None:
    values = data_value_set(report(LINES[11])).model_dump(mode="json", by_alias=True, exclude_unset=True)
    tried = await bulk.post("/v1/dataValueSets?dryRun=true", json.dumps(values).encode())
    assert (tried.status_code, tried.content) == (200, report(LINES[11]).written)
    by_values = await bulk.post("/v1/dataValueSets", json.dumps(values | {"period": "2023-TW4"}).encode())
    as_json = await bulk.post("/v1/submissions", LINES[11])
    assert by_values.status_code == as_json.status_code == 202
    assert as_json.headers["Idempotency-Replayed"] == "true"
    assert by_values.json() == as_json.json()


async def test_what_is_wrong_in_a_data_value_set_is_pointed_at(bulk: Bulk) -> None:
    values = data_value_set(report(LINES[12])).model_dump(mode="json", by_alias=True, exclude_unset=True)
    listed = values["dataValues"]
    listed[0]["value"], listed[1]["value"] = "banyak", -1
    listed.append({"dataElement": "edu.kab.basic.murid", "value": 3})
    answer = await bulk.post("/v1/dataValueSets", json.dumps(values).encode())
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:spm:problem:unprocessable-data-values")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/dataValues/0/value",
        "/dataValues/1/value",
        f"/dataValues/{len(listed) - 1}/dataElement",
    }


async def test_a_client_that_does_not_read_is_not_read_from(bulk: Bulk) -> None:
    """Its results fill what the sockets hold; then intake stops taking lines instead of holding them."""

    async def send(client: Duplex) -> None:
        while True:
            await client.send(b'{"x":1}\n' * 2_000)

    async with duplex(bulk.intake.port, bulk.kota) as client, watched(bulk.intake) as memory:
        sending = asyncio.create_task(send(client))
        sent = -1
        while client.sent != sent:
            sent = client.sent
            await asyncio.sleep(1)
        assert not sending.done()
        assert memory.growth < 30 * MEBIBYTE
        sending.cancel()
        client.cut()
    assert (await bulk.post("/v1/submissions", LINES[13])).status_code == 202
