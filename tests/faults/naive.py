"""The negative control: a service that counts with ``$inc``, publishes what came back, and commits.

It is what one writes first. It is right until a process dies between its write and the commit.
"""

from collections.abc import Sequence

from chassis.events import Event, Received
from chassis.mongo import Database
from chassis.service import Service, World
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome


def build(world: World) -> Service:
    async def handle(batch: Sequence[Received]) -> list[Event]:
        return [
            await _judge(world.database, received.message)
            for received in batch
            if isinstance(received.message, SubmissionReceivedV1)
        ]

    return Service("validation", {SUBMISSION_RECEIVED: handle})


async def _judge(database: Database, report: SubmissionReceivedV1) -> Event:
    submission = report.submission
    head = await database["heads"].find_one_and_update(
        {"_id": f"{submission.region_code}/{submission.period}"},
        {"$inc": {"revision": 1}},
        upsert=True,
        return_document=True,
    )
    assert head is not None
    return Event.of(
        SubmissionJudgedV1(
            submission_id=report.submission_id,
            client_id=report.client_id,
            region_code=submission.region_code,
            period=submission.period,
            revision=head["revision"],
            outcome=VerdictOutcome.RETURNED,
            arrived_at=report.arrived_at,
            due_at=report.due_at,
            recorded_at=report.recorded_at,
            on_time=report.on_time,
            content_digest=report.content_digest,
            ruleset_id="naive",
            ruleset_digest=report.content_digest,
        )
    )
