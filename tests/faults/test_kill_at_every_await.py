"""SIGKILL at every await between decode and commit leaves what would be without it.

A reference run records every topic. For each service and each await in turn, a fresh installation gets the same
records; the service dies at that await, is started again and finishes. Its documents and events must be the same.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from chassis.settings import Settings
from contracts.topics import EVERY_TOPIC, TOPICS
from tests.faults.harness import (
    Fed,
    Outcome,
    Subject,
    dies_or_drains,
    drains,
    feed,
    ledger_of,
    narrow,
    outcome_of,
    reads_of,
    recorded,
    victim,
    writes_of,
)
from tests.faults.story import year_of
from tests.faults.victim import Edge, KillPoint
from tests.running import settings_for

AWAITS_MAX = 60
"""Above any handler's; the enumeration ends by itself when a process outlives its kill point."""
AT_ONCE = 3
"""Installations beside each other: each mostly waits for its engines."""
NO_SMTP = "smtp://127.0.0.1:9"
"""Nobody listens there: notices stay unsent, so that only the handler's own writes are compared."""

SENDING = frozenset({"state", "attempts", "next_at"})
FEW = narrow(EVERY_TOPIC)
KNOWS_THE_PAST = frozenset({"past"})
"""Intake's note that it has read the log up to where it ended at the start: of the process, not of the records."""
READ_SO_FAR = frozenset({"ends_read"})
"""Notify's note of what it had committed when it last looked."""
SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject("validation", "services.validation.app:build", narrow(reads_of("validation")), writes_of("validation")),
        Subject("scoring", "services.scoring.app:build", narrow(reads_of("scoring")), writes_of("scoring")),
        Subject(
            "intake", "services.intake.app:build", narrow(reads_of("intake")), writes_of("intake"), aside=KNOWS_THE_PAST
        ),
        Subject(
            "notify",
            "services.notify.app:build",
            narrow(reads_of("notify")),
            writes_of("notify"),
            volatile=SENDING,
            aside=READ_SO_FAR,
            ordered=False,
        ),
    )
}
NAIVE = replace(SUBJECTS["validation"], build="tests.faults.naive:build")


def fresh(kafka: str, mongo: str) -> Settings:
    return settings_for(kafka, mongo, smtp=NO_SMTP, batch_wait_ms=200, replica="1")


@pytest_asyncio.fixture(scope="module")
async def log(kafka: str, mongo: str) -> AsyncIterator[list[Fed]]:
    """Every record of a year that went through all four services without a fault."""
    settings = fresh(kafka, mongo)
    await feed(settings, year_of(regions=3), FEW)
    for name in ("validation", "scoring"):
        async with victim(SUBJECTS[name], settings):
            await drains(SUBJECTS[name], settings)
    yield await recorded(settings, TOPICS)


async def run_through(subject: Subject, settings: Settings, log: list[Fed], kill_at: KillPoint | None) -> bool:
    """Whether the service died at the kill point; in the end it has read everything."""
    read = {topic.name for topic in subject.reads}
    await feed(settings, [record for record in log if record.topic in read], FEW)
    async with victim(subject, settings, kill_at) as process:
        died = await dies_or_drains(process, subject, settings)
    if died:
        async with victim(subject, settings):
            await drains(subject, settings)
    if subject.name == "intake":
        ledger = await ledger_of(settings)
        assert ledger.balanced, f"out of balance: {ledger.total}"
    return died


async def clean_run(subject: Subject, kafka: str, mongo: str, log: list[Fed]) -> Outcome:
    settings = fresh(kafka, mongo)
    assert not await run_through(subject, settings, log, None)
    return await outcome_of(subject, settings)


async def kills(
    subject: Subject, edge: Edge, kafka: str, mongo: str, log: list[Fed]
) -> AsyncIterator[tuple[int, Outcome | AssertionError, Outcome]]:
    """For each await in turn: its number, what a kill there leaves or how it contradicts itself, what it should be."""

    async def killed_at(number: int) -> tuple[bool, Outcome | AssertionError]:
        settings = fresh(kafka, mongo)
        died = await run_through(subject, settings, log, KillPoint(number, edge))
        try:
            return died, await outcome_of(subject, settings)
        except AssertionError as contradiction:
            return died, contradiction

    expected = await clean_run(subject, kafka, mongo, log)
    assert any(expected.documents.values()), "the reference run left nothing to compare with"
    for first in range(1, AWAITS_MAX, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        for number, (died, found) in zip(numbers, await asyncio.gather(*map(killed_at, numbers)), strict=True):
            yield number, found, expected
            if not died:
                return
    raise AssertionError(f"{subject.name} has more than {AWAITS_MAX} awaits")


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("edge", ["entered", "done"])
@pytest.mark.parametrize("name", SUBJECTS)
async def test_a_service_killed_at_any_await_ends_as_without_the_kill(
    name: str, edge: Edge, kafka: str, mongo: str, log: list[Fed]
) -> None:
    enumerated = 0
    async for number, found, expected in kills(SUBJECTS[name], edge, kafka, mongo, log):
        assert isinstance(found, Outcome), f"killed at await {number} ({edge}): {found}"
        assert found.unlike(expected) == [], f"killed at await {number} ({edge})"
        enumerated = number
    assert enumerated > 2, "a handler that keeps and publishes waits more often than that"


@pytest.mark.timeout(1_200)
async def test_a_naive_handler_fails_the_same_test(kafka: str, mongo: str, log: list[Fed]) -> None:
    async for _, found, expected in kills(NAIVE, "done", kafka, mongo, log):
        if found != expected:
            return
    pytest.fail("the harness cannot see a wrong handler")
