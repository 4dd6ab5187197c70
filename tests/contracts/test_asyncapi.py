from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from chassis.events import Event
from cli.asyncapi import document
from cli.generate import ROOT
from contracts.topics import TOPICS, dead_letter_of
from tests.contracts.examples import EXAMPLES, MODELS


@cache
def api() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(document())
    return parsed


def references(found: object) -> Iterator[str]:
    if isinstance(found, dict):
        for name, part in found.items():
            yield from [part] if name == "$ref" else references(part)
    elif isinstance(found, list):
        for part in found:
            yield from references(part)


def resolved(reference: str) -> Any:
    found: Any = api()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_it_is_version_3() -> None:
    assert api()["asyncapi"] == "3.0.0"
    assert api()["info"].keys() >= {"title", "version"}


def test_every_reference_leads_somewhere() -> None:
    for reference in references(api()):
        if reference.startswith("#/"):
            assert resolved(reference)
        else:
            assert (ROOT / "contracts" / reference).is_file(), reference


def test_every_topic_and_its_dead_letters_are_channels_with_their_settings() -> None:
    channels = api()["channels"]
    wanted = [*TOPICS, *map(dead_letter_of, TOPICS)]
    assert list(channels) == [topic.name for topic in wanted]
    for topic in wanted:
        channel, kafka = channels[topic.name], channels[topic.name]["bindings"]["kafka"]
        assert channel["address"] == kafka["topic"] == topic.name
        assert kafka["partitions"] == topic.partitions
        given = kafka["topicConfiguration"]
        told = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in given.items()}
        assert told == topic.settings


def test_every_writer_sends_and_every_reader_receives_in_its_group() -> None:
    operations = api()["operations"]
    for topic in TOPICS:
        for writer in topic.written_by:
            assert operations[f"{writer}-writes-{topic.name}"]["action"] == "send"
        for reader in topic.read_by:
            operation = operations[f"{reader}-reads-{topic.name}"]
            assert operation["action"] == "receive"
            assert operation["bindings"]["kafka"]["groupId"]["enum"] == [f"spm-{reader}"]
    assert len(operations) == sum(
        len(topic.written_by) + len(topic.read_by) + len(topic.followed_by) for topic in TOPICS
    )


def test_an_operation_speaks_of_messages_of_its_own_channel() -> None:
    for operation in api()["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


def test_the_documented_headers_are_those_that_events_carry() -> None:
    for example in EXAMPLES:
        headers = api()["components"]["messages"][example.model.schema_name()]["headers"]
        event = Event.of(example.message, caused_by="cause-1")
        assert set(event.headers) == set(headers["properties"])
        assert set(Event.of(example.message).headers) == set(headers["required"])
        for name, schema in headers["properties"].items():
            assert event.headers[name] in schema.get("enum", [event.headers[name]])


def test_every_message_is_told_by_its_type_and_summary() -> None:
    messages = api()["components"]["messages"]
    assert set(messages) == {*MODELS, "dead-letter"}
    for name, model in MODELS.items():
        assert messages[name]["name"] == model.TYPE
        assert messages[name]["summary"].endswith(".")
        assert messages[name]["payload"]["schema"]["$ref"] == f"./schemas/{name}.schema.json"
