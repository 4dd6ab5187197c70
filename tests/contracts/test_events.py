"""Events against the official CloudEvents SDK, and what may come in place of an event."""

import json
from collections.abc import Mapping

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Unprocessable
from chassis.events import ID_CHARS_MAX, JSON, Event, decode
from contracts.message import deterministic_id
from contracts.topics import TOPICS, Topic
from tests.contracts.examples import EXAMPLES, FOLDER, Example

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
SETTLED = Event.of(Example(FOLDER / "entry-settled-v1" / "region-has-reported.json").message)
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


def read_by_sdk(event: Event) -> KafkaMessage:
    return KafkaMessage(headers=dict(event.wire_headers), key=event.key, value=event.value)


def structured(**changes: object) -> bytes:
    """``SETTLED`` in structured mode; a change of ``None`` leaves the attribute out."""
    attributes = {name.removeprefix("ce_"): text for name, text in SETTLED.headers.items() if name.startswith("ce_")}
    envelope = {**attributes, "datacontenttype": JSON, "data": json.loads(SETTLED.value), **changes}
    return json.dumps({name: found for name, found in envelope.items() if found is not None}).encode()


def refusal(headers: list[tuple[str, bytes | None]], value: bytes | None, topic: str = SETTLED.topic) -> Unprocessable:
    with pytest.raises(Unprocessable) as caught:
        decode(topic, headers, value)
    return caught.value


def headers_with(changes: Mapping[str, bytes | None]) -> list[tuple[str, bytes | None]]:
    return list({**dict(SETTLED.wire_headers), **changes}.items())


@each_example
def test_the_official_sdk_reads_what_we_write(example: Example) -> None:
    message = example.message
    event = from_kafka(read_by_sdk(Event.of(message, caused_by="cause-1")), JSONFormat())
    assert event.get_specversion() == "1.0"
    assert event.get_id() == message.event_id
    assert event.get_source() == message.SOURCE
    assert event.get_type() == message.TYPE
    assert event.get_subject() == message.identity()
    assert event.get_dataschema() == message.schema_id()
    assert event.get_datacontenttype() == JSON
    assert event.get_extension("partitionkey") == message.key
    assert event.get_extension("correlationid") == message.correlation_id
    assert event.get_extension("causationid") == "cause-1"
    assert example.model.model_validate_json(json.dumps(event.get_data())) == message
    moment = event.get_time()
    assert moment is not None
    assert abs((moment - message.occurred_at).total_seconds()) < 0.001


@each_example
def test_we_read_what_the_official_sdk_writes_in_either_mode(example: Example) -> None:
    ours = Event.of(example.message)
    event = from_kafka(read_by_sdk(ours), JSONFormat())
    for written in (to_binary(event, JSONFormat()), to_structured(event, JSONFormat())):
        assert decode(ours.topic, written.headers.items(), written.value) == (ours.id, example.message)


@each_example
def test_an_event_kept_and_published_again_is_the_same_to_the_byte(example: Example) -> None:
    first, again = Event.of(example.message), Event.of(example.message)
    assert first == again == Event.from_kept(first.kept())
    assert first.id == deterministic_id(example.model.TYPE, example.message.identity())


def test_part_lists_that_read_alike_have_different_ids() -> None:
    assert len({deterministic_id(*parts) for parts in [("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c")]}) == 4


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_type_is_known_on_its_own_topic_alone(topic: Topic) -> None:
    for example in EXAMPLES:
        event = Event.of(example.message)
        if event.topic == topic.name:
            assert decode(topic.name, event.wire_headers, event.value) == (event.id, example.message)
        else:
            said = refusal(list(event.wire_headers), event.value, topic.name)
            assert said.reason == "unknown-type"
            assert all(known.TYPE in str(said) for known in topic.messages)


@pytest.mark.parametrize("text", [b"text/plain", b"", None, b"\xff\xfe", b"application/xml", b"application/jso"])
def test_another_content_type_is_refused(text: bytes | None) -> None:
    assert refusal(headers_with({"content-type": text}), SETTLED.value).reason == "content-type"


