"""Each service's credential tries every topic, group and database: what is its own succeeds, all else is denied.

Run with ``python -m tests.faults.least_rights``. A Kafka (TLS, SCRAM, authorizer) and a MongoDB (TLS, users, roles) are
started for this run alone; each principal has the rights that ``spm rights`` prints. After the matrix the four services
start with these credentials: what the matrix wrote is no event, so every reader must bury it, and one report must be
judged, scored and told of by encrypted mail; the operators' desk must show what was buried and settle it.
``--one-too-many`` gives notify and the desk one topic each, and scoring one database, too many: the matrix must name
each.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError
from rich.console import Console
from rich.table import Table

from chassis.groups import group_of
from chassis.kafka import admin_client, client_security, ensure_topics
from chassis.rights import DESK, OPERATOR, SERVICES, Grant, Role, principal_of
from chassis.settings import Settings
from contracts.topics import EVERY_TOPIC, PAUSE_CHANGED, SUBMISSION_RECEIVED, TOPICS, Topic
from tests.engines import run_with_engines
from tests.faults.own_work import own_work
from tests.faults.wires import Secured, secured_engines
from tests.running import Keys, settings_for

ANSWER_S: Final = 20.0
LIMIT_S: Final = 20 * 60
NOBODY: Final = "127.0.0.1:1"
PROBE: Final = b"uji"
"""No event: whoever reads it must bury it."""
_DENIED: Final = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)
_UNAUTHORIZED: Final = 13

console = Console(width=140)


@dataclass(frozen=True)
class Trial:
    """One thing that one principal tried."""

    service: str
    what: str
    where: str
    expected: bool
    found: bool | str
    """Whether it was let; a text where it was neither let nor denied."""

    @property
    def fault(self) -> str | None:
        if self.found is self.expected:
            return None
        told = self.found if isinstance(self.found, str) else "was let" if self.found else "was denied"
        return f"{self.service} tried to {self.what} {self.where} and {told}"


def may_read(service: str, topic: Topic) -> bool:
    if service == DESK:
        return topic.name not in {PAUSE_CHANGED.name, PAUSE_CHANGED.dead_letter_name}
    return service in topic.read_by or service in topic.followed_by or _buries_in(service, topic)


def may_write(service: str, topic: Topic) -> bool:
    if service == DESK:
        return topic in TOPICS and topic is not PAUSE_CHANGED
    return service in topic.written_by or _buries_in(service, topic)


def _buries_in(service: str, topic: Topic) -> bool:
    return any(topic.name == own.dead_letter_name for own in TOPICS if service in own.read_by)


async def matrix(secured: Secured, usual: Settings) -> list[Trial]:
    """Every trial of every service and of the desk; each topic has a record to be read."""
    places = await _fill(secured.settings(OPERATOR, usual))
    trials: list[Trial] = []
    for service in (*SERVICES, DESK):
        settings = secured.settings(service, usual)
        trials += [trial async for trial in _topics(service, settings, places)]
        trials += [trial async for trial in _groups(service, settings, places)]
        trials += [trial async for trial in _databases(service, secured, usual)]
    await _tidy(secured, usual)
    return trials


async def _fill(operator: Settings) -> dict[Topic, TopicPartition]:
    """Make the topics as operators do, with one record each; where it stands."""
    await ensure_topics(operator)
    places = {}
    async with _producer(operator) as producer:
        for topic in EVERY_TOPIC:
            sent = await producer.send_and_wait(operator.kafka_prefix + topic.name, PROBE, key=PROBE)
            places[topic] = TopicPartition(sent.topic, sent.partition)
    return places


@asynccontextmanager
async def _producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, **client_security(settings)
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def _topics(service: str, settings: Settings, places: dict[Topic, TopicPartition]) -> AsyncIterator[Trial]:
    for topic, place in places.items():
        yield Trial(service, "read", topic.name, may_read(service, topic), await _tried(_read(settings, place)))
        yield Trial(service, "write", topic.name, may_write(service, topic), await _tried(_write(settings, place)))
    yield Trial(service, "make", "a topic", expected=False, found=await _tried(_make_topic(settings)))


async def _read(settings: Settings, place: TopicPartition) -> None:
    await _describe(settings, place.topic)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest", **client_security(settings)
    )
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.getone()
    finally:
        await consumer.stop()


async def _describe(settings: Settings, topic: str) -> None:
    """A consumer would wait for ever for a topic that it may not even see."""
    admin = admin_client(settings)
    await admin.start()
    try:
        described = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if described[0]["error_code"] == TopicAuthorizationFailedError.errno:
        raise TopicAuthorizationFailedError(topic)


async def _write(settings: Settings, place: TopicPartition) -> None:
    async with _producer(settings) as producer:
        await producer.send_and_wait(place.topic, PROBE, key=PROBE)


async def _make_topic(settings: Settings) -> None:
    admin = admin_client(settings)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(f"{settings.kafka_prefix}spm-uji", 1, 1)])
    finally:
        await admin.close()
    for _, code, *_ in answer.topic_errors:
        if code == TopicAuthorizationFailedError.errno:
            raise TopicAuthorizationFailedError


async def _groups(service: str, settings: Settings, places: dict[Topic, TopicPartition]) -> AsyncIterator[Trial]:
    place = next(place for topic, place in places.items() if may_read(service, topic))
    for other in SERVICES:
        group = group_of(other, settings)
        found = await _tried(_commit(settings, group, place))
        yield Trial(service, "commit for the group", group, expected=service == other, found=found)


async def _commit(settings: Settings, group: str, place: TopicPartition) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=group, enable_auto_commit=False, **client_security(settings)
    )
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.commit({place: 0})
    finally:
        await consumer.stop()


async def _databases(service: str, secured: Secured, usual: Settings) -> AsyncIterator[Trial]:
    uri = secured.mongo_uri(principal_of(service, usual), secured.passwords[service])
    async with AsyncMongoClient[dict[str, Any]](uri, timeoutMS=int(ANSWER_S * 1_000)) as client:
        for other in SERVICES:
            name, own = usual.mongo_prefix + other, service == other
            collection = client[name]["uji"]
            yield Trial(service, "read", name, expected=own, found=await _tried(collection.find_one({})))
            yield Trial(service, "write", name, expected=own, found=await _tried(collection.insert_one({})))
        users = client["admin"]["system.users"].find_one({})
        yield Trial(service, "read", "the users of MongoDB", expected=False, found=await _tried(users))


async def _tidy(secured: Secured, usual: Settings) -> None:
    """Operators may clear away what was tried."""
    uri = secured.mongo_uri(principal_of(OPERATOR, usual), secured.passwords[OPERATOR])
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        for service in SERVICES:
            await client.drop_database(usual.mongo_prefix + service)


async def _tried(attempt: Any) -> bool | str:
    try:
        async with asyncio.timeout(ANSWER_S):
            await attempt
    except _DENIED:
        return False
    except OperationFailure as error:
        return False if error.code == _UNAUTHORIZED else f"failed: {error}"
    except (KafkaError, PyMongoError, TimeoutError) as error:
        return f"failed: {type(error).__name__} {error}"
    return True


async def strangers(secured: Secured, usual: Settings) -> list[Trial]:
    """Whoever comes without encryption, without a password, or with a wrong one."""
    right = secured.settings("intake", usual)
    uri = secured.mongod.address + f"&tls=true&tlsCAFile={secured.authority.file}"
    wrong = secured.mongo_uri(principal_of("intake", usual), "salah")
    plain = secured.mongod.address
    return [
        await _stranger("Kafka without encryption", _kafka(right.model_copy(update={"kafka_security": "PLAINTEXT"}))),
        await _stranger("Kafka without a password", _kafka(right.model_copy(update={"kafka_security": "SSL"}))),
        await _stranger("Kafka with a wrong password", _kafka(right.model_copy(update={"kafka_password": "salah"}))),
        await _stranger("MongoDB without encryption", _mongo(plain)),
        await _stranger("MongoDB without a password", _mongo(uri)),
        await _stranger("MongoDB with a wrong password", _mongo(wrong)),
    ]


async def _stranger(where: str, attempt: Any) -> Trial:
    """Anything but success is a denial: a listener need not tell a stranger why."""
    return Trial("a stranger", "come to", where, expected=False, found=await _tried(attempt) is True)


async def _kafka(settings: Settings) -> None:
    admin = admin_client(settings)
    try:
        await admin.start()
    finally:
        await admin.close()


async def _mongo(uri: str) -> None:
    async with AsyncMongoClient[dict[str, Any]](uri, timeoutMS=3_000) as client:
        await client["spm_intake"]["uji"].find_one({})


def _told(trials: Iterable[Trial]) -> Table:
    """How many things each service tried, was let do and was denied."""
    table = Table("principal", "let", "denied", "otherwise than it should be", box=None)
    by_service: dict[str, list[Trial]] = {}
    for trial in trials:
        by_service.setdefault(trial.service, []).append(trial)
    for service, tried in by_service.items():
        let, denied = (sum(trial.found is wanted for trial in tried) for wanted in (True, False))
        table.add_row(service, str(let), str(denied), str(sum(trial.fault is not None for trial in tried)))
    return table


def _too_many(usual: Settings) -> list[Grant | Role]:
    """What must not go unnoticed."""
    return [
        Grant(principal_of("notify", usual), "topic", usual.kafka_prefix + SUBMISSION_RECEIVED.name, "Write"),
        Grant(principal_of(DESK, usual), "topic", usual.kafka_prefix + PAUSE_CHANGED.name, "Write"),
        Role("readWrite", f"{usual.mongo_prefix}intake"),
    ]


async def run(folder: Path, stopping: AsyncExitStack, *, one_too_many: bool) -> list[str]:
    """What is not as demanded; empty when all is well."""
    keys = Keys(folder)
    usual = settings_for(NOBODY, f"mongodb://{NOBODY}", keys)
    secured = await secured_engines(folder, stopping, usual)
    await secured.allow(usual, *(_too_many(usual) if one_too_many else []), to="scoring")
    trials = [*await strangers(secured, usual), *await matrix(secured, usual)]
    console.print(_told(trials))
    faults = [trial.fault for trial in trials if trial.fault]
    return faults or await own_work(secured, usual, folder, keys)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one-too-many", action="store_true", help="give one topic and one database too many")
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # each denial is expected, and told below
    async with AsyncExitStack() as stopping:
        folder = Path(stopping.enter_context(tempfile.TemporaryDirectory(prefix="spm-rights-")))
        async with asyncio.timeout(LIMIT_S):
            faults = await run(folder, stopping, one_too_many=given.one_too_many)
    for fault in faults:
        console.print(f"[red]not as demanded:[/red] {fault}")
    if not faults:
        console.print("[green]LEAST RIGHTS: all else is denied; with its own, each does its whole work[/green]")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(run_with_engines(main()))
