import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.arrays import elements

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(array=st.lists(values, max_size=5), indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_the_elements_are_those_of_the_array(array: list[object], indent: int | None, *, ascii_only: bool) -> None:
    body = json.dumps(array, indent=indent, ensure_ascii=ascii_only).encode()
    assert [json.loads(element) for element in elements(b" \n" + body + b"\r\n ")] == array


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"1", b'"["', b"[", b"[1", b"[1,", b"[[1]", b'["]', b'["\\"]', b"[1] 2", b"[1][", b"\xef\xbb\xbf[]"],
)
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"array"):
        list(elements(body))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"[]", []),
        (b"[ ]", []),
        (b"[,]", [b"", b""]),
        (b"[1,]", [b"1", b""]),
        (b'["a,]\\"", {"b": [1, 2]}]', [b'"a,]\\""', b'{"b": [1, 2]}']),
        (b"[1 2, nul]", [b"1 2", b"nul"]),
    ],
)
def test_an_element_is_left_as_it_is_written(body: bytes, found: list[bytes]) -> None:
    assert list(elements(body)) == found


@pytest.mark.parametrize("part", [b'"\\', b'\\"', b'"', b"[", b"{,", b'"\\"'])
def test_spiteful_bodies_take_no_longer_than_others(part: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(ValueError, match="array"):
        list(elements(b"[" + part * 300_000 + b"\\"))
    assert time.perf_counter() - began < 5


@given(st.binary(max_size=60))
def test_bytes_of_chance_are_parted_or_refused(body: bytes) -> None:
    try:
        assert len(b"".join(elements(b"[" + body))) <= len(body)
    except ValueError:
        return
