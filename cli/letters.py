"""What a record that was put aside holds, as text for people: on a terminal and on a page."""

import json
from collections.abc import Iterator

from chassis.dead_letters import Letter
from chassis.mending import Case
from cli.saying import harmless

OPEN = "open"


def state(case: Case) -> str:
    return OPEN if case.settled is None else case.settled.settlement.value


def text(raw: bytes | None) -> str:
    """On one line, whatever the bytes are; what would steer a terminal is written out."""
    return "∅" if raw is None else harmless(raw.decode("utf-8", "backslashreplace"))


def headers(letter: Letter) -> Iterator[tuple[str, str]]:
    return ((harmless(name), text(raw)) for name, raw in letter.headers)


def value(letter: Letter, chars_max: int) -> tuple[str, int]:
    """JSON laid out, anything else as it is; and how many characters more there are."""
    raw = letter.value
    try:
        whole = json.dumps(json.loads(raw or b""), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        whole = "∅" if raw is None else raw.decode("utf-8", "backslashreplace")
    return "\n".join(map(harmless, whole[:chars_max].split("\n"))), max(0, len(whole) - chars_max)