@pytest.mark.parametrize("text", [b"application/json", b"Application/JSON; charset=utf-8"])
def test_json_is_known_in_any_case_and_with_parameters(text: bytes) -> None:
    assert decode(SETTLED.topic, headers_with({"content-type": text}), SETTLED.value)[0] == SETTLED.id


def test_header_names_are_read_in_any_case() -> None:
    loud = [(name.upper(), raw) for name, raw in SETTLED.wire_headers]
    assert decode(SETTLED.topic, loud, SETTLED.value)[0] == SETTLED.id


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type"])
@pytest.mark.parametrize("raw", [None, b""])
def test_a_missing_attribute_is_named(name: str, raw: bytes | None) -> None:
    said = refusal(headers_with({name: raw}), SETTLED.value)
    assert said.reason == "not-a-cloudevent"
    assert f"missing {name};" in str(said)


@pytest.mark.parametrize("raw", [b"0.3", b"1", b"2.0", b"\xff"])
def test_another_version_of_cloudevents_is_refused(raw: bytes) -> None:
    assert refusal(headers_with({"ce_specversion": raw}), SETTLED.value).reason == "not-a-cloudevent"


def test_an_id_that_does_not_fit_into_headers_is_refused() -> None:
    fits = headers_with({"ce_id": b"x" * ID_CHARS_MAX})
    assert decode(SETTLED.topic, fits, SETTLED.value)[0] == "x" * ID_CHARS_MAX
    assert refusal(headers_with({"ce_id": b"x" * (ID_CHARS_MAX + 1)}), SETTLED.value).reason == "not-a-cloudevent"


@pytest.mark.parametrize("raw", [b"id.go.spm.entry-settled.v2", b"\xff", b"x" * 10_000])
def test_a_type_that_we_do_not_know_is_refused_in_a_short_sentence(raw: bytes) -> None:
    said = refusal(headers_with({"ce_type": raw}), SETTLED.value)
    assert said.reason == "unknown-type"
    assert len(str(said)) < 500


def test_headers_that_nobody_needs_may_hold_anything() -> None:
    odd = [*SETTLED.wire_headers, ("traceparent", None), ("x-bytes", b"\xff\x00"), ("ce_unknown", b"\xc3\x28")]
    assert decode(SETTLED.topic, odd, SETTLED.value)[0] == SETTLED.id


@pytest.mark.parametrize("value", [b"", None])
def test_an_event_without_data_is_refused(value: bytes | None) -> None:
    assert refusal(list(SETTLED.wire_headers), value).reason == "empty-body"


NOT_JSON = {
    "cut off": b'{"region_code": "64',
    "not text": b"\xff\xfe\x00",
    "another encoding": '{"region_code": "64"}'.encode("utf-16"),
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "an endless number": b'{"reports": ' + b"9" * 5_000 + b"}",
    "half a character": b'{"region_code": "\\ud800"}',
    "two values": b"{}{}",
}


@pytest.mark.parametrize("case", NOT_JSON)
def test_what_is_no_json_is_refused_in_either_mode(case: str) -> None:
    assert refusal(list(SETTLED.wire_headers), NOT_JSON[case]).reason == "bad-json"
    around = structured(data=None).removesuffix(b"}") + b', "data": ' + NOT_JSON[case] + b"}"
    assert refusal(list(STRUCTURED), around).reason == "bad-json"


@pytest.mark.parametrize("value", [b"[]", b"null", b"7", b'"text"', b"{}", b'{"reports": 1e999}', b'{"reports": NaN}'])
def test_json_that_is_no_message_breaks_the_schema(value: bytes) -> None:
    assert refusal(list(SETTLED.wire_headers), value).reason == "schema"


def test_a_schema_fault_tells_where_and_never_what() -> None:
    broken = {**json.loads(SETTLED.value), "reports": "a secret"}
    said = refusal(list(SETTLED.wire_headers), json.dumps(broken).encode())
    assert "1 faults against entry-settled-v1: /reports: " in str(said)
    assert "a secret" not in str(said)


