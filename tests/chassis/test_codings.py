import gzip
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chassis.codings import ACCEPTED, BadEncodingError, Decoder

MEBIBYTE = 1024 * 1024
TEXT = b"contoh, " * 1_000


def coded(coding: str, text: bytes) -> bytes:
    return gzip.compress(text) if coding == "gzip" else zstandard.ZstdCompressor().compress(text)


def undone(coding: str, body: bytes, step: int = 4_096) -> bytes:
    decoder = Decoder(coding)
    text = b"".join(p for start in range(0, len(body), step) for p in decoder.pieces(body[start : start + step]))
    decoder.finish()
    return text


codings = pytest.mark.parametrize("coding", ACCEPTED.split(", "))


@codings
@pytest.mark.parametrize("step", [1, 7, 4_096])
@pytest.mark.parametrize("text", [b"", b"x", TEXT])
def test_a_coding_is_undone_however_the_bytes_come(coding: str, text: bytes, step: int) -> None:
    assert undone(coding, coded(coding, text), step) == text


@codings
def test_members_in_a_row_are_one_body(coding: str) -> None:
    assert undone(coding, coded(coding, TEXT) + coded(coding, b"") + coded(coding, b"ekor")) == TEXT + b"ekor"


@codings
@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b[:5], lambda _: b"", lambda b: b + b"x" * 40])
def test_what_is_cut_off_or_goes_on_behind_its_end_is_refused(coding: str, spoil: object) -> None:
    assert callable(spoil)
    with pytest.raises(BadEncodingError):
        undone(coding, spoil(coded(coding, TEXT)))


@codings
@given(st.binary(max_size=200))
def test_bytes_of_chance_are_refused_or_undone(coding: str, body: bytes) -> None:
    try:
        undone(coding, body, 7)
    except BadEncodingError:
        return


@codings
def test_a_bomb_goes_off_a_mebibyte_at_a_time(coding: str) -> None:
    bomb = coded(coding, bytes(200 * MEBIBYTE))
    pieces = Decoder(coding).pieces(bomb)
    assert max(len(piece) for piece in pieces) <= 1.1 * MEBIBYTE


def test_a_window_above_the_limit_is_refused() -> None:
    wide = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=24)).compressobj()
    with pytest.raises(BadEncodingError, match="too much memory"):
        undone("zstd", wide.compress(TEXT) + wide.flush())


def test_deflate_without_its_frame_is_no_gzip() -> None:
    with pytest.raises(BadEncodingError):
        undone("gzip", zlib.compress(TEXT))
