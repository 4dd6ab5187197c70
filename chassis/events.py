"""CloudEvents 1.0 on Kafka: written in binary mode, read in binary and structured mode."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Self

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from chassis.errors import Unprocessable
from contracts.message import Identifier, Message
from contracts.submission import SubmissionReceivedV1
from contracts.topics import TOPICS

JSON: Final = "application/json"
STRUCTURED: Final = "application/cloudevents"
_FAULTS_SHOWN: Final = 5
HEADERS_BYTES: Final = 4_096
"""Room that is left for headers and framing within a topic's message size."""
ID_CHARS_MAX: Final = 256
"""An event's id travels on in the headers of all that it causes, so it must fit into their room."""

TRACEPARENT: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context: the trace, the span in it, and whether it is kept."""
_TOPIC_OF: Final = {message: topic for topic in TOPICS for message in topic.messages}
_MESSAGE_OF: Final = {(topic.name, message.TYPE): message for topic in TOPICS for message in topic.messages}
_IDENTIFIER: Final = TypeAdapter[str](Identifier)

RawHeaders = Iterable[tuple[str, bytes | None]]
Views = Mapping[type[Message], Callable[[bytes], Message | None]]
"""Shorter ways to read messages of which a service needs a part; None from one where the contract has to be asked."""
NO_VIEWS: Final[Views] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """An event ready for Kafka. What is kept of it and published again is the same to the byte."""

    topic: str
    key: str
    headers: Mapping[str, str]
    value: bytes
    traceparent: str | None = field(default=None, compare=False)
    """The span that it follows from. It is not kept: one publication has it, and the next another."""

    @classmethod
    def of(
        cls,
        message: Message,
        *,
        caused_by: str | None = None,
        passing_on: "Passage | None" = None,
        traceparent: str | None = None,
    ) -> Self:
        """The event of a fact.

        Args:
            message: The fact.
            caused_by: The id of the event that it follows from.
            passing_on: The message's last field as it came; it goes on as it is instead of being written again.
            traceparent: The span that it follows from.

        Raises:
            Unprocessable: larger than its topic takes.
        """
        headers = {
            "content-type": JSON,
            "ce_specversion": "1.0",
            "ce_id": message.event_id,
            "ce_source": message.SOURCE,
            "ce_type": message.TYPE,
            "ce_time": _rfc3339(message.occurred_at),
            "ce_subject": message.identity(),
            "ce_dataschema": message.schema_id(),
            "ce_partitionkey": message.key,
            "ce_correlationid": message.correlation_id,
        }
        if caused_by is not None:
            headers["ce_causationid"] = caused_by
        topic = _TOPIC_OF[type(message)]
        value = message.model_dump_json().encode() if passing_on is None else passing_on.at_the_end_of(message)
        if len(value) > topic.max_message_bytes - HEADERS_BYTES:
            # Found before anything is kept: an event that the broker refuses would otherwise be tried for ever.
            raise Unprocessable("too-large", f"{len(value)} bytes, {topic.name} takes {topic.max_message_bytes}")
        return cls(topic=topic.name, key=message.key, headers=headers, value=value, traceparent=traceparent)

    @property
    def id(self) -> str:
        return self.headers["ce_id"]

    @property
    def wire_headers(self) -> list[tuple[str, bytes]]:
        named = [(name, text.encode()) for name, text in self.headers.items()]
        return named if self.traceparent is None else [*named, ("traceparent", self.traceparent.encode())]

    def kept(self) -> dict[str, Any]:
        """As a document inside the outcome from which it is published."""
        return {"topic": self.topic, "key": self.key, "headers": dict(self.headers), "value": self.value}

    @classmethod
    def from_kept(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            topic=document["topic"],
            key=document["key"],
            headers=document["headers"],
            value=bytes(document["value"]),
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """One field's JSON as it came, to be passed on unchanged: writing a report again costs half of reading it."""

    field: str
    written: bytes

    @classmethod
    def from_end_of(cls, received: "Received", field: str) -> "Passage | None":
        """The last field of a message that is written as this system writes it; None for any other way to write it."""
        opening = _opening(received.message, field)
        if received.value.startswith(opening) and received.value.endswith(b"}"):
            return cls(field, received.value[len(opening) : -1])
        return None

    def at_the_end_of(self, message: Message) -> bytes:
        return b"".join((_opening(message, self.field), self.written, b"}"))