def test_many_faults_are_counted_and_few_are_shown() -> None:
    said = refusal(list(SETTLED.wire_headers), b"{}")
    assert "6 faults" in str(said)
    assert "and 1 more" in str(said)


def test_a_structured_event_is_read_without_any_other_header() -> None:
    event_id, message = decode(SETTLED.topic, list(STRUCTURED), structured())
    assert (event_id, message.model_dump_json().encode()) == (SETTLED.id, SETTLED.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "not-a-cloudevent"),
        ({"id": 7}, "not-a-cloudevent"),
        ({"type": ["x"]}, "not-a-cloudevent"),
        ({"specversion": "0.3"}, "not-a-cloudevent"),
        ({"type": "id.go.spm.other.v1"}, "unknown-type"),
        ({"data": None}, "empty-body"),
        ({"data": None, "data_base64": "e30="}, "empty-body"),
        ({"data": "text"}, "schema"),
        ({"id": "\ud800"}, "bad-json"),
    ],
    ids=str,
)
def test_a_structured_event_is_refused_for_the_same_reasons(changes: dict[str, object], reason: str) -> None:
    assert refusal(list(STRUCTURED), structured(**changes)).reason == reason


@pytest.mark.parametrize("value", [b"[]", b"null", b"7", b'"text"'])
def test_a_structured_event_must_be_an_object(value: bytes) -> None:
    assert refusal(list(STRUCTURED), value).reason == "not-a-cloudevent"


def test_a_message_that_its_topic_does_not_take_is_refused_before_it_is_kept() -> None:
    received = Example(FOLDER / "submission-received-v1" / "full-report-of-a-kota.json")
    whole = json.loads(received.text)
    whole["submission"]["problems"] = [{"problem": "x" * 2_000, "solution": "é" * 2_000}] * 200
    with pytest.raises(Unprocessable, match="takes 1048576") as caught:
        Event.of(received.model.model_validate_json(json.dumps(whole)))
    assert caught.value.reason == "too-large"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
any_headers = st.lists(
    st.tuples(
        st.sampled_from(sorted(SETTLED.headers)) | st.text(),
        st.none() | st.binary() | st.sampled_from([raw for _, raw in SETTLED.wire_headers]),
    )
)
any_topic = st.sampled_from([topic.name for topic in TOPICS]) | st.text()


@given(any_topic, any_headers, st.none() | st.binary())
def test_arbitrary_records_are_read_or_refused_and_nothing_else(
    topic: str, headers: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    read_or_refused(topic, headers, value)


@given(st.sampled_from([SETTLED.wire_headers, STRUCTURED]), json_values)
def test_arbitrary_json_is_read_or_refused_and_nothing_else(headers: list[tuple[str, bytes]], found: object) -> None:
    read_or_refused(SETTLED.topic, list(headers), json.dumps(found).encode())


@given(st.sampled_from(EXAMPLES), st.data())
def test_an_example_with_a_part_replaced_is_read_or_refused_and_nothing_else(
    example: Example, draw: st.DataObject
) -> None:
    whole = json.loads(example.text)
    at = whole
    while isinstance(at, dict | list) and at:
        step = draw.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[step], dict | list) or not at[step] or draw.draw(st.booleans()):
            at[step] = draw.draw(json_values)
            break
        at = at[step]
    event = Event.of(example.message)
    read_or_refused(event.topic, list(event.wire_headers), json.dumps(whole).encode())


@given(st.dictionaries(st.sampled_from(["id", "source", "type", "specversion", "data", "time"]), json_values))
def test_arbitrary_structured_events_are_read_or_refused_and_nothing_else(changes: dict[str, object]) -> None:
    read_or_refused(SETTLED.topic, list(STRUCTURED), structured(**changes))


def read_or_refused(topic: str, headers: list[tuple[str, bytes | None]], value: bytes | None) -> None:
    try:
        event_id, message = decode(topic, headers, value)
    except Unprocessable as refused:
        str(refused).encode()  # the text travels in a header
    else:
        event_id.encode()
        assert type(message).model_validate_json(message.model_dump_json()) == message
