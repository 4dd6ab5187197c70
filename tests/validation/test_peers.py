"""Peer figures on real Kafka and MongoDB: asked for, told to every region once, judged by; the same after a replay."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
import pytest_asyncio
from aiokafka import ConsumerRecord

from chassis.clock import FixedClock
from chassis.events import Event
from chassis.groups import group_of, rewind, wait_until_read
from chassis.kafka import Publisher
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.message import Message
from contracts.peers import PeersFixedV1
from contracts.topics import SUBMISSION_JUDGED, SUBMISSION_RECEIVED
from contracts.verdict import SubmissionJudgedV1
from regulation.law import Law
from services.validation.app import NAME, build
from tests.running import Keys, read_topic, running, settings_for
from tests.validation.reports import CLOSED, KOTA, PERIOD, closed, faultless, received

DOOR = f"/v1/peer-figures/{PERIOD}"
PEERS = 24
AMONG_PEERS = "attainment-usual-among-peers"
COLLECTIONS = ("verdicts", "settlements", "heads", "peers", "peer_figures")


@dataclass
class Story:
    settings: Settings
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    judged: list[ConsumerRecord] = field(default_factory=list)
    """In the log's order; the replay tells them once more."""


async def feed(settings: Settings, *messages: Message) -> None:
    """Publish, and wait until the service has read it."""
    publisher = Publisher(settings, "test", linger_ms=0)
    await publisher.start()
    await publisher.publish(map(Event.of, messages))
    await publisher.stop()
    await wait_until_read(settings, group_of(NAME, settings), SUBMISSION_RECEIVED)


async def documents(settings: Settings) -> dict[str, str]:
    mongo = Mongo(settings)
    try:
        database = mongo.database(NAME)
        return {name: repr(await database[name].find({}).sort("_id").to_list(None)) for name in COLLECTIONS}
    finally:
        await mongo.close()


@pytest_asyncio.fixture(scope="module")
async def story(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory, law: Law) -> AsyncIterator[Story]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    secretariat = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    of_kota = keys.issue("kota-contoh", ["submissions:read"], KOTA)
    story = Story(settings_for(kafka, mongo, keys))
    settings, answers, clock = story.settings, story.answers, FixedClock(CLOSED)
    others = [region.code for region in law.regions.reporting() if region.kind == "kota" and region.code != KOTA][
        :PEERS
    ]
    reports = [
        received(faultless(law, region_code=code, served=300 + place, items=0), code)
        for place, code in enumerate(others)
    ]
    everybody = [region.code for region in law.regions.reporting()]
    async with running(NAME, build, settings, clock) as client:
        await feed(settings, received(faultless(law, items=0), "before"), *reports)
        answers["forbidden"] = await client.post(DOOR, headers=of_kota)
        answers["too early"] = await client.post(DOOR, headers=secretariat)
        answers["wrong"] = await client.post(DOOR, params={"reported": 7}, headers=secretariat)
        answers["nothing yet"] = await client.get(DOOR, headers=of_kota)
        answers["stated"] = await client.post(DOOR, params={"reported": PEERS + 1}, headers=secretariat)
        answers["repeated"] = await client.post(DOOR, headers=secretariat)
        await feed(settings, received(faultless(law, served=801, items=0), "behind"))
        await feed(settings, *(closed(code) for code in everybody))
        answers["settled"] = await client.post(DOOR, headers=secretariat)
        await feed(settings, received(faultless(law, served=802, items=0), "last"))
        answers["read"] = await client.get(DOOR, headers=of_kota)
        story.documents = await documents(settings)
    story.judged = await read_topic(settings, SUBMISSION_JUDGED.name, len(reports) + 3 + len(everybody))
    forgetting = Mongo(settings)
    await forgetting.drop(NAME)
    await forgetting.close()
    await rewind(settings, [SUBMISSION_RECEIVED], group_of(NAME, settings))
    async with running(NAME, build, settings, clock) as client:
        answers["after the replay"] = await client.post(DOOR, headers=secretariat)
        story.again = await documents(settings)
    yield story


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_only_the_secretariat_fixes_figures(story: Story) -> None:
    assert problem(story.answers["forbidden"]) == (403, "forbidden")


def test_before_entry_is_settled_the_number_of_reports_must_be_stated_and_right(story: Story) -> None:
    for refused in ("too early", "wrong"):
        assert problem(story.answers[refused]) == (409, "period-not-settled")
        assert f"reported={PEERS + 1}" in story.answers[refused].json()["detail"]
    assert story.answers["nothing yet"].json() == []
    stated = story.answers["stated"]
    assert stated.status_code == 201
    kota = next(each for each in stated.json() if each["level"] == "kota")
    assert (kota["period_revision"], kota["reported"]) == (0, PEERS + 1)
    assert kota["services"][0]["attainment"]["n"] == PEERS + 1


def test_asking_again_fixes_nothing_new(story: Story) -> None:
    assert story.answers["repeated"].status_code == 200
    assert story.answers["repeated"].json() == story.answers["stated"].json()


def test_a_settled_period_needs_no_statement_and_its_figures_replace_the_earlier(story: Story) -> None:
    assert story.answers["settled"].status_code == 201
    assert {each["period_revision"] for each in story.answers["settled"].json()} == {1}
    assert story.answers["read"].json() == story.answers["settled"].json()


async def test_each_region_is_told_once_in_its_own_stream(story: Story, law: Law) -> None:
    records = await read_topic(story.settings, SUBMISSION_RECEIVED.name, 1, settle_s=1)
    marks = [record for record in records if dict(record.headers)["ce_type"] == PeersFixedV1.TYPE.encode()]
    told = [PeersFixedV1.model_validate_json(record.value) for record in marks]
    assert all(record.key.decode() == mark.region_code for record, mark in zip(marks, told, strict=True))
    regions = [(mark.region_code, mark.figures.period_revision) for mark in told]
    assert sorted(regions) == sorted((each.code, revision) for each in law.regions.reporting() for revision in (0, 1))
    assert all(mark.figures.level == law.regions[mark.region_code].kind for mark in told)


def test_a_report_is_held_against_the_marks_that_stand_before_it(story: Story) -> None:
    verdicts = [
        SubmissionJudgedV1.model_validate_json(record.value)
        for record in story.judged
        if dict(record.headers)["ce_type"] == SubmissionJudgedV1.TYPE.encode() and record.key == KOTA.encode()
    ]
    spoken = {each.submission_id: [finding.code for finding in each.findings] for each in verdicts}
    assert AMONG_PEERS not in spoken["before"]
    assert AMONG_PEERS in spoken["behind"]
    assert AMONG_PEERS in spoken["last"]


async def test_a_replay_gives_the_same_figures_verdicts_and_documents(story: Story) -> None:
    assert story.answers["after the replay"].status_code == 200
    assert story.answers["after the replay"].json() == story.answers["settled"].json()
    assert story.again == story.documents
    twice = await read_topic(story.settings, SUBMISSION_JUDGED.name, 2 * len(story.judged))
    told: dict[bytes, set[bytes]] = {}
    for record in twice:
        told.setdefault(dict(record.headers)["ce_id"], set()).add(record.value)
    assert len(told) == len(story.judged)
    assert all(len(contents) == 1 for contents in told.values())
