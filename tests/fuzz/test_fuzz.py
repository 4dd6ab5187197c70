"""A short run of what ``make fuzz`` does for long."""

from pathlib import Path

import pytest

from tests.fuzz.asking import asked
from tests.fuzz.requests import Fuzzed, Maker
from tests.fuzz.storm import UNLIMITED, Outcome, fuzz
from tests.running import Keys, settings_for

SHORT = 650
MANY_SECONDS = 25


async def test_requests_that_nobody_should_send_do_no_harm(kafka: str, mongo: str, keys: Keys, tmp_path: Path) -> None:
    settings = settings_for(kafka, mongo, keys, **UNLIMITED)
    faults = await fuzz(settings, keys, tmp_path, count=SHORT, seed=7)
    assert not faults


async def test_the_doors_keep_what_their_document_promises(kafka: str, mongo: str, keys: Keys, tmp_path: Path) -> None:
    settings = settings_for(kafka, mongo, keys, **UNLIMITED)
    options = ("--phases", "examples,fuzzing", "--max-examples", "2", "--max-time", str(MANY_SECONDS), "--seed", "1")
    code, said = await asked(settings, keys, tmp_path, *options)
    assert code == 0, said[-8_000:]


def test_the_same_seed_makes_the_same_requests() -> None:
    def made(seed: int) -> list[Fuzzed]:
        return list(Maker(seed, ["spm_t"], [("GET", "/v1/things/{id}")]).make(130))

    assert made(1) == made(1)
    assert made(1) != made(2)
    assert len({request.kind for request in made(1)}) == 13


@pytest.mark.parametrize(
    ("status", "whole", "bad"),
    [
        ("500", True, True),
        ("503", False, True),
        ("HANGS", False, True),
        ("ended", True, True),
        ("ended", False, False),
        ("422", True, False),
    ],
)
def test_a_mistake_a_hang_and_a_lost_answer_are_told_of(status: str, *, whole: bool, bad: bool) -> None:
    outcome = Outcome()
    outcome.note(Fuzzed("bytes", b"", whole=whole), status, b"")
    assert bool(outcome.bad) is bad
