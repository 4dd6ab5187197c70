"""A region's own software listens, on real Kafka and MongoDB and over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from chassis.clock import FixedClock
from chassis.service import Server, make_app
from chassis.settings import Settings
from contracts.submission import SubmissionReceivedV1
from contracts.verdict import VerdictOutcome
from services.intake.app import NAME, build
from services.intake.domain.happenings import Cursor
from services.intake.routes import events
from services.intake.routes.events import STREAMS_A_CLIENT_MAX
from tests.intake.reports import (
    ANOTHER_KOTA,
    DUE,
    KOTA,
    NOW,
    arrival,
    body,
    judged,
    noticed,
    overdue,
    scored,
    submission,
)
from tests.intake.telling import tell
from tests.running import Keys, eventually, settings_for

STREAM = {"Accept": "text/event-stream"}
WAIT_S = 20.0


def fact_of(key: str, region_code: str = KOTA) -> SubmissionReceivedV1:
    return arrival(submission(region_code), key).received(DUE)


@dataclass(frozen=True)
class Served:
    """Intake at an address, with a real server: a client within the process reads an answer only when it ends."""

    client: httpx.AsyncClient
    app: FastAPI
    server: Server
    settings: Settings
    kota: dict[str, str]
    another_kota: dict[str, str]
    secretariat: dict[str, str]
    trying: dict[str, str]
    manager: dict[str, str]

    async def page(self, after: str | None = None, **query: Any) -> dict[str, Any]:
        asked = query | ({"after": after} if after else {})
        answer = await self.client.get("/v1/events", params=asked, headers=self.kota)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def now(self) -> str:
        """The cursor behind everything that has happened so far."""
        page = await self.page(limit=1_000)
        return str(page["next"])

    @asynccontextmanager
    async def listening(self, after: str | None = None, **headers: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        asked = {"after": after} if after else {}
        async with self.client.stream(
            "GET", "/v1/events", params=asked, headers=self.kota | STREAM | headers
        ) as answer:
            answer.raise_for_status()
            yield read(answer)


async def read(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Each event as the standard's readers see it: id, event, data."""
    event: dict[str, Any] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, text = line.partition(": ")
            event[name] = text
        elif "data" in event:
            yield event | {"data": json.loads(event["data"])}
            event = {}


async def take(events: AsyncIterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(WAIT_S):
        return [await anext(events) for _ in range(count)]


@asynccontextmanager
async def served(settings: Settings, **keys: dict[str, str]) -> AsyncIterator[Served]:
    app = make_app(NAME, build, settings, FixedClock(NOW))
    server = Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=10))
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=WAIT_S) as client:

            async def ready() -> bool:
                return (await client.get("/ready")).status_code == httpx.codes.OK

            await eventually(ready, within_s=30)
            yield Served(client, app, server, settings, **keys)
    finally:
        server.should_exit = True
        await serving


@pytest_asyncio.fixture(scope="module")
async def intake(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    of_kota, of_another = (keys.issue(f"kota-{code}", ["submissions:read"], code) for code in (KOTA, ANOTHER_KOTA))
    secretariat = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    trying = keys.issue("percobaan", ["submissions:write", "submissions:read"], KOTA, sandbox=True)
    manager = keys.issue("pengelola", ["keys:write"])
    settings = settings_for(kafka, mongo, keys)
    of_each = {
        "kota": of_kota,
        "another_kota": of_another,
        "secretariat": secretariat,
        "trying": trying,
        "manager": manager,
    }
    async with served(settings, **of_each) as intake:
        yield intake


async def test_a_stream_tells_what_happens_to_the_region_while_it_happens(intake: Served) -> None:
    fact, foreign = fact_of("cerita"), fact_of("asing", ANOTHER_KOTA)
    async with intake.listening(await intake.now()) as events:
        await tell(intake.settings, [foreign, fact])
        (first,) = await take(events, 1)
        assert (first["event"], first["data"]["event_id"]) == ("received", fact.event_id)
        assert first["data"]["links"] == {
            "submission": f"/v1/submissions/{fact.submission_id}",
            "period": "/v1/periods/2023Q4",
            "obligations": f"/v1/obligations?region={KOTA}",
        }
        assert set(first["data"]) == {
            *("cursor", "event_id", "kind", "type", "time", "region_code", "period", "submission_id", "links")
        }
        await tell(intake.settings, [judged(fact), judged(foreign), scored(fact), noticed(fact), overdue(KOTA)])
        told = await take(events, 4)
        assert {event["event"] for event in told} == {"judged", "scored", "noticed", "overdue"}
        answer = await intake.client.get(first["data"]["links"]["submission"], headers=intake.kota)
        assert answer.status_code == 200, "what was told is kept"

        order = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}
        assert (await intake.client.put("/v1/periods/2023Q4", json=order, headers=intake.secretariat)).is_success
        (change,) = await take(events, 1)
        assert (change["event"], change["data"]["period"]) == ("period_changed", "2023Q4")


