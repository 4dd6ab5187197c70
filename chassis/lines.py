"""Lines of a body of any length, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    content: bytes | None
    """None for a line that is longer than lines may be."""


class Splitter:
    """Parts pieces into lines. Blank lines are counted and passed over."""

    def __init__(self, *, first_line: int, line_bytes_max: int) -> None:
        self.number = first_line
        """Of the line that has begun and not ended."""
        self._bytes_max = line_bytes_max
        self._begun = bytearray()
        self._too_long = False

    def lines(self, piece: bytes) -> Iterator[Line]:
        """The lines that end in the next piece."""
        *ends, beginning = piece.split(b"\n")
        for end in ends:
            self._add(end)
            yield from self.finish()
        self._add(beginning)

    def finish(self) -> Iterator[Line]:
        """The line that has begun, where there is one."""
        content, too_long = bytes(self._begun), self._too_long
        self._begun.clear()
        self._too_long = False
        number, self.number = self.number, self.number + 1
        if too_long:
            yield Line(number, None)
        elif content.strip():
            yield Line(number, content)

    def _add(self, part: bytes) -> None:
        if self._too_long or len(self._begun) + len(part) > self._bytes_max:
            self._too_long = True
            self._begun.clear()
        else:
            self._begun += part
