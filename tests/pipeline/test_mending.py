"""A record is poison and a report meets a fault of ours: seen, discarded, mended, replayed, judged; it all balances."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from chassis.clock import FixedClock
from chassis.dead_letters import REPLAY_OF
from chassis.groups import group_of, wait_until_read
from chassis.kafka import ensure_topics
from chassis.mongo import Mongo
from chassis.settings import Settings
from cli.main import app
from cli.rebuild import forget
from contracts.topics import SUBMISSION_RECEIVED
from services.intake.app import build as build_intake
from services.validation.app import build as build_validation
from services.validation.domain.judge import judge
from tests.intake.reports import NOW, PERIOD, body, submission
from tests.intake.site import ORDER as OPEN
from tests.running import Keys, eventually, read_topic, running, settings_for

pytestmark = pytest.mark.engines
TOPIC = SUBMISSION_RECEIVED.name
GIVEN = ("kafka", "kafka_prefix", "mongo", "mongo_prefix")
ORDER = ("--by", "operator", "--reason", "sintetis")
UNLUCKY, LUCKY, TWICE = "64.71", "64.72", "64.74"
CURSED = 13
"""Served people at which the faulty version of validation trips."""
POISON = b'\x1b[2J{"no": event'


@dataclass
class House:
    settings: Settings
    headers: Mapping[str, str]
    services: Mapping[str, httpx.AsyncClient] = field(default_factory=dict)

    async def spm(self, *words: str) -> Result:
        """A command, in a thread: it runs a loop of its own."""
        environment = {f"SPM_{name.upper()}": str(getattr(self.settings, name)) for name in GIVEN}
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, words, env=environment))

    async def send(self, region: str, served: int) -> str:
        answer = await self.services["intake"].post(
            "/v1/submissions",
            content=body(submission(region, served=served)),
            headers={**self.headers, "Content-Type": "application/json"},
        )
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        told: str = answer.json()["submission_id"]
        return told

    async def poison(self) -> None:
        """As somebody with kcat would: no headers, no JSON."""
        async with AIOKafkaProducer(bootstrap_servers=self.settings.kafka) as producer:
            await producer.send_and_wait(self.settings.kafka_prefix + TOPIC, POISON, b"64.71", partition=3)

    async def open_letters(self, service: str) -> float:
        text = (await self.services[service].get("/metrics")).text
        samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
        return sum(sample.value for sample in samples if sample.name == "spm_dead_letters_open")

    async def open_are(self, **expected: int) -> None:
        async def shown() -> bool:
            return {service: await self.open_letters(service) for service in expected} == expected

        await eventually(shown)

    async def balances(self, *, pending: int, discarded: int = 0) -> None:
        async def settled() -> bool:
            ledger = (await self.services["intake"].get("/v1/ledger?fiscal_year=2023", headers=self.headers)).json()
            assert ledger["balanced"], ledger
            return (ledger["total"]["pending"], ledger["total"]["discarded"]) == (pending, discarded)

        await eventually(settled)

    async def verdicts(self) -> dict[str, dict[str, Any]]:
        mongo = Mongo(self.settings)
        try:
            found = await mongo.database("validation")["verdicts"].find({}).to_list(None)
        finally:
            await mongo.close()
        return {document["_id"]: document for document in found}


@asynccontextmanager
async def serving(house: House, *, faulty: bool) -> AsyncIterator[None]:
    clock = FixedClock(NOW)

    def trips(law: Any, report: Any, **rest: Any) -> Any:
        if report.submission.services[0].recipients.served == CURSED:
            raise ZeroDivisionError("a synthetic fault of ours")
        return judge(law, report, **rest)

    with (
        pytest.MonkeyPatch.context() as patch,
        capture_logs(),
    ):  # a trace with the whole law in it takes seconds to print
        if faulty:
            patch.setattr("services.validation.handlers.judge", trips)
        async with (
            running("intake", build_intake, house.settings, clock) as intake,
            running("validation", build_validation, house.settings, clock) as validation,
        ):
            house.services = {"intake": intake, "validation": validation}
            yield


@pytest_asyncio.fixture
async def house(kafka: str, mongo: str, tmp_path: Path) -> House:
    keys = Keys(tmp_path)
    scopes = ("submissions:write", "submissions:read", "periods:write")
    return House(settings_for(kafka, mongo, keys), keys.issue("contoh", scopes))


def ids(listed: Result) -> list[str]:
    assert listed.exit_code == 0, listed.output
    return [line.split("\t")[0] for line in listed.output.splitlines()[1:]]


async def test_poison_is_discarded_and_what_we_broke_is_replayed_once_mended(house: House) -> None:
    async with serving(house, faulty=True):
        await house.services["intake"].put(f"/v1/periods/{PERIOD}", json=OPEN, headers=house.headers)
        await house.poison()
        unlucky, lucky = await house.send(UNLUCKY, CURSED), await house.send(LUCKY, 800)
        overtaken, newer = await house.send(TWICE, CURSED), await house.send(TWICE, 800)
        await house.open_are(intake=1, validation=3)
        await house.balances(pending=2)
        assert set(await house.verdicts()) == {lucky, newer}

        [poison, ours] = [
            ids(await house.spm("dead-letters", "list", "--because", why)) for why in ("content-type", "mistake")
        ]
        assert sorted(one.split("/")[0] for one in poison) == ["intake", "validation"]
        shown = await house.spm("dead-letters", "show", poison[0])
        assert "\\u001b[2J" in shown.output
        assert "\x1b" not in shown.output
        assert (
            "ZeroDivisionError: a synthetic fault of ours" in (await house.spm("dead-letters", "show", ours[0])).output
        )

        would = await house.spm("dead-letters", "discard", "--all", "--because", "content-type", "--dry-run", *ORDER)
        assert "2 would be discarded" in would.output
        await house.open_are(intake=1, validation=3)
        done = await house.spm("dead-letters", "discard", *poison, *ORDER)
        assert done.exit_code == 0, done.output
        await house.open_are(intake=0, validation=2)

    async with serving(house, faulty=False):
        await house.balances(pending=2)
        would = await house.spm("dead-letters", "replay", "--all", "--dry-run", *ORDER)
        assert "1 would be replayed, 1 refused" in would.output
        assert set(await house.verdicts()) == {lucky, newer}
        for _ in range(2):
            done = await house.spm("dead-letters", "replay", *ours, *ORDER)
            assert done.exit_code == 1
            assert "a later record took its place" in done.output
            await house.balances(pending=1)
        await house.open_are(intake=0, validation=1)
        assert set(await house.verdicts()) == {lucky, newer, unlucky}
        assert overtaken not in await house.verdicts()
        written = await read_topic(house.settings, TOPIC, 6)
        again = [record.value for record in written if REPLAY_OF in dict(record.headers)]
        assert again == [record.value for record in written if record.value and unlucky.encode() in record.value][:1]
        done = await house.spm("dead-letters", "discard", "--all", *ORDER)
        assert done.exit_code == 0, done.output
        await house.open_are(intake=0, validation=0)
        await house.balances(pending=0, discarded=1)
        story = (await house.services["intake"].get(f"/v1/submissions/{overtaken}", headers=house.headers)).json()
        assert (story["status"], story["timeline"][-1]["detail"]) == ("discarded", ORDER[-1])
    live = await house.verdicts()

    await ensure_topics(house.settings)
    await forget(house.settings, print)
    async with serving(house, faulty=False):
        for service in ("intake", "validation"):
            await wait_until_read(house.settings, group_of(service, house.settings), SUBMISSION_RECEIVED)
        await house.balances(pending=0, discarded=1)
        await house.open_are(intake=0, validation=0)
        assert await house.verdicts() == live, "what was put aside stays aside, what was replayed is judged there"
