"""A year's records and documents as those of another year: the same bytes but for what tells one year from another.

That has forms of its own, none of which changes in length: ids (UUIDs), quarters (``2023Q4``), and in documents, as
BSON writes them, the fiscal year and the offset. So a document stays whole while nothing of it is taken apart.

Digests and signatures are those of the first year, and ids follow from its ids instead of from what they name.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple, Self
from uuid import UUID, uuid5

FIRST: Final = 2023
LAST: Final = 2099
"""A quarter has two digits for its year (``contracts/quarter.py``)."""
_INT32: Final = 4
_HEAD: Final = 8
"""Digits of an id before its first hyphen."""
# Each begins with a byte of its own, which is looked for by itself: it takes a tenth of the time.
_SLOT: Final = re.compile(
    rb"(?P<id>-(?<=[0-9a-f]{%(head)d}-)(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
    rb"|(?P<quarter>%(year)d(?=Q[1-4]))"
    rb"|\x10fiscal_year\x00(?P<fiscal_year>%(number)b)"
    rb"|\x10offset\x00(?P<offset>.{4})"
    % {b"head": _HEAD, b"year": FIRST, b"number": re.escape(FIRST.to_bytes(_INT32, "little"))},
    re.DOTALL,
)


class Year:
    """One year after the first."""

    def __init__(self, number: int) -> None:
        """Raises:
        ValueError: no quarter of that year can be written.
        """
        if not 1 <= number <= LAST - FIRST:
            raise ValueError(
                f"there is no copy {number}: {FIRST} has {LAST - FIRST} years after it that can be written"
            )
        self.number = number
        self._ids: dict[bytes, bytes] = {}
        self._fillings: dict[str, Callable[[bytes], bytes]] = {
            "id": self.id_of,
            "quarter": lambda _: b"%d" % (FIRST + number),
            "fiscal_year": lambda _: (FIRST + number).to_bytes(_INT32, "little"),
        }

    def id_of(self, first: bytes) -> bytes:
        """What the id is in this year."""
        known = self._ids.get(first)
        if known is None:
            known = self._ids[first] = str(uuid5(UUID(first.decode()), str(self.number))).encode()
        return known

    def told(self, first: bytes) -> bytes:
        """A text of the first year, as this year would tell it."""
        return Mould.of(first).cast(self)

    def fill(self, slot: str, first: bytes, begins_at: int) -> bytes:
        if slot == "offset":
            return (int.from_bytes(first, "little") + begins_at).to_bytes(_INT32, "little")
        return self._fillings[slot](first)


class Mould(NamedTuple):
    """What one record or document is in every year, and where it differs."""

    between: tuple[bytes, ...]
    """One more than there are slots."""
    slots: tuple[tuple[str, bytes], ...]
    """What stands there, and how it reads in the first year."""

    @classmethod
    def of(cls, first: bytes) -> Self:
        between, slots, at = [], [], 0
        for found in _SLOT.finditer(first):
            kind = str(found.lastgroup)
            begin, end = found.span(kind)
            begin -= _HEAD if kind == "id" else 0
            between.append(first[at:begin])
            slots.append((kind, first[begin:end]))
            at = end
        return cls((*between, first[at:]), tuple(slots))

    def cast(self, year: Year, *, begins_at: int = 0) -> bytes:
        """``begins_at``: the offset from which on the year's records stand in the partition of this one."""
        pieces = [self.between[0]]
        for (slot, first), then in zip(self.slots, self.between[1:], strict=True):
            pieces += (year.fill(slot, first, begins_at), then)
        return b"".join(pieces)
