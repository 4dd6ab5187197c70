"""The operators' desk: what was put aside is seen, tried, replayed and discarded on pages, by those who may."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from chassis.clock import FixedClock
from chassis.dead_letters import Headers, Place, put_aside
from chassis.errors import Unprocessable
from chassis.events import Event
from chassis.kafka import ensure_topics
from chassis.mending import cases
from chassis.settings import Settings
from cli.desk.app import make_desk
from contracts.topics import SUBMISSION_RECEIVED
from deploy.local.ports import LOOPBACK, free_port
from tests.intake.reports import KOTA, NOW, received
from tests.running import Keys, read_topic, running, settings_for

pytestmark = pytest.mark.engines
TOPIC = SUBMISSION_RECEIVED.name
POISON = b'\x1b[2J<script>alert("no event")</script>'
FACT = received()


@dataclass
class Desk:
    settings: Settings
    client: httpx.AsyncClient
    operator: dict[str, str]
    reader: dict[str, str]
    stranger: dict[str, str]
    of_region: dict[str, str]
    poison: str
    ours: str
    """Addresses of two letters: what is no record of ours, and a report at which a fault of ours happened."""

    async def page(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.get(path, headers=self.operator if headers is None else headers)

    async def order(self, path: str, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
        return await self.client.post(path, data=form, headers=self.operator if headers is None else headers)

    async def state(self, path: str) -> str | None:
        settled = (await cases(self.settings))[path.removeprefix("/dead-letters/")].settled
        return settled.settlement.value if settled else None


async def aside(
    producer: AIOKafkaProducer, settings: Settings, headers: Headers, value: bytes, reason: str, fault: Exception
) -> str:
    """Where the page of a record that validation put aside is; the record stands in the log too."""
    where = settings.kafka_prefix + TOPIC
    stands = await producer.send_and_wait(where, value=value, key=KOTA.encode(), headers=headers, partition=3)
    record = (await read_topic(settings, TOPIC, stands.offset + 1))[stands.offset]
    place = Place(TOPIC, 3, stands.offset)
    topic, key, told, bytes_ = put_aside(
        record, place=place, service="validation", stage="decide", reason=reason, fault=fault
    )
    await producer.send_and_wait(settings.kafka_prefix + topic, value=bytes_, key=key, headers=told)
    return f"/dead-letters/validation/{place}"


@pytest_asyncio.fixture(scope="module")
async def desk(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    keys = Keys(tmp_path_factory.mktemp("desk"))
    settings = settings_for(kafka, "mongodb://127.0.0.1:1", keys)
    people = (
        keys.issue("operator", ("operations:read", "operations:write")),
        keys.issue("pengamat", ("operations:read",)),
        keys.issue("orang-lain", ("submissions:read",)),
        keys.issue("kota-contoh", ("operations:read", "operations:write"), KOTA),
    )
    await ensure_topics(settings)
    event = Event.of(FACT)
    fault = ZeroDivisionError("a synthetic fault of ours")
    fault.__cause__ = KeyError("what it followed from")
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        poison = await aside(producer, settings, [], POISON, "content-type", Unprocessable("content-type", "none"))
        ours = await aside(producer, settings, event.wire_headers, event.value, "mistake", fault)
    app = make_desk(settings, FixedClock(NOW))
    async with running("desk", lambda _: pytest.fail("has no parts"), settings, app=app) as client:
        yield Desk(settings, client, *people, poison, ours)


async def test_the_list_names_what_is_open_and_can_be_chosen_from(desk: Desk) -> None:
    everything = (await desk.page("/dead-letters")).text
    assert everything.index(desk.poison) < everything.index(desk.ours), "the oldest first"
    some = (await desk.page("/dead-letters?reason=mistake&service=validation&lang=en")).text
    assert desk.ours in some
    assert desk.poison not in some
    assert desk.poison not in (await desk.page("/dead-letters?older=1")).text
    assert (await desk.client.get("/")).headers["Location"] == "/dead-letters"


async def test_one_is_shown_whole_and_can_do_no_harm(desk: Desk) -> None:
    shown = (await desk.page(desk.poison)).text
    assert "\\u001b[2J&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "\x1b" not in shown
    ours = (await desk.page(f"{desk.ours}?lang=en")).text
    for told in ("ZeroDivisionError: a synthetic fault of ours", "KeyError: ", FACT.submission_id, "partition 3"):
        assert told in ours
    assert f'/reports/{KOTA}/{FACT.submission_id}"' in ours


async def test_who_may_not_look_or_order_is_refused(desk: Desk) -> None:
    form = {"order": "discard", "reason": "sintetis"}
    told = {
        401: await desk.page(desk.ours, {}),
        403: await desk.page(desk.ours, desk.stranger),
    }
    assert {status: answer.status_code for status, answer in told.items()} == {401: 401, 403: 403}
    assert told[401].headers["WWW-Authenticate"].startswith("Basic")
    for answer in (
        await desk.order(desk.ours, desk.reader, **form),
        await desk.order(desk.ours, desk.stranger, **form),
        await desk.order(desk.ours, desk.of_region, **form),
        await desk.page("/dead-letters", desk.of_region),
        await desk.order(desk.ours, desk.operator | {"Origin": "https://elsewhere.example"}, **form),
    ):
        assert answer.status_code == 403, answer.text
    assert (await desk.order(desk.ours, {}, **form)).status_code == 401
    assert await desk.state(desk.ours) is None


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"order": "discard"},
        {"order": "discard", "reason": " "},
        {"order": "burn", "reason": "x"},
        {"order": "replay", "reason": "x" * 201},
    ],
)
async def test_an_order_without_a_kind_or_a_reason_changes_nothing(desk: Desk, form: dict[str, str]) -> None:
    answer = await desk.client.post(desk.poison, data=form, headers=desk.operator)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert await desk.state(desk.poison) is None


async def test_what_nobody_put_aside_is_not_there(desk: Desk) -> None:
    nobody = f"/dead-letters/validation/{TOPIC}/3/999"
    assert (await desk.page(nobody)).status_code == 404
    assert (await desk.order(nobody, order="discard", reason="sintetis")).status_code == 404
    assert (await desk.page(f"/dead-letters/validation/{TOPIC}/3/-1")).status_code == 422


async def test_a_trial_changes_nothing_then_it_is_discarded_with_who_and_why(desk: Desk) -> None:
    refused = await desk.order(desk.poison, order="replay", reason="sintetis")
    assert (refused.status_code, await desk.state(desk.poison)) == (409, None)
    assert "this version cannot read it either" in refused.text
    trial = await desk.order(desk.poison, order="discard", reason="bukan rekaman kami", trial="1")
    assert (trial.status_code, await desk.state(desk.poison)) == (200, None)
    assert 'value="bukan rekaman kami"' in trial.text
    done = await desk.order(desk.poison, order="discard", reason="bukan rekaman kami")
    assert (done.status_code, done.headers["Location"]) == (303, desk.poison)
    told = (await desk.page(desk.poison)).text
    assert "operator, 10 Januari 2024 pukul 10.00 WIB: bukan rekaman kami" in told
    assert desk.poison not in (await desk.page("/dead-letters")).text
    assert desk.poison in (await desk.page("/dead-letters?settled=1")).text


async def test_a_replay_stands_once_in_the_log_however_often_it_is_ordered(desk: Desk) -> None:
    trial = await desk.order(desk.ours, order="replay", reason="sudah diperbaiki", trial="1")
    assert (trial.status_code, await desk.state(desk.ours)) == (200, None)
    for _ in range(2):
        assert (await desk.order(desk.ours, order="replay", reason="sudah diperbaiki")).status_code == 303
    assert await desk.state(desk.ours) == "replayed"
    again = [record for record in await read_topic(desk.settings, TOPIC, 3) if record.value == Event.of(FACT).value]
    assert len(again) == 2
    assert "(offset 2)" in (await desk.page(desk.ours)).text


async def test_its_document_tells_of_its_doors_and_its_metrics_of_its_version(desk: Desk) -> None:
    document = (await desk.client.get("/openapi.json")).json()
    assert document["paths"]["/dead-letters"]["get"]["security"]
    metrics = (await desk.client.get("/metrics")).text
    assert 'spm_build_info{service="desk"' in metrics
    assert "spm_engine_answers" not in metrics, (
        "it asks no engine whether it is there, and an alert would say it is away"
    )


async def test_its_metrics_too_can_have_a_port_of_their_own(desk: Desk) -> None:
    apart = desk.settings.model_copy(update={"metrics_port": free_port()})
    app = make_desk(apart, FixedClock(NOW))
    async with (
        running("desk", lambda _: pytest.fail("has no parts"), apart, app=app) as client,
        httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{apart.metrics_port}", trust_env=False) as watcher,
    ):
        assert (await client.get("/metrics")).status_code == 404
        assert 'spm_build_info{service="desk"' in (await watcher.get("/metrics")).text


async def test_without_its_keys_it_does_not_begin(tmp_path: Path) -> None:
    from chassis.errors import Misconfigured

    with pytest.raises(Misconfigured, match="SPM_API_KEYS"):
        make_desk(
            settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1", api_keys=tmp_path / "none.json"), FixedClock(NOW)
        )