def _opening(message: Message, last: str) -> bytes:
    """The message's JSON up to the value of its last field."""
    before = message.model_dump_json(exclude={last}).encode()
    return before[:-1] + (b'"' if before == b"{}" else b',"') + last.encode() + b'":'


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came, with where and when it stands in the log."""

    message: Message
    id: str
    topic: str
    partition: int
    offset: int
    logged_at: datetime
    """The record's own timestamp: when the stage before published it first."""
    value: bytes = b""
    """The record's bytes, for what is passed on unchanged."""
    headers: RawHeaders = ()

    @property
    def traceparent(self) -> str | None:
        """The span of its sending; None where its sender told none, or none that can be read."""
        return traceparent_in(self.headers)


def traceparent_in(headers: RawHeaders) -> str | None:
    told = next((raw or b"" for name, raw in headers if name == "traceparent"), b"").decode("latin-1")
    return told if TRACEPARENT.fullmatch(told) else None


def decode(topic: str, headers: RawHeaders, value: bytes | None, views: Views = NO_VIEWS) -> tuple[str, Message]:
    """The CloudEvent's id and its message.

    Raises:
        Unprocessable: not a CloudEvent, of a type that does not belong to the topic, or its data breaks the schema.
    """
    attributes = _text_headers(headers)
    content_type = attributes.get("content-type", "").lower()
    body = value or b""
    if content_type.startswith(STRUCTURED):
        attributes, body = _unwrap(body)
    elif not content_type.startswith(JSON):
        raise Unprocessable("content-type", f"content-type is {content_type!r}, expected {JSON} or {STRUCTURED}+json")
    missing = [name for name in ("ce_specversion", "ce_id", "ce_source", "ce_type") if not attributes.get(name)]
    if missing:
        raise Unprocessable("not-a-cloudevent", f"missing {', '.join(missing)}; send a CloudEvent 1.0 in binary mode")
    if attributes["ce_specversion"] != "1.0":
        raise Unprocessable("not-a-cloudevent", f"specversion is {attributes['ce_specversion']!r}, expected '1.0'")
    if len(attributes["ce_id"]) > ID_CHARS_MAX:
        raise Unprocessable(
            "not-a-cloudevent", f"the id has {len(attributes['ce_id'])} characters, expected at most {ID_CHARS_MAX}"
        )
    model = _MESSAGE_OF.get((topic, attributes["ce_type"]))
    if model is None:
        known = ", ".join(kind for name, kind in _MESSAGE_OF if name == topic)
        raise Unprocessable(
            "unknown-type", f"type {attributes['ce_type'][:100]!r} on {topic}, expected one of: {known}"
        )
    view = views.get(model)
    return attributes["ce_id"], (view and view(body)) or _validated(model, body)


def report_in(headers: RawHeaders, value: bytes | None) -> str | None:
    """The id of the report that a record brings, by what stands on it: its data may be what nobody can read."""
    try:
        attributes = _text_headers(headers)
        if attributes.get("content-type", "").lower().startswith(STRUCTURED):
            attributes = _unwrap(value or b"")[0]
        if attributes.get("ce_type") != SubmissionReceivedV1.TYPE:
            return None
        return _IDENTIFIER.validate_python(attributes.get("ce_subject"))
    except (Unprocessable, ValidationError):
        return None


def _validated(model: type[Message], body: bytes) -> Message:
    if not body:
        raise Unprocessable("empty-body", f"no data, expected {model.schema_name()}")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # The input is left out: it may hold what does not belong into headers and logs.
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        reason = "bad-json" if any(fault["type"] == "json_invalid" for fault in faults) else "schema"
        shown = "; ".join(f"{_pointer(fault['loc'])}: {fault['msg']}" for fault in faults[:_FAULTS_SHOWN])
        more = f"; and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
        raise Unprocessable(reason, f"{len(faults)} faults against {model.schema_name()}: {shown}{more}") from None


def _unwrap(body: bytes) -> tuple[dict[str, str], bytes]:
    """Attributes and data of a structured CloudEvent."""
    try:
        # Unlike json.loads, it refuses deep nesting, lone surrogates and encodings other than UTF-8.
        envelope = from_json(body)
    except ValueError:
        raise Unprocessable("bad-json", "the structured CloudEvent is no JSON") from None
    if not isinstance(envelope, dict):
        raise Unprocessable("not-a-cloudevent", "the structured CloudEvent is no JSON object")
    attributes = {f"ce_{name}": text for name, text in envelope.items() if isinstance(text, str) and name != "data"}
    return attributes, json.dumps(envelope["data"]).encode() if "data" in envelope else b""


def _text_headers(headers: RawHeaders) -> dict[str, str]:
    """Headers as text. Kafka allows null and any bytes; one that we do not need must not spoil the record."""
    return {name.lower(): (raw or b"").decode("utf-8", "replace") for name, raw in headers}


def _pointer(location: tuple[int | str, ...]) -> str:
    return "/" + "/".join(str(step) for step in location)


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
