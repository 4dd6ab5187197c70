"""Texts of others on a terminal: they are shown and cannot steer it."""

import re
from typing import Final

import typer
from rich.console import Console

_STEERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What controls a terminal, ends a line, turns the direction of writing, or cannot be written."""


def harmless(text: str) -> str:
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def tell(*lines: str) -> None:
    for line in lines:
        print(harmless(line))


def complain(sentence: str) -> None:
    typer.secho(f"spm: {harmless(sentence)}", fg=typer.colors.RED, err=True)


def say(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(harmless(line), markup=False, emoji=False, soft_wrap=True)
