"""contracts/topics.py against what the services read and write."""

from importlib import import_module

import pytest
from prometheus_client import CollectorRegistry

from chassis.clock import SystemClock
from chassis.kafka import Publisher
from chassis.mongo import Mongo
from chassis.service import Service, World
from cli.generate import ROOT
from contracts.topics import CLIENT_KEY_CHANGED, DEAD_LETTER_SETTLED, DEAD_LETTER_SUFFIX, PAUSE_CHANGED, TOPICS, Topic
from tests.architecture.source import modules
from tests.running import settings_for

SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "__init__.py").is_file())
NOBODY = "127.0.0.1:1"
IMAGINED = {
    "validation": {"SubmissionReceivedV1"},
    "intake": {"SubmissionJudgedV1", "ScorecardUpdatedV1", "NoticeSettledV1"},
}
"""Made and never published: a trial judges as if it had received, the sandbox plays the other services."""
each_service = pytest.mark.parametrize("name", SERVICES)


async def built(name: str) -> Service:
    """The service as its own ``build`` makes it; nothing is started, so nothing is connected."""
    settings = settings_for(NOBODY, f"mongodb://{NOBODY}")
    mongo = Mongo(settings)
    world = World(
        settings, SystemClock(), mongo.database(name), Publisher(settings, name, linger_ms=5), CollectorRegistry()
    )
    service: Service = import_module(f"services.{name}.app").build(world)
    await mongo.close()
    return service


def messages_made_by(name: str) -> set[str]:
    """Messages that the service's code constructs. Reading one is no construction: it is a match or a validation."""
    own = [module for module in modules() if module.path.parts[:2] == ("services", name)]
    kinds = {message for topic in TOPICS for message in topic.messages}
    return {
        kind.__name__
        for kind in kinds
        for module in own
        if any(True for _ in module.calls_of(kind.__module__, kind.__name__))
    }


@each_service
async def test_a_service_reads_the_topics_that_name_it_as_reader(name: str) -> None:
    service = await built(name)
    assert {topic.name for topic in service.handlers} == {topic.name for topic in TOPICS if name in topic.read_by}
    assert service.name == name


@each_service
def test_a_service_makes_the_messages_of_the_topics_that_name_it_as_writer(name: str) -> None:
    written = {message.__name__ for topic in TOPICS for message in topic.messages if message.writer() == name}
    assert messages_made_by(name) - IMAGINED.get(name, set()) == written


def test_every_reader_is_a_service_and_every_writer_too_but_for_operators() -> None:
    assert {name for topic in TOPICS for name in topic.read_by} == set(SERVICES)
    assert {name for topic in TOPICS for name in topic.written_by} == {*SERVICES, "operators"}


def test_every_service_follows_the_keys_and_what_operators_order_and_nothing_else_is_followed() -> None:
    followed = (CLIENT_KEY_CHANGED, DEAD_LETTER_SETTLED, PAUSE_CHANGED)
    assert {topic.name: set(topic.followed_by) for topic in TOPICS if topic.followed_by} == {
        topic.name: set(SERVICES) for topic in followed
    }


def test_a_message_belongs_to_one_topic() -> None:
    messages = [message for topic in TOPICS for message in topic.messages]
    assert len(messages) == len(set(messages))
    assert all(topic.messages for topic in TOPICS)


def test_a_topic_names_whoever_makes_one_of_its_messages_as_writer() -> None:
    for topic in TOPICS:
        assert set(topic.written_by) == {message.writer() for message in topic.messages}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_named_with_hyphens_and_its_version(topic: Topic) -> None:
    assert not set(topic.name) & {".", "_"}, "these two collide in Kafka's metrics"
    assert topic.name.startswith("spm-")
    assert topic.name.endswith("-v1")
    assert len(topic.name + DEAD_LETTER_SUFFIX) <= 249
