"""Synthetic reports by the thousand: each has the size of a real one and content of its own."""

from collections.abc import Iterator, Sequence

from regulation.law import Law
from tests.validation.reports import KOTA, faultless

_MARK = "Laporan contoh 00000000"
_ITEMS = 4
"""Quality items of each service: with them a report has 16 kB."""


def report_lines(law: Law, count: int, *, first: int = 0, regions: Sequence[str] = ()) -> Iterator[bytes]:
    """The ``first``-th and following lines of a stream that is the same each time; regions take turns."""
    form = faultless(law, items=_ITEMS, source_system=_MARK).model_dump_json().encode() + b"\n"
    before, _, after = form.partition(_MARK.encode())
    codes = [code.encode() for code in regions or [KOTA]]
    heads = [before.replace(KOTA.encode(), code) for code in codes]
    for number in range(first, first + count):
        yield b"%bLaporan contoh %08d%b" % (heads[number % len(heads)], number, after)
