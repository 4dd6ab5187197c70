"""The AsyncAPI document: every topic, who writes it, who reads it, and each message's headers and data."""

import inspect
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

import yaml

from chassis.events import JSON
from contracts.message import Message
from contracts.topics import DAY_MS, TOPICS, Topic, dead_letter_of

_BINDING: Final = "0.5.0"
_SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"
_HEAD: Final = "# Written by `spm generate` from contracts/topics.py and the models; do not edit.\n"
_DESCRIPTION: Final = (
    "Events are CloudEvents 1.0 in binary mode: attributes are Kafka headers, the data is the record's value. "
    "Delivery is at least once; an event's id is deterministic, so a repetition is known by its source and id. "
    "An installation may begin every topic and group name with a prefix of its own (SPM_KAFKA_PREFIX)."
)
_HEADERS: Final = {
    "ce_id": "Deterministic: a UUIDv5 over the type and what makes the fact one fact.",
    "ce_time": "When the first fact of the chain happened (RFC 3339).",
    "ce_subject": "What makes the fact one fact, in words.",
    "ce_partitionkey": "The record's key.",
    "ce_correlationid": "What all events of one story share.",
    "ce_causationid": "The id of the event that this one follows from; absent at the door.",
}
_ERROR_HEADERS: Final = {
    "topic": "Where the record was read, without the installation's prefix.",
    "partition": "Its partition there.",
    "offset": "Its offset there.",
    "service": "Who could not read it.",
    "stage": "decode or decide.",
    "reason": "One word; docs/operations.md says what to do about each.",
    "exception.class.name": "The kind of fault.",
    "exception.message": "What was found and what was expected.",
}


def document() -> str:
    api = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "SPM Awards",
            "version": version("spm-awards"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {topic.name: _channel(topic) for topic in TOPICS}
        | {topic.dead_letter_name: _dead_letters(topic) for topic in TOPICS},
        "operations": {name: operation for topic in TOPICS for name, operation in _operations(topic).items()},
        "components": {
            "messages": {
                message.schema_name(): _message(topic, message) for topic in TOPICS for message in topic.messages
            }
            | {"dead-letter": _dead_letter()}
        },
    }
    return _HEAD + yaml.safe_dump(api, sort_keys=False, allow_unicode=True, width=110)


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}. {_kept(topic)}",
        "messages": {message.schema_name(): _component(message.schema_name()) for message in topic.messages},
        "bindings": _channel_binding(topic),
    }


def _dead_letters(topic: Topic) -> dict[str, Any]:
    twin = dead_letter_of(topic)
    return {
        "address": twin.name,
        "description": f"What readers of {topic.name} could not read, to the byte. Settled by operators.",
        "messages": {"dead-letter": _component("dead-letter")},
        "bindings": _channel_binding(twin),
    }


def _kept(topic: Topic) -> str:
    if topic.compacted:
        return "Kept: the latest of each key."
    if topic.retention_ms < 0:
        return "Kept for ever."
    return f"Kept for {topic.retention_ms // DAY_MS} days."


def _channel_binding(topic: Topic) -> dict[str, Any]:
    configuration = {
        "cleanup.policy": [topic.settings["cleanup.policy"]],
        "retention.ms": topic.retention_ms,
        "retention.bytes": int(topic.settings["retention.bytes"]),
        "max.message.bytes": topic.max_message_bytes,
    }
    if topic.compacted_within_ms is not None:
        configuration["max.compaction.lag.ms"] = topic.compacted_within_ms
    return {
        "kafka": {
            "topic": topic.name,
            "partitions": topic.partitions,
            "topicConfiguration": configuration,
            "bindingVersion": _BINDING,
        }
    }


def _operations(topic: Topic) -> dict[str, dict[str, Any]]:
    writes = {
        f"{writer}-writes-{topic.name}": _operation(
            topic, "send", [each for each in topic.messages if each.writer() == writer]
        )
        for writer in topic.written_by
    }
    reads = {
        f"{reader}-reads-{topic.name}": _operation(topic, "receive", topic.messages)
        | {"bindings": {"kafka": {"groupId": _constant(f"spm-{reader}"), "bindingVersion": _BINDING}}}
        for reader in topic.read_by
    }
    follows = {
        f"{follower}-follows-{topic.name}": _operation(topic, "receive", topic.messages)
        for follower in topic.followed_by
    }
    return writes | reads | follows


def _operation(topic: Topic, action: str, messages: Sequence[type[Message]]) -> dict[str, Any]:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{message.schema_name()}"} for message in messages],
    }


def _message(topic: Topic, message: type[Message]) -> dict[str, Any]:
    return {
        "name": message.TYPE,
        "title": message.__name__,
        "summary": inspect.cleandoc(message.__doc__ or ""),
        "contentType": JSON,
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "headers": _headers(message),
        "payload": {
            "schemaFormat": _SCHEMA_FORMAT,
            "schema": {"$ref": f"./schemas/{message.schema_name()}.schema.json"},
        },
        "bindings": _key_binding(topic.key),
    }


def _headers(message: type[Message]) -> dict[str, Any]:
    constants = {
        "content-type": _constant(JSON),
        "ce_specversion": _constant("1.0"),
        "ce_type": _constant(message.TYPE),
        "ce_source": _constant(message.SOURCE),
        "ce_dataschema": _constant(message.schema_id()),
    }
    texts = {name: {"type": "string", "description": words} for name, words in _HEADERS.items()}
    required = [name for name in constants | texts if name != "ce_causationid"]
    return {"type": "object", "required": required, "properties": constants | texts}


def _dead_letter() -> dict[str, Any]:
    added = {f"__spm.errors.{name}": {"type": "string", "description": words} for name, words in _ERROR_HEADERS.items()}
    return {
        "name": "dead-letter",
        "title": "Dead letter",
        "summary": "A record with its original key, headers and bytes; the reason stands in headers behind them.",
        "headers": {"type": "object", "required": list(added), "properties": added},
        "payload": {"description": "The original bytes, whatever they are."},
        "bindings": _key_binding("original key"),
    }


def _key_binding(meaning: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": meaning}, "bindingVersion": _BINDING}}


def _component(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


def _constant(text: str) -> dict[str, Any]:
    return {"type": "string", "enum": [text]}
