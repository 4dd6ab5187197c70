import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.lines import Line, Splitter


def split(body: bytes, step: int, *, first_line: int = 1, line_bytes_max: int = 8) -> list[Line]:
    splitter = Splitter(first_line=first_line, line_bytes_max=line_bytes_max)
    lines = [line for start in range(0, len(body), step) for line in splitter.lines(body[start : start + step])]
    return [*lines, *splitter.finish()]


@given(st.lists(st.binary(max_size=12).filter(lambda text: b"\n" not in text), max_size=8), st.integers(1, 20))
def test_lines_are_the_same_however_the_pieces_fall(texts: list[bytes], step: int) -> None:
    found = split(b"\n".join(texts), step)
    expected = [(n, t) for n, t in enumerate(texts, 1) if t.strip() or len(t) > 8]
    assert found == [Line(number, text if len(text) <= 8 else None) for number, text in expected]


@pytest.mark.parametrize("step", [1, 3, 100])
def test_a_line_that_is_too_long_is_told_and_the_next_ones_come(step: int) -> None:
    assert split(b"satu\n" + b"x" * 9 + b"\ndelapan8\n", step) == [
        Line(1, b"satu"),
        Line(2, None),
        Line(3, b"delapan8"),
    ]


def test_blank_lines_count_and_are_passed_over() -> None:
    assert split(b"\n \r\na\r\n\n", 2) == [Line(3, b"a\r")]


def test_the_last_line_needs_no_end_and_numbers_go_on_where_asked() -> None:
    assert split(b"a\nb", 9, first_line=41) == [Line(41, b"a"), Line(42, b"b")]


def test_what_is_held_of_a_line_without_an_end_is_bounded() -> None:
    splitter = Splitter(first_line=1, line_bytes_max=8)
    for _ in range(100):
        assert not list(splitter.lines(b"xxxx"))
        assert len(splitter._begun) <= 8
