"""The checker of breaking changes, by cases; then the schemas as released against those of today."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.generate import GENERATED, ROOT, SCHEMAS
from tests.contracts.compatibility import breaking_changes

RELEASED = ROOT / SCHEMAS / "released"
TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
NULL: dict[str, Any] = {"type": "null"}


def body(required: tuple[str, ...] = (), /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def closed(**properties: Any) -> dict[str, Any]:
    return body(**properties) | {"additionalProperties": False}


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, NULL]}


def listed(schema: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": schema, **limits}


def behind_a_reference(schema: dict[str, Any], name: str = "Part", **beside: Any) -> dict[str, Any]:
    return body(part={"$ref": f"#/$defs/{name}", **beside}) | {"$defs": {name: schema}}


TREE = {"$ref": "#/$defs/T", "$defs": {"T": body(value=WHOLE, below=listed({"$ref": "#/$defs/T"}))}}
NARROWER_TREE = {
    "$ref": "#/$defs/T",
    "$defs": {"T": body(value=WHOLE | {"minimum": 1}, below=listed({"$ref": "#/$defs/T"}))},
}

STILL_READ = {
    "nothing changed": (body(("a",), a=TEXT), body(("a",), a=TEXT)),
    "an optional property came": (body(a=TEXT), body(a=TEXT, b=WHOLE)),
    "an optional property came to a closed body": (closed(a=TEXT), closed(a=TEXT, b=WHOLE)),
    "a property is required no more": (body(("a",), a=TEXT), body(a=TEXT)),
    "a property may be null now": (body(a=TEXT), body(a=nullable(TEXT))),
    "a closed body was opened": (closed(a=TEXT), body(a=TEXT)),
    "whole numbers became numbers": (body(a=WHOLE), body(a={"type": "number"})),
    "an alternative came": (body(a={"anyOf": [TEXT, WHOLE]}), body(a={"anyOf": [NULL, WHOLE, TEXT]})),
    "alternatives changed their order": (body(a=nullable(TEXT)), body(a={"anyOf": [NULL, TEXT]})),
    "a list of types became alternatives": (body(a={"type": ["string", "null"]}), body(a=nullable(TEXT))),
    "any type is taken now": (body(a=TEXT), body(a={})),
    "a value was added to an enum": (body(a=TEXT | {"enum": ["x"]}), body(a=TEXT | {"enum": ["x", "y"]})),
    "an enum was dropped": (body(a=TEXT | {"enum": ["x"]}), body(a=TEXT)),
    "a constant became an enum": (body(a=TEXT | {"const": "x"}), body(a=TEXT | {"enum": ["x", "y"]})),
    "a range grew": (body(a=WHOLE | {"minimum": 1, "maximum": 9}), body(a=WHOLE | {"minimum": 0, "maximum": 10})),
    "an exclusive limit became inclusive": (body(a=WHOLE | {"exclusiveMinimum": 0}), body(a=WHOLE | {"minimum": 0})),
    "an inclusive limit became a lower exclusive one": (
        body(a=WHOLE | {"minimum": 1}),
        body(a=WHOLE | {"exclusiveMinimum": 0}),
    ),
    "a limit was dropped": (body(a=TEXT | {"maxLength": 9}), body(a=TEXT)),
    "a list may be longer": (body(a=listed(TEXT, maxItems=3)), body(a=listed(TEXT, maxItems=4))),
    "a pattern was dropped": (body(a=TEXT | {"pattern": "^x$"}), body(a=TEXT)),
    "a format was dropped": (body(a=TEXT | {"format": "date"}), body(a=TEXT)),
    "words for people changed": (body(a=TEXT | {"title": "A"}), body(a=TEXT | {"title": "B", "examples": ["x"]})),
    "a default came": (body(("a",), a=TEXT), body(a=TEXT | {"default": "x"})),
    "a definition was renamed": (behind_a_reference(body(a=TEXT)), behind_a_reference(body(a=TEXT), "Piece")),
    "a definition was written out": (behind_a_reference(body(a=TEXT)), body(part=body(a=TEXT))),
    "a recursive model stayed": (TREE, TREE),
}

READ_NO_MORE = {
    "a property was removed": (body(a=TEXT, b=TEXT), body(a=TEXT), "$.b: removed or renamed"),
    "a property was renamed": (body(a=TEXT), body(b=TEXT), "$.a: removed or renamed"),
    "a property became required": (body(a=TEXT), body(("a",), a=TEXT), "$.a: became required"),
    "a required property came": (body(a=TEXT), body(("b",), a=TEXT, b=TEXT), "$.b: became required"),
    "a type changed": (body(a=TEXT), body(a=WHOLE), "$.a: type string is read no more, only integer"),
    "numbers became whole numbers": (body(a={"type": "number"}), body(a=WHOLE), "$.a: type number is read"),
    "null is taken no more": (body(a=nullable(TEXT)), body(a=TEXT), "$.a: type null is read no more, only string"),
    "an alternative went": (body(a={"anyOf": [TEXT, WHOLE]}), body(a={"anyOf": [TEXT, NULL]}), "$.a: type integer"),
    "any type was taken": (body(a={}), body(a=TEXT), "$.a: type any is read no more"),
    "an enum lost a value": (
        body(a=TEXT | {"enum": ["x", "y"]}),
        body(a=TEXT | {"enum": ["x"]}),
        "$.a: values ['y'] are taken no more",
    ),
    "an enum came": (body(a=TEXT), body(a=TEXT | {"enum": ["x"]}), "$.a: any value was taken, now only ['x']"),
    "a constant changed": (body(a=TEXT | {"const": "x"}), body(a=TEXT | {"const": "y"}), "$.a: values ['x']"),
    "a minimum rose": (
        body(a=WHOLE | {"minimum": 0}),
        body(a=WHOLE | {"minimum": 1}),
        "$.a: minimum was 0, is 1",
    ),
    "a minimum came": (body(a=WHOLE), body(a=WHOLE | {"minimum": 1}), "$.a: minimum was absent, is 1"),
    "a maximum fell": (
        body(a=WHOLE | {"maximum": 9}),
        body(a=WHOLE | {"maximum": 8}),
        "$.a: maximum was 9, is 8",
    ),
    "a limit became exclusive": (
        body(a=WHOLE | {"maximum": 9}),
        body(a=WHOLE | {"exclusiveMaximum": 9}),
        "$.a: maximum was 9, is 9 exclusive",
    ),
    "a text must be longer": (body(a=TEXT), body(a=TEXT | {"minLength": 1}), "$.a: minLength was absent, is 1"),
    "a text must be shorter": (body(a=TEXT | {"maxLength": 9}), body(a=TEXT | {"maxLength": 8}), "$.a: maxLength"),
    "a list must be shorter": (
        body(a=listed(TEXT, maxItems=4)),
        body(a=listed(TEXT, maxItems=3)),
        "$.a: maxItems was 4, is 3",
    ),
    "what a list holds was narrowed": (
        body(a=listed(body(b=WHOLE))),
        body(a=listed(body(b=TEXT))),
        "$.a[].b: type integer is read no more",
    ),
    "what a list holds was settled": (body(a={"type": "array"}), body(a=listed(TEXT)), "$.a[]: type any"),
    "a pattern came": (body(a=TEXT), body(a=TEXT | {"pattern": "^x$"}), "$.a: pattern was None, is '^x$'"),
    "a pattern changed": (body(a=TEXT | {"pattern": "x"}), body(a=TEXT | {"pattern": "y"}), "$.a: pattern was 'x'"),
    "a format came": (body(a=TEXT), body(a=TEXT | {"format": "date"}), "$.a: format was None, is 'date'"),
    "an open body was closed": (body(a=TEXT), closed(a=TEXT), "$.*: other keys were taken, now they are refused"),
    "other keys were limited": (
        body(a=TEXT),
        body(a=TEXT) | {"additionalProperties": WHOLE},
        "$.*: other keys were taken, now they are limited",
    ),
    "other keys were narrowed": (
        body() | {"additionalProperties": WHOLE},
        body() | {"additionalProperties": TEXT},
        "$.*: type integer",
    ),
    "a default changed": (
        body(a=TEXT | {"default": "x"}),
        body(a=TEXT | {"default": "y"}),
        "$.a: default was 'x', is 'y'",
    ),
    "a definition was narrowed": (
        behind_a_reference(body(a=TEXT)),
        behind_a_reference(body(("a",), a=TEXT)),
        "$.part.a: became required",
    ),
    "one of two alternatives was narrowed": (
        body(a=nullable(body(b=TEXT))),
        body(a=nullable(body(b=WHOLE))),
        "$.a.b: type string is read no more",
    ),
    "a recursive model was narrowed": (TREE, NARROWER_TREE, "$.value: minimum was absent, is 1"),
    "the schema is another one": ({"$id": "urn:a-v1"}, {"$id": "urn:a-v2"}, "$: $id was urn:a-v1, is urn:a-v2"),
    "a keyword is not understood": (body(a=TEXT), body(a=TEXT | {"not": {}}), "$.a: not changed"),
}


@pytest.mark.parametrize("case", STILL_READ)
def test_old_data_is_still_read_when(case: str) -> None:
    old, new = STILL_READ[case]
    assert breaking_changes(old, new) == []


@pytest.mark.parametrize("case", READ_NO_MORE)
def test_old_data_is_read_no_more_when(case: str) -> None:
    old, new, said = READ_NO_MORE[case]
    changes = breaking_changes(old, new)
    assert [change for change in changes if change.startswith(said)], changes


def test_every_breaking_change_is_named_not_only_the_first() -> None:
    old = body(a=TEXT, b=WHOLE, c=listed(TEXT))
    new = body(("b",), b=WHOLE | {"minimum": 1}, c=listed(WHOLE))
    assert breaking_changes(old, new) == [
        "$.a: removed or renamed",
        "$.b: minimum was absent, is 1",
        "$.c[]: type string is read no more, only integer",
        "$.b: became required",
    ]


@pytest.mark.parametrize("path", sorted(RELEASED.glob("*.json")), ids=lambda path: path.name)
def test_what_was_written_under_a_released_schema_is_read_for_ever(path: Path) -> None:
    current = GENERATED.get(SCHEMAS / path.name)
    assert current is not None, f"{path.name} was released and its message is gone; the log still holds such events"
    changes = breaking_changes(json.loads(path.read_text(encoding="utf-8")), json.loads(current()))
    advice = f"{path.name}: old events would be read no more. Take the change back, or make a V2 with its own topic."
    assert not changes, "\n".join([advice, *changes])


def test_every_schema_has_a_released_copy_to_be_compared_with() -> None:
    current = {path.name for path in GENERATED if path.parent == SCHEMAS}
    missing = current - {path.name for path in RELEASED.glob("*.json")}
    assert not missing, f"copy {sorted(missing)} from {SCHEMAS} to {SCHEMAS / 'released'}: this is their release"
