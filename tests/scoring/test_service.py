"""The whole service on real Kafka and MongoDB: from verdicts to scorecards, nominees and winners."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord
from typer.testing import CliRunner

from chassis.clock import FixedClock
from chassis.events import Event
from chassis.kafka import Publisher, ensure_topics
from chassis.mongo import Database, Document, Mongo
from chassis.settings import Settings
from cli.main import app
from contracts.award import AwardChangedV1, AwardStepTakenV1
from contracts.message import Message
from contracts.quarter import quarters_of
from contracts.topics import AWARD_CHANGED, PERIOD_CHANGED, SCORECARD_UPDATED, SUBMISSION_JUDGED
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.scoring.app import NAME, build
from services.scoring.domain.audit import audit
from services.scoring.store import Store
from tests.running import Keys, eventually, read_topic, running, settings_for
from tests.scoring.editions import closed
from tests.scoring.reports import changed_period, full_reports, judged, settled, submission

KOTA = "64.71"
QUARTERS = quarters_of(2023)
CLOCK = FixedClock(datetime(2024, 3, 1, 3, tzinfo=UTC))
ORDER = {"author_role": "Ditjen Bina Pembangunan Daerah", "reason": "Angka sintetis"}
SERVED = {"64": 900, "32": 990, "35": 985, "73": 700, "33": 880, "11": 300, KOTA: 1_000, "64.02": 555}
"""Of 1,000; every other region does not report."""


@dataclass(frozen=True)
class Running:
    client: httpx.AsyncClient
    settings: Settings
    publisher: Publisher
    database: Database
    secretariat: dict[str, str]
    of_kota: dict[str, str]

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.client.get(path, params=query, headers=self.secretariat)

    async def order(self, path: str, **changes: Any) -> httpx.Response:
        return await self.client.post(f"/v1/awards/2024/{path}", json=ORDER | changes, headers=self.secretariat)

    async def publish(self, messages: Iterable[Message]) -> None:
        await self.publisher.publish(map(Event.of, messages))


async def documents(database: Database) -> dict[str, list[Document]]:
    names = ("scorecards", "heads", "marks", "periods", "steps")
    return {name: await database[name].find({}).sort("_id", 1).to_list(None) for name in names}


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[Publisher]:
    publisher = Publisher(settings, "test", linger_ms=5)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


@pytest_asyncio.fixture(scope="module")
async def service(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory, law: Law) -> AsyncIterator[Running]:
    """A service that has scored four quarters of eight regions; entry is not closed yet."""
    keys = Keys(tmp_path_factory.mktemp("keys"))
    secretariat = keys.issue("secretariat", ["awards:read", "awards:write", "scorecards:read"])
    of_kota = keys.issue("kota-contoh", ["awards:read", "scorecards:read"], KOTA)
    settings = settings_for(kafka, mongo, keys)
    deployment = Mongo(settings)
    database = deployment.database(NAME)
    async with running(NAME, build, settings, CLOCK) as client, publishing(settings) as publisher:
        service = Running(client, settings, publisher, database, secretariat, of_kota)
        await service.publish(verdicts(law))
        await eventually(lambda: all_scored(service))
        await eventually(lambda: knows_the_past(service))
        yield service
    await deployment.drop(NAME)
    await deployment.close()


def verdicts(law: Law) -> list[SubmissionJudgedV1]:
    accepted = [
        judged(submission(region, full_reports(law, region, quarter.text, served=served, items=1), quarter.text))
        for region, served in SERVED.items()
        for quarter in QUARTERS
    ]
    returned = judged(submission("12", [], "2023Q4"), outcome=VerdictOutcome.RETURNED)
    return [*accepted, returned]


async def all_scored(service: Running) -> bool:
    found = await Store(service.database).figures_of([quarter.text for quarter in QUARTERS])
    return len(found) == len(SERVED) * len(QUARTERS)


async def knows_the_past(service: Running) -> bool:
    """Until the log is read, nothing is decided."""
    answer = await service.order("close")
    return answer.status_code != httpx.codes.SERVICE_UNAVAILABLE


async def test_each_accepted_report_is_told_once(service: Running) -> None:
    records = await read_topic(service.settings, SCORECARD_UPDATED.name, len(SERVED) * len(QUARTERS), settle_s=0.5)
    assert len(records) == len({dict(record.headers)["ce_id"] for record in records}) == 32
    assert {record.key.decode() for record in records} == set(SERVED)


async def test_a_region_reads_its_own_scorecard(service: Running) -> None:
    answer = await service.client.get(f"/v1/scorecards/{KOTA}/2023-TW4", headers=service.of_kota)
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["region_name"], shown["index_shown"]) == ("Kota Balikpapan", "100.00")
    assert shown["band_name"] == {"id": "Tuntas Paripurna", "en": "Fully attained"}
    assert shown["scorecard"]["submission_id"] == f"sub-{KOTA}-2023Q4-1"
    assert Decimal(shown["scorecard"]["index_pct"]) == 100
    assert len(shown["scorecard"]["sectors"]) == 6


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/v1/scorecards/64/2023Q4", 404, "not-found"),
        (f"/v1/scorecards/{KOTA}/2024Q1", 404, "not-found"),
        (f"/v1/scorecards/{KOTA}/2023Q5", 422, "unprocessable-request"),
        ("/v1/attainment?period=2023Q4", 403, "outside-region"),
        ("/v1/awards/1999", 404, "edition-unknown"),
        ("/v1/awards/2024/ranking?category=tim_penerapan", 404, "category-unknown"),
    ],
)
async def test_what_a_region_may_not_see_or_cannot_find(service: Running, path: str, status: int, slug: str) -> None:
    answer = await service.client.get(path, headers=service.of_kota)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:spm:problem:{slug}")


async def test_the_nation_is_counted_by_band_and_kind(service: Running) -> None:
    found = (await service.get("/v1/attainment", period="2023Q4")).json()
    assert found["bands"] == {
        "tuntas_paripurna": 1,
        "tuntas_utama": 3,
        "tuntas_madya": 1,
        "tuntas_pratama": 1,
        "tuntas_muda": 0,
        "belum_tuntas": 2,
    }
    by_kind = {row["kind"]: row for row in found["kinds"]}
    assert (by_kind["provinsi"]["must_report"], by_kind["provinsi"]["scored"]) == (38, 6)
    assert by_kind["provinsi"]["mean_index_shown"] == "79.25"
    assert (await service.get("/v1/attainment", period="2018Q4")).status_code == 404


async def test_the_ranking_may_be_seen_at_any_time(service: Running) -> None:
    found = (await service.get("/v1/awards/2024/ranking", category="provinsi")).json()
    assert [row["region_code"] for row in found["ranked"]] == ["32", "35", "64", "33", "73", "11"]
    assert found["ranked"][0]["region_name"] == "Jawa Barat"
    assert len(found["excluded"]) == 32


@pytest.mark.parametrize("step", ["close", "nominate", "scores", "scores/confirm", "decide", "announce", "correct"])
async def test_only_who_may_decides(service: Running, step: str) -> None:
    content: dict[str, dict[str, Any]] = {
        "scores": {"seat": "x", "scores": []},
        "scores/confirm": {"step": 1},
        "correct": {"step": 1},
    }
    answer = await service.client.post(
        f"/v1/awards/2024/{step}", json={**ORDER, **content.get(step, {})}, headers=service.of_kota
    )
    assert answer.status_code == 403


async def test_an_order_must_be_well_formed(service: Running) -> None:
    unknown = await service.order("nominate", winners="32")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/body/winners")
    silent = await service.client.post(
        "/v1/awards/2024/close", json={"author_role": "Sekretariat"}, headers=service.secretariat
    )
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/body/reason")


async def test_an_edition_from_flight_to_announcement(service: Running, law: Law) -> None:
    await refused_while_in_flight(service, law)
    closed = await ordered(service, "close")
    assert (closed["stage"], closed["awards"][0]["nominees"]) == ("closed", [])
    assert (await service.get("/v1/awards/2024/bundle")).json()["type"] == "urn:spm:problem:award-step-missing"
    nominated = await ordered(service, "nominate")
    awards = {row["category"]: row for row in nominated["awards"]}
    assert [row["region_code"] for row in awards["provinsi"]["nominees"]] == ["32", "35", "64", "33", "73"]
    assert [row["region_code"] for row in awards["kota"]["nominees"]] == [KOTA]
    assert {row["state"] for row in nominated["awards"]} == {"nominated"}
    assert await ordered(service, "nominate") == nominated

    await correct(service, law, "73", 999)
    refused = await service.order("decide")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:spm:problem:figures-changed")
    early = await service.order("announce")
    assert (early.status_code, early.json()["type"]) == (409, "urn:spm:problem:award-step-missing")
    assert [fault["detail"] for fault in early.json()["errors"]] == [
        "The edition is not decided yet; take the step 'decide' first."
    ]
    for number in (2, 1):
        await ordered(service, "correct", step=number)
    for step in ("close", "nominate"):
        await ordered(service, step)

    decided = await ordered(service, "decide")
    assert decided["awards"][0]["winners"] == ["73", "32", "35"]
    of_kota = await service.client.get("/v1/awards/2024", headers=service.of_kota)
    assert [row["winners"] for row in of_kota.json()["awards"]] == [[], [], []]
    unseen = await service.client.get("/v1/awards/2024/bundle", headers=service.of_kota)
    assert unseen.status_code == 409

    announced = await ordered(service, "announce")
    assert {row["state"] for row in announced["awards"]} == {"announced"}
    assert await ordered(service, "announce") == announced
    assert (await service.client.get("/v1/awards/2024", headers=service.of_kota)).json() == announced
    late = await service.order("nominate")
    assert (late.status_code, late.json()["type"]) == (409, "urn:spm:problem:award-step-taken")
    assert [(row["step"], row["undone_by"]) for row in announced["steps"]] == [
        ("closed", 4),
        ("nominated", 3),
        ("corrected", None),
        ("corrected", None),
        ("closed", None),
        ("nominated", None),
        ("decided", None),
        ("announced", None),
    ]


async def test_steps_and_what_they_tell_stand_in_the_log(service: Running) -> None:
    records = await read_topic(service.settings, AWARD_CHANGED.name, 8 + 3 * 3, settle_s=0.5)
    by_type: dict[str, list[ConsumerRecord]] = {}
    for record in records:
        by_type.setdefault(dict(record.headers)["ce_type"].decode(), []).append(record)
    steps = [AwardStepTakenV1.model_validate_json(one.value) for one in by_type[AwardStepTakenV1.TYPE]]
    assert [step.number for step in steps] == list(range(1, 9))
    assert {(step.taken_by, step.taken_at) for step in steps} == {("secretariat", CLOCK.now())}
    told = [AwardChangedV1.model_validate_json(one.value) for one in by_type[AwardChangedV1.TYPE]]
    assert sorted((one.revision, one.category, one.state.value) for one in told) == [
        (number, category, state)
        for number, state in ((2, "nominated"), (6, "nominated"), (8, "decided"))
        for category in ("kabupaten", "kota", "provinsi")
    ]


async def test_a_stranger_recomputes_the_edition_from_its_bundle(service: Running, law: Law, tmp_path: Path) -> None:
    answer = await service.client.get("/v1/awards/2024/bundle", headers=service.of_kota)
    found = audit(answer.content, law)
    assert found.differences == ()
    assert found.winners == {"provinsi": ("73", "32", "35"), "kabupaten": ("64.02",), "kota": (KOTA,)}
    forged = answer.content.replace(b'"73","32","35"', b'"32","73","35"')
    assert audit(forged, law).differences != ()
    file = tmp_path / "bundle.json"
    file.write_bytes(answer.content)
    told = CliRunner().invoke(app, ["award", "verify", str(file), "--digest", found.digest])
    assert told.exit_code == 0, told.output
    assert "provinsi: 73 Sulawesi Selatan, 32 Jawa Barat, 35 Jawa Timur" in told.output


async def refused_while_in_flight(service: Running, law: Law) -> None:
    """Refused for each reason in turn, until nothing is in flight."""
    assert (await in_flight(service))[0] == {"period-not-closed"}
    assert (await service.order("decide")).json()["type"] == "urn:spm:problem:award-step-missing"
    await service.publish(changed_period(quarter.text) for quarter in QUARTERS)
    await eventually(lambda: reasons_become(service, {"regions-not-settled"}))
    _, detail = await in_flight(service)
    assert "546 of 546 regions are not yet settled: 11, 11.01, 11.02" in detail
    marks = [
        settled(region.code, quarter.text, reported=region.code in SERVED)
        for region in law.regions.reporting()
        for quarter in QUARTERS
    ]
    await service.publish(marks[:-1])
    await eventually(lambda: last_missing(service))
    await service.publish(marks[-1:])
    await eventually(lambda: all_settled(service))


async def in_flight(service: Running) -> tuple[set[str], str]:
    answer = await service.order("close")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:spm:problem:figures-in-flight")
    return {fault["code"] for fault in answer.json()["errors"]}, answer.json()["detail"]


async def reasons_become(service: Running, reasons: set[str]) -> bool:
    return (await in_flight(service))[0] == reasons


async def last_missing(service: Running) -> bool:
    return "1 of 546 regions are not yet settled: 96.71" in (await in_flight(service))[1]


async def all_settled(service: Running) -> bool:
    marks = await Store(service.database).marks([quarter.text for quarter in QUARTERS])
    return len(marks) == 546 * len(QUARTERS)


async def ordered(service: Running, path: str, **changes: Any) -> dict[str, Any]:
    answer = await service.order(path, **changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def correct(service: Running, law: Law, region: str, served: int) -> None:
    """A later report of the last quarter takes the place of the first."""
    corrected = judged(submission(region, full_reports(law, region, served=served, items=1)), revision=2)
    await service.publish([corrected])

    async def counts() -> bool:
        found = await Store(service.database).figures_of(["2023Q4"])
        return any(one.region_code == region and one.revision == 2 for one in found)

    await eventually(counts)


async def test_metrics_tell_bands_and_states_of_awards(service: Running) -> None:
    async def shown() -> bool:
        text = (await service.client.get("/metrics")).text
        announced = 'spm_award_state{edition="2024",spm_award_state="announced"} 1.0'
        return announced in text and 'spm_scorecards_total{band="tuntas_paripurna"}' in text and KOTA not in text

    await eventually(shown)


async def test_the_same_log_fills_an_empty_database_with_the_same_documents(
    service: Running, kafka: str, mongo: str
) -> None:
    counts = {SUBMISSION_JUDGED: 34 + 546 * 4, PERIOD_CHANGED: 4, AWARD_CHANGED: 8 + 3 * 3}
    log = [record for topic in counts for record in await read_topic(service.settings, topic.name, counts[topic])]
    elsewhere = settings_for(kafka, mongo)
    deployment = Mongo(elsewhere)
    await ensure_topics(elsewhere)
    async with publishing(elsewhere) as publisher:
        names = {service.settings.kafka_prefix + topic.name: topic.name for topic in counts}
        await publisher.publish_raw((names[one.topic], one.key, [*one.headers], one.value) for one in log)
    before = repr(await documents(service.database))

    async def same() -> bool:
        return repr(await documents(deployment.database(NAME))) == before

    async with running(NAME, build, elsewhere, CLOCK):
        await eventually(same)
    await deployment.drop(NAME)
    await deployment.close()


async def test_a_step_that_a_failure_left_unpublished_is_published_at_the_next_start(
    settings: Settings, law: Law
) -> None:
    deployment = Mongo(settings)
    store = Store(deployment.database(NAME))
    (step,) = closed(law.award_edition(2024), []).steps
    await store.take_step(step)
    for _ in range(2):
        async with running(NAME, build, settings):
            (record,) = await read_topic(settings, AWARD_CHANGED.name, 1, settle_s=0.5)
            assert AwardStepTakenV1.model_validate_json(record.value) == step
            assert [kept.published for kept in await store.steps()] == [True]
    await deployment.drop(NAME)
    await deployment.close()
