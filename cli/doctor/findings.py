"""What the doctor says: what was found, what was expected, and how to mend it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    WELL = "well"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    """Kafka, a topic, a service, a file."""
    state: State
    found: str
    expected: str = ""
    mend: str = ""

    def row(self) -> dict[str, Any]:
        return asdict(self)


def well(part: str, found: str) -> Finding:
    return Finding(part, State.WELL, found)


def warning(part: str, found: str, expected: str, mend: str) -> Finding:
    return Finding(part, State.WARNING, found, expected, mend)


def fault(part: str, found: str, expected: str, mend: str) -> Finding:
    return Finding(part, State.FAULT, found, expected, mend)


def worst(findings: Sequence[Finding]) -> State:
    states = {finding.state for finding in findings}
    return next((state for state in (State.FAULT, State.WARNING) if state in states), State.WELL)
