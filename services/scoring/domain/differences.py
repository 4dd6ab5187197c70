"""Where two JSON values differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

ABSENT: Final = "nothing"
_SHOWN_CHARS: Final = 200
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    pointer: str
    """A JSON pointer (RFC 6901)."""
    found: str
    expected: str


def differences(found: Any, expected: Any, pointer: str = "") -> Iterator[Difference]:
    """Every value in which they differ, each named by its place."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted(found.keys() | expected.keys()):
            step = str(key).replace("~", "~0").replace("/", "~1")
            yield from differences(found.get(key, _NOTHING), expected.get(key, _NOTHING), f"{pointer}/{step}")
    elif isinstance(found, list) and isinstance(expected, list):
        for place, pair in enumerate(zip_longest(found, expected, fillvalue=_NOTHING)):
            yield from differences(*pair, f"{pointer}/{place}")
    elif type(found) is not type(expected) or found != expected:
        yield Difference(pointer, shown(found), shown(expected))


def shown(value: Any) -> str:
    if value is _NOTHING:
        return ABSENT
    text = str(value) if isinstance(value, str | Mapping | list) else repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