async def test_a_stream_that_broke_off_goes_on_without_loss_or_double(intake: Served) -> None:
    facts = [fact_of(f"putus-{number}") for number in range(12)]
    cursor = await intake.now()
    found: list[str] = []
    for number, fact in enumerate(facts):
        await tell(intake.settings, [fact, judged(fact, VerdictOutcome.RETURNED, revision=number + 1), fact])
        if number % 4 == 3:
            async with intake.listening(**{"Last-Event-ID": cursor}) as events:
                # Not all that is there: the rest comes with the next connection.
                for event in await take(events, 5):
                    cursor = event["id"]
                    found.append(event["data"]["event_id"])
    async with intake.listening("", **{"Last-Event-ID": cursor}) as events:
        found += [event["data"]["event_id"] for event in await take(events, 24 - len(found))]
    assert sorted(found) == sorted(event_id for fact in facts for event_id in (fact.event_id, judged(fact).event_id))


async def test_pages_of_json_tell_the_same_from_the_beginning(intake: Served) -> None:
    found: list[str] = []
    cursor = None
    while (page := await intake.page(cursor, limit=7))["events"]:
        assert len(page["events"]) <= 7
        assert page["next"] == page["events"][-1]["cursor"]
        found += [event["event_id"] for event in page["events"]]
        cursor = page["next"]
    assert len(found) == len(set(found)) == len((await intake.page(limit=1_000))["events"]) > 20
    assert (await intake.page(cursor))["next"] == cursor, "while nothing happens, the cursor stays"


@pytest.mark.parametrize(
    ("query", "headers", "status", "slug"),
    [
        ({"after": "r12.00000000"}, {}, 400, "bad-cursor"),
        ({"after": Cursor().text(ANOTHER_KOTA)}, {}, 400, "bad-cursor"),
        ({}, {"Last-Event-ID": "7"}, 400, "bad-cursor"),
        ({"region": ANOTHER_KOTA}, {}, 404, "not-found"),
        ({"region": "kota"}, {}, 422, "unprocessable-request"),
        ({}, {"Authorization": ""}, 401, "unauthenticated"),
    ],
)
async def test_what_cannot_be_told_is_refused_as_a_stream_and_as_a_page(
    intake: Served, query: dict[str, str], headers: dict[str, str], status: int, slug: str
) -> None:
    for accepted in (STREAM, {}):
        answer = await intake.client.get("/v1/events", params=query, headers=intake.kota | accepted | headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"urn:spm:problem:{slug}")


async def test_a_key_of_every_region_names_one(intake: Served) -> None:
    unnamed = await intake.client.get("/v1/events", headers=intake.secretariat)
    assert unnamed.status_code == 422
    named = await intake.client.get("/v1/events", params={"region": KOTA}, headers=intake.secretariat)
    assert named.json()["events"]


async def test_a_client_has_so_many_streams_and_a_closed_one_makes_room(intake: Served) -> None:
    async with asyncio.timeout(WAIT_S):
        opened = [intake.listening() for _ in range(STREAMS_A_CLIENT_MAX)]
        for stream in opened:
            await stream.__aenter__()
        refused = await intake.client.get("/v1/events", headers=intake.kota | STREAM)
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:spm:problem:too-many-listeners")
        assert "Retry-After" in refused.headers
        for stream in opened:
            await stream.__aexit__(None, None, None)

    async def room() -> bool:
        async with intake.client.stream("GET", "/v1/events", headers=intake.kota | STREAM) as answer:
            return answer.status_code == httpx.codes.OK

    await eventually(room)


async def test_a_stream_ends_with_its_key(intake: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_S", 0.1)
    order = {"client_id": "dicabut", "scopes": ["submissions:read"], "region": KOTA}
    key = (await intake.client.post("/v1/keys", json=order, headers=intake.manager)).raise_for_status().json()
    held = {"Authorization": f"Bearer {key['token']}"}
    async with intake.listening(await intake.now(), **held) as told:
        await tell(intake.settings, [fact_of("sebelum-dicabut")])
        await take(told, 1)
        (await intake.client.post(f"/v1/keys/{key['key_id']}:revoke", headers=intake.manager)).raise_for_status()
        with pytest.raises(StopAsyncIteration):
            await take(told, 1)


async def test_a_stream_of_the_sandbox_tells_what_happens_there(intake: Served) -> None:
    headers = intake.trying | {"Content-Type": "application/json"}
    async with intake.listening(**intake.trying) as events:
        answer = await intake.client.post("/v1/submissions", content=body(submission()), headers=headers)
        told = await take(events, 3)
    assert {event["data"]["submission_id"] for event in told} == {answer.json()["submission_id"]}
    assert {event["event"] for event in told} == {"received", "judged", "scored"}


async def test_open_streams_do_not_hold_up_a_stop(intake: Served) -> None:
    """Last in this file: the service stops."""
    loop = asyncio.get_running_loop()
    async with intake.listening(await intake.now()) as events, intake.listening(**intake.trying) as rehearsed:
        await take(rehearsed, 3)
        intake.server.should_exit = True
        began = loop.time()
        for each in (events, rehearsed):
            with pytest.raises(StopAsyncIteration):
                await take(each, 1)
        assert loop.time() - began < 5
