import json
import tomllib
from collections import Counter
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import regulation
from cli.generate import GENERATED, ROOT, SCHEMAS
from cli.schemas import submission_schema
from contracts.submission import Submission, SubmissionReceivedV1
from tests.contracts.examples import EXAMPLES, FOLDER, MODELS, Example

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
each_report = pytest.mark.parametrize(
    "example", [example for example in EXAMPLES if example.model is SubmissionReceivedV1], ids=lambda found: found.name
)


def accepts(schema: dict[str, Any], found: object) -> bool:
    Draft202012Validator.check_schema(schema)
    return bool(Draft202012Validator(schema).is_valid(found))


def committed(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((ROOT / SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def received(example: Example) -> SubmissionReceivedV1:
    assert isinstance(example.message, SubmissionReceivedV1)
    return example.message


def test_every_message_has_at_least_two_examples() -> None:
    counted = Counter(example.path.parent.name for example in EXAMPLES)
    assert {name for name in MODELS if counted[name] < 2} == set()


def test_no_example_belongs_to_no_message() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} == set(MODELS)


@each_example
def test_an_example_written_and_read_again_is_the_same_fact(example: Example) -> None:
    message = example.message
    written = message.model_dump_json()
    assert example.model.model_validate_json(written) == message
    assert example.model.model_validate_json(written).model_dump_json() == written


@each_example
def test_the_schema_takes_the_example_and_what_we_write_of_it(example: Example) -> None:
    schema = committed(example.path.parent.name)
    assert accepts(schema, json.loads(example.text))
    assert accepts(schema, json.loads(example.message.model_dump_json()))


@each_example
def test_model_and_schema_refuse_the_example_alike_without_a_required_property(example: Example) -> None:
    schema = committed(example.path.parent.name)
    whole = json.loads(example.text)
    for name in schema["required"]:
        lacking = {key: value for key, value in whole.items() if key != name}
        assert not accepts(schema, lacking), name
        with pytest.raises(ValueError, match="Field required"):
            example.model.model_validate_json(json.dumps(lacking))


@each_example
def test_a_reader_ignores_what_a_newer_writer_added(example: Example) -> None:
    newer = {**json.loads(example.text), "added_in_a_later_version": {"deep": [1]}}
    assert example.model.model_validate_json(json.dumps(newer)) == example.message
    assert accepts(committed(example.path.parent.name), newer)


def test_ids_are_unlike_each_other_and_alike_at_every_reading() -> None:
    ids = [example.message.event_id for example in EXAMPLES]
    assert len(set(ids)) == len(ids)
    assert ids == [example.message.event_id for example in EXAMPLES]


@each_report
def test_a_report_carries_the_digest_of_its_content(example: Example) -> None:
    message = received(example)
    assert message.content_digest == message.submission.content_digest


@each_report
def test_the_door_takes_a_report_and_refuses_a_misspelt_key_at_every_depth(example: Example) -> None:
    schema = json.loads(submission_schema())
    report = json.loads(example.text)["submission"]
    assert accepts(schema, report)
    assert not accepts(schema, report | {"regoin_code": "64"})
    assert not accepts(schema, report | {"submitted_by": {**report["submitted_by"], "name": "x"}})
    misspelt = json.loads(example.text)["submission"]
    misspelt["services"] = [{"service_type": "edu.kab.basic", "recipients": {"taget": 1}}]
    assert not accepts(schema, misspelt)
    with pytest.raises(ValueError, match="taget"):
        Submission.model_validate_json(json.dumps(misspelt), extra="forbid")


def test_the_full_report_tells_of_every_service_type_of_a_kota_and_says_that_it_is_synthetic() -> None:
    report = received(Example(FOLDER / "submission-received-v1" / "full-report-of-a-kota.json")).submission
    rows = tomllib.loads((ROOT / regulation.__name__ / "service_types.toml").read_text(encoding="utf-8"))
    wanted = [row["id"] for row in rows["service_types"] if row["level"] == "kab"]
    assert [service.service_type for service in report.services] == wanted
    assert report.source_system == "contoh sintetis"


def test_a_generated_schema_names_its_dialect_and_the_id_that_its_events_carry() -> None:
    for name, model in MODELS.items():
        schema = json.loads(GENERATED[SCHEMAS / f"{name}.schema.json"]())
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == model.schema_id()
