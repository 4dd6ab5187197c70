"""Content codings of request bodies, undone piece by piece: what a small body could grow to is never held whole."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, cast

import zstandard

WINDOW_BYTES_MAX: Final = 8 * 1024 * 1024
"""What RFC 9659 lets a sender of zstd ask for."""
_GZIP: Final = zlib.MAX_WBITS | 16
_BROKEN: Final = (zlib.error, zstandard.ZstdError)


class BadEncodingError(ValueError):
    """The bytes are not what the coding makes."""


class _Unpacking(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Coding:
    begin: Callable[[], _Unpacking]
    step_bytes: int
    """So few go in at once that at most a mebibyte comes out."""


def _zstd() -> _Unpacking:
    return cast("_Unpacking", zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX).decompressobj())


_CODINGS: Final = {
    "gzip": _Coding(lambda: cast("_Unpacking", zlib.decompressobj(_GZIP)), step_bytes=1_000),
    "zstd": _Coding(_zstd, step_bytes=32),
}
ACCEPTED: Final = ", ".join(_CODINGS)


class Decoder:
    """Undoes one coding.

    Raises:
        KeyError: the coding is not known.
    """

    def __init__(self, coding: str) -> None:
        self._coding = _CODINGS[coding]
        self._member = self._coding.begin()

    def pieces(self, coded: bytes) -> Iterator[bytes]:
        """What the next bytes stand for.

        Raises:
            BadEncodingError: they stand for nothing.
        """
        step = self._coding.step_bytes
        for start in range(0, len(coded), step):
            left = coded[start : start + step]
            while left:
                piece, left = self._unpack(left)
                if piece:
                    yield piece

    def finish(self) -> None:
        """Raises:
        BadEncodingError: the end is missing.
        """
        if not self._member.eof:
            raise BadEncodingError("the body ends before its coding does")

    def _unpack(self, coded: bytes) -> tuple[bytes, bytes]:
        if self._member.eof:
            # Several members in a row are one body (RFC 1952, RFC 8878); anything else behind the end fails as one.
            self._member = self._coding.begin()
        try:
            piece = self._member.decompress(coded)
        except _BROKEN as error:
            raise BadEncodingError(str(error)) from None
        return piece, self._member.unused_data if self._member.eof else b""
