"""docs/operations.md says what to do about every answer and every dead letter that the code can give."""

import ast
import re
from functools import cache

import pytest

from cli.generate import ROOT
from tests.architecture.literals import Place, UntraceableError, arguments_of, texts
from tests.architecture.source import Module

ANSWERS = "Answers of the HTTP doors"
REASONS = "Reasons of dead letters"


@cache
def headings() -> dict[str, list[str]]:
    """Third-level headings, by the second-level heading above them."""
    found: dict[str, list[str]] = {}
    chapter = ""
    for line in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"(##|###) (.+)", line):
            depth, words = match.groups()
            if depth == "##":
                chapter = words
            else:
                found.setdefault(chapter, []).append(words.strip("`"))
    return found


def test_every_answer_of_a_door_is_explained_and_no_other() -> None:
    assert set(headings()[ANSWERS]) == arguments_of("chassis.problems", "Problem", 1)


def test_every_reason_of_a_dead_letter_is_explained_and_no_other() -> None:
    mistakes = {"mistake"}  # what the stream itself gives when a handler fails (chassis/stream.py)
    assert set(headings()[REASONS]) == arguments_of("chassis.errors", "Unprocessable", 0) | mistakes


@pytest.mark.parametrize("chapter", [ANSWERS, REASONS])
def test_headings_are_in_order_so_that_they_are_found(chapter: str) -> None:
    assert headings()[chapter] == sorted(set(headings()[chapter]))


def traced(source: str) -> set[str]:
    """The texts that the last expression of ``source`` can have."""
    tree = ast.parse(source)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    return set(texts(last.value, Place(Module(ROOT / "example.py", 1, tree), None)))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("'a'", {"a"}),
        ("'a' if x == 'c' else 'b'", {"a", "b"}),
        ("s = 'a'\ns", {"a"}),
        ("s: Final = {1: 'a'}\ns.get(x, 'b')", {"a", "b"}),
    ],
)
def test_a_text_is_followed_back_to_where_it_is_written(source: str, found: set[str]) -> None:
    assert traced(source) == found


@pytest.mark.parametrize("source", ["f'a{x}'", "a.b", "unknown", "7"])
def test_a_text_that_cannot_be_followed_is_refused(source: str) -> None:
    with pytest.raises(UntraceableError):
        traced(source)
