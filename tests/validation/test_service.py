"""The whole service on real Kafka and MongoDB: from the received topic to verdicts, settlements and answers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from chassis.events import Event
from chassis.kafka import Publisher
from chassis.settings import Settings
from contracts.message import Message
from contracts.topics import REPORT_OVERDUE, SUBMISSION_JUDGED, SUBMISSION_RECEIVED
from contracts.verdict import EntrySettledV1, ReportOverdueV1, SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.validation.app import NAME, build
from tests.running import Keys, read_topic, running, settings_for
from tests.validation.reports import KOTA, PROVINSI, closed, faultless, received

ANOTHER_KOTA = "64.72"


@dataclass(frozen=True)
class Running:
    client: httpx.AsyncClient
    settings: Settings
    of_kota: dict[str, str]
    of_province: dict[str, str]
    without_scope: dict[str, str]


@pytest_asyncio.fixture(scope="module")
async def service(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory, law: Law) -> AsyncIterator[Running]:
    """A service that has been fed one small log; a record that no law judges stands in its middle."""
    keys = Keys(tmp_path_factory.mktemp("keys"))
    of_kota = keys.issue("kota-contoh", ["submissions:read"], KOTA)
    of_province = keys.issue("provinsi-contoh", ["submissions:read"], PROVINSI)
    without_scope = keys.issue("penonton", ["scores:read"], KOTA)
    settings = settings_for(kafka, mongo, keys)
    report = faultless(law)
    timeless = report.model_copy(update={"period": "2017Q4"})
    messages: list[Message] = [
        received(faultless(law, team=None), "warned"),
        received(timeless, "timeless"),
        received(report, "faultless"),
        closed(),
        closed(ANOTHER_KOTA),
    ]
    async with running(NAME, build, settings) as client:
        publisher = Publisher(settings, "test", linger_ms=0)
        await publisher.start()
        await publisher.publish(map(Event.of, messages))
        await publisher.stop()
        yield Running(client, settings, of_kota, of_province, without_scope)


async def test_verdicts_and_the_settled_mark_come_in_the_regions_order(service: Running) -> None:
    records = await read_topic(service.settings, SUBMISSION_JUDGED.name, 4)
    of_kota = [record for record in records if record.key == KOTA.encode()]
    first, second = (SubmissionJudgedV1.model_validate_json(record.value) for record in of_kota[:2])
    assert (first.submission_id, first.revision, first.outcome) == (
        "warned",
        1,
        VerdictOutcome.ACCEPTED_WITH_WARNINGS,
    )
    assert (second.submission_id, second.revision, second.supersedes) == ("faultless", 2, "warned")
    settled = EntrySettledV1.model_validate_json(of_kota[2].value)
    assert (settled.reports, settled.reported) == (2, True)


async def test_the_silent_region_alone_is_overdue(service: Running) -> None:
    (record,) = await read_topic(service.settings, REPORT_OVERDUE.name, 1, settle_s=0.5)
    overdue = ReportOverdueV1.model_validate_json(record.value)
    assert (overdue.region_code, overdue.returned_reports) == (ANOTHER_KOTA, 0)


async def test_a_report_that_no_law_judges_is_put_aside_with_its_reason(service: Running) -> None:
    (record,) = await read_topic(service.settings, SUBMISSION_RECEIVED.dead_letter_name, 1)
    headers = dict(record.headers)
    assert headers["__spm.errors.reason"] == b"law-silent"
    assert headers["ce_subject"] == b"timeless"


async def test_a_verdict_is_answered_as_it_was_published(service: Running) -> None:
    records = await read_topic(service.settings, SUBMISSION_JUDGED.name, 4)
    answer = await service.client.get("/v1/verdicts/faultless", headers=service.of_kota)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.content in {record.value for record in records}
    assert SubmissionJudgedV1.model_validate_json(answer.content).submission_id == "faultless"


async def test_whoever_asks_gets_only_what_is_theirs(service: Running) -> None:
    await read_topic(service.settings, SUBMISSION_JUDGED.name, 4)
    path = "/v1/verdicts/faultless"
    assert (await service.client.get(path)).status_code == 401
    assert (await service.client.get(path, headers=service.without_scope)).status_code == 403
    foreign = await service.client.get(path, headers=service.of_province)
    unknown = await service.client.get("/v1/verdicts/unheard-of", headers=service.of_kota)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["type"] == unknown.json()["type"] == "urn:spm:problem:verdict-not-found"
    assert foreign.json()["detail"] == unknown.json()["detail"]


async def test_metrics_tell_outcomes_and_findings(service: Running) -> None:
    await read_topic(service.settings, SUBMISSION_JUDGED.name, 4)
    text = (await service.client.get("/metrics")).text
    assert 'spm_reports_judged_total{outcome="accepted"} 1.0' in text
    assert 'spm_report_findings_total{rule_id="team-formed",severity="warning"} 1.0' in text
    assert f'region="{KOTA}"' not in text
