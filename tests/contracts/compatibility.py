"""Whether a new reader still reads everything that was written under an old schema (BACKWARD).

Writers are ours and write only properties that they declare, so a new optional property breaks nothing. What this
module does not understand counts as breaking.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_ANNOTATIONS: Final = {"title", "description", "examples", "default", "deprecated", "$schema", "$id", "$defs"}
_KEEP_OR_DROP: Final = ("pattern", "format", "multipleOf", "uniqueItems")
_LIMITS: Final[tuple[tuple[int, str, str | None], ...]] = (
    (1, "minimum", "exclusiveMinimum"),
    (-1, "maximum", "exclusiveMaximum"),
    (1, "minLength", None),
    (-1, "maxLength", None),
    (1, "minItems", None),
    (-1, "maxItems", None),
    (1, "minProperties", None),
    (-1, "maxProperties", None),
)
_UNDERSTOOD: Final = {
    *_ANNOTATIONS,
    *_KEEP_OR_DROP,
    *(keyword for _, *keywords in _LIMITS for keyword in keywords if keyword),
    *("type", "enum", "const", "properties", "required", "additionalProperties", "items"),
}


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Each place, as a JSON path, where data valid under ``old`` is refused or read otherwise under ``new``."""
    identity = [] if old.get("$id") == new.get("$id") else [f"$: $id was {old.get('$id')}, is {new.get('$id')}"]
    return identity + list(_Comparison(old, new).of(old, new, "$"))


class _Comparison:
    def __init__(self, old_root: Schema, new_root: Schema) -> None:
        self._old_root = old_root
        self._new_root = new_root
        self._open: set[tuple[str, str]] = set()

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._open:  # a recursive model: this pair is being compared already
                return
            self._open.add(pair)
        if "default" in old and old["default"] != new.get("default"):
            yield f"{path}: default was {old['default']!r}, is {new.get('default')!r}"
        wanted = list(_alternatives(new, self._new_root))
        for alternative in _alternatives(old, self._old_root):
            yield from self._covered(alternative, wanted, path)
        self._open.discard(pair)

    def _covered(self, old: Schema, wanted: list[Schema], path: str) -> Iterator[str]:
        """Nothing when one of the new alternatives takes all that the old one took."""
        faults = [list(self._one(old, new, path)) for new in wanted if _takes_type(old, new)]
        if not faults:
            yield f"{path}: type {_type(old)} is read no more, only {', '.join(map(_type, wanted))}"
        elif all(faults):
            yield from min(faults, key=len)

    def _one(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        for keyword in (old.keys() | new.keys()) - _UNDERSTOOD:
            if old.get(keyword) != new.get(keyword):
                yield f"{path}: {keyword} changed, which this comparison does not understand"
        yield from _values(old, new, path)
        yield from _limits(old, new, path)
        for keyword in _KEEP_OR_DROP:
            if keyword in new and new[keyword] != old.get(keyword):
                yield f"{path}: {keyword} was {old.get(keyword)!r}, is {new[keyword]!r}"
        yield from self._properties(old, new, path)
        yield from self.of(old.get("items", {}), new.get("items", {}), f"{path}[]") if "items" in new else ()

    def _properties(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name in after:
                yield from self.of(schema, after[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}: removed or renamed"
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{path}.{name}: became required"
        others, others_now = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(others, Mapping) and isinstance(others_now, Mapping):
            yield from self.of(others, others_now, f"{path}.*")
        elif others_now is not True and others is not False:
            yield f"{path}.*: other keys were taken, now they are {'limited' if others_now else 'refused'}"


def _alternatives(schema: Schema, root: Schema) -> Iterator[Schema]:
    """The schema without references, ``anyOf`` and lists of types."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        beside = {name: part for name, part in schema.items() if name != "$ref"}
        yield from _alternatives({**target, **beside}, root)
    elif "anyOf" in schema:
        beside = {name: part for name, part in schema.items() if name != "anyOf"}
        for branch in schema["anyOf"]:
            yield from _alternatives({**beside, **branch}, root)
    elif isinstance(schema.get("type"), list):
        for kind in schema["type"]:
            yield {**schema, "type": kind}
    else:
        yield schema


def _type(schema: Schema) -> str:
    return str(schema.get("type", "any"))


def _takes_type(old: Schema, new: Schema) -> bool:
    return _type(new) in (_type(old), "any") or (_type(old), _type(new)) == ("integer", "number")


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = _enumerated(old), _enumerated(new)
    if after is None:
        return
    if before is None:
        yield f"{path}: any value was taken, now only {after}"
    elif gone := [value for value in before if value not in after]:
        yield f"{path}: values {gone} are taken no more"


def _enumerated(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _limits(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for sign, inclusive, exclusive in _LIMITS:
        before, after = _limit(old, sign, inclusive, exclusive), _limit(new, sign, inclusive, exclusive)
        if after is not None and (before is None or after > before):
            yield f"{path}: {inclusive} was {_worded(before, sign)}, is {_worded(after, sign)}"


def _limit(schema: Schema, sign: int, inclusive: str, exclusive: str | None) -> tuple[float, bool] | None:
    """Grows with narrowness: at one number, the exclusive limit is the narrower."""
    limits = [(sign * schema[name], name == exclusive) for name in (inclusive, exclusive) if name and name in schema]
    return max(limits, default=None)


def _worded(limit: tuple[float, bool] | None, sign: int) -> str:
    if limit is None:
        return "absent"
    return f"{sign * limit[0]}{' exclusive' if limit[1] else ''}"
