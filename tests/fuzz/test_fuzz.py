"""A short run of what ``make fuzz`` does for long."""

import json
from pathlib import Path

import pytest

from services.intake.routes.openapi import example_of
from tests.fuzz.asking import asked
from tests.fuzz.requests import Fuzzed, Maker
from tests.fuzz.storm import GROWTH_BYTES_MAX, UNLIMITED, Outcome, fuzz
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


@pytest.mark.parametrize(
    ("status", "slug", "bad"),
    [
        ("503", "streams-full", False),
        ("500", "streams-full", True),
        ("503", "unavailable", True),
        ("503", "batches-full", True),
    ],
)
def test_of_all_that_blames_the_service_too_many_streams_alone_is_meant(status: str, slug: str, *, bad: bool) -> None:
    outcome = Outcome()
    outcome.note(Fuzzed("streams", b""), status, json.dumps(example_of(slug), separators=(",", ":")).encode())
    assert bool(outcome.bad) is bad


@pytest.mark.parametrize(("a_request", "flat"), [(0, True), (100, True), (360, False), (1_024, False)])
def test_a_creeping_memory_is_told_from_one_that_rises_and_falls(a_request: int, *, flat: bool) -> None:
    mib = 1024 * 1024
    samples = range(0, 100_000, 1_000)
    resident = [150 * mib + sent % 20_000 * 2_000 + sent * a_request for sent in samples]
    assert (Outcome(resident=resident).growth_bytes <= GROWTH_BYTES_MAX) is flat
