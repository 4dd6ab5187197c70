"""The elements of a JSON array as they are written, found without reading them."""

import re
from collections.abc import Iterator
from typing import Final

_BLANKS: Final = b" \t\r\n"
# A string that does not end reaches to the end of the body, so that none is looked at twice.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+\\?+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_OPENING: Final = frozenset({b"[", b"{"})
_CLOSING: Final = frozenset({b"]", b"}"})


def elements(body: bytes) -> Iterator[bytes]:
    """Each element by itself; whether it is JSON is for its reader to find.

    Raises:
        ValueError: what there is is no array, or goes on behind its end; known at the last element.
    """
    begin = len(body) - len(body.lstrip(_BLANKS))
    if body[begin : begin + 1] != b"[":
        raise ValueError("expected an array: it begins with [")
    depth, start, count = 0, begin + 1, 0
    for match in _TOKEN.finditer(body, begin):
        token = match[0]
        if token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
            if depth == 0:
                last = body[start : match.start()].strip(_BLANKS)
                if body[match.end() :].strip(_BLANKS):
                    raise ValueError("something stands behind the end of the array")
                if last or count:
                    yield last
                return
        elif token == b"," and depth == 1:
            yield body[start : match.start()].strip(_BLANKS)
            start, count = match.end(), count + 1
    raise ValueError("the array does not end")
