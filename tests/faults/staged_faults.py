"""The faults that are staged, each with the alerts that are for it: together every alert there is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo import AsyncMongoClient

from chassis.clock import SystemClock
from chassis.events import Event
from chassis.mending import cases, discard
from chassis.operators import Order, pause
from contracts.topics import SUBMISSION_RECEIVED
from tests.faults.staged_house import PERIOD, REGIONS, House
from tests.intake.reports import received, submission
from tests.running import eventually, meanwhile

LATE_S: Final = 12.0
"""More than the objectives allow, once their times are cut down."""
LOGGED_WITHIN_S: Final = 60.0
"""So soon a report that was taken can be asked for."""
RETURNED: Final = 1_700
"""More people served than were targeted: it is returned, and its region is told by mail."""
_ORDER: Final = Order("Operator", "Sintetis: racun percobaan.")


@dataclass(frozen=True)
class Fault:
    name: str
    alerts: frozenset[str]
    staged: Callable[[House], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def validation_dead_before_a_deadline(house: House) -> AsyncIterator[None]:
    await house.set_due(SystemClock().now() + timedelta(hours=1))
    async with house.stopped("validation"):
        await house.hand_in(submission("64.71", PERIOD, served=700))
        yield
    await house.nothing_due()


@asynccontextmanager
async def replicas_that_come_and_go(house: House) -> AsyncIterator[None]:
    async def come_and_go() -> None:
        replica = house.replica("whole")
        try:
            while True:
                await replica.start()
                await asyncio.sleep(1)
                await replica.stop()
        finally:
            await replica.stop()

    async with meanwhile(come_and_go()):
        yield


@asynccontextmanager
async def a_replica(house: House, what: str) -> AsyncIterator[None]:
    async with house.reports(), house.beside(what):
        yield


@asynccontextmanager
async def scoring_paused(house: House) -> AsyncIterator[None]:
    await pause(house.settings, "scoring", _ORDER, SystemClock(), rest=True)
    yield
    await pause(house.settings, "scoring", _ORDER, SystemClock(), rest=False)


@asynccontextmanager
async def poison_record(house: House) -> AsyncIterator[None]:
    async with house.publishing() as publisher:
        await publisher.publish_raw([(SUBMISSION_RECEIVED.name, b"64.71", [], b"\xffno JSON")])
    yield
    letters = [case.letter for case in (await cases(house.settings)).values() if case.settled is None]
    await discard(house.settings, letters, _ORDER, SystemClock())


@asynccontextmanager
async def forged_verdict(house: House) -> AsyncIterator[None]:
    """As if somebody had written to intake's database who may not."""
    verdict = {"client_id": "nobody", "outcome": "accepted", "revision": 99, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    async with forged(house, "submissions", {"region_code": "64.71", "period": PERIOD, "judged": verdict}):
        yield


@asynccontextmanager
async def note_that_cannot_be_read(house: House) -> AsyncIterator[None]:
    """As a mistake of ours would leave it: the story of its report cannot be told."""
    report = submission("64.71", PERIOD, served=720).model_dump(mode="json")
    taken = (await house.ask("importer", "POST", "/v1/submissions", json=report)).json()["submission_id"]
    async with forged(house, "notices", {"submission_id": taken}):

        async def trips() -> bool:
            return (await house.ask("secretariat", "GET", f"/v1/submissions/{taken}")).is_server_error

        await eventually(trips, within_s=LOGGED_WITHIN_S)
        yield


@asynccontextmanager
async def forged(house: House, collection: str, document: dict[str, Any]) -> AsyncIterator[None]:
    """The document stands among intake's meanwhile."""
    async with AsyncMongoClient[dict[str, Any]](house.addresses["mongodb"]) as client:
        place = client["spm_intake"][collection]
        await place.insert_one({"_id": "forged", **document})
        try:
            yield
        finally:
            await place.delete_one({"_id": "forged"})


@asynccontextmanager
async def mongodb_away(house: House) -> AsyncIterator[None]:
    async with house.publishing() as publisher, house.stopped("mongodb"), house.reports():
        late = received(submission("64.72", PERIOD), key="staged", now=SystemClock().now())
        await publisher.publish([Event.of(late)])
        yield


@asynccontextmanager
async def mail_server_away(house: House) -> AsyncIterator[None]:
    async with house.stopped("mail"):
        await house.hand_in(submission("64.71", PERIOD, served=RETURNED))
        yield


@asynccontextmanager
async def late(house: House, service: str, served: int) -> AsyncIterator[None]:
    """The service hung for a while; what came meanwhile is late when it goes on."""
    async with house.stopped(service):
        for region in REGIONS:
            await house.hand_in(submission(region, PERIOD, served=served))
        await asyncio.sleep(LATE_S)
    yield


FAULTS: Final = (
    Fault(
        "validation stands still, an hour before a deadline",
        frozenset({"SpmServiceDown", "SpmSubmissionsUnjudged", "SpmDeadlineAtRisk", "SpmDeadlineReportsMissing"}),
        validation_dead_before_a_deadline,
    ),
    Fault(
        "reports are judged late",
        frozenset({"SpmJudgingBudgetBurnsFast", "SpmJudgingBudgetBurnsSlowly"}),
        lambda house: late(house, "validation", 710),
    ),
    Fault(
        "mails go out late",
        frozenset({"SpmNoticesBudgetBurnsFast", "SpmNoticesBudgetBurnsSlowly"}),
        lambda house: late(house, "notify", RETURNED + 1),
    ),
    Fault("a replica's consume loop has ended", frozenset({"SpmConsumerDead"}), lambda house: a_replica(house, "deaf")),
    Fault("commits are refused", frozenset({"SpmCommitsFailing"}), lambda house: a_replica(house, "refused")),
    Fault("a replica of another version", frozenset({"SpmVersionsDiffer"}), lambda house: a_replica(house, "older")),
    Fault("a replica comes and goes", frozenset({"SpmRebalancing"}), replicas_that_come_and_go),
    Fault("scoring rests by an order", frozenset({"SpmServicePaused"}), scoring_paused),
    Fault("a poison record", frozenset({"SpmDeadLetters"}), poison_record),
    Fault("a verdict that nobody asked for", frozenset({"SpmLedgerOutOfBalance"}), forged_verdict),
    Fault("a note that cannot be read", frozenset({"SpmMistake"}), note_that_cannot_be_read),
    Fault(
        "MongoDB stands still",
        frozenset(
            {
                *("SpmMongoAway", "SpmConsumerBehind", "SpmDoorFailing", "SpmTaskFailing"),
                *("SpmFiguresStale", "SpmLedgerNotWeighed"),
            }
        ),
        mongodb_away,
    ),
    Fault("Kafka stands still", frozenset({"SpmKafkaAway"}), lambda house: house.stopped("kafka")),
    Fault("the mail server stands still", frozenset({"SpmMailFailing", "SpmNoticesWaiting"}), mail_server_away),
)
