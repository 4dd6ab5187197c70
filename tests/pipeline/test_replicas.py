"""Two replicas of validation and scoring share the work; one of them goes away in the middle of it."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from chassis.events import Event
from chassis.groups import group_of, wait_until_read
from chassis.kafka import Publisher, admin_client, ensure_topics
from chassis.mongo import Document, Mongo
from chassis.settings import Settings
from cli.demo.generator import plan_year
from cli.demo.plan import Plan, PlannedReport
from contracts.message import deterministic_id
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SCORECARD_UPDATED, SUBMISSION_JUDGED, SUBMISSION_RECEIVED, Topic
from contracts.verdict import VerdictOutcome
from regulation.law import Law
from regulation.loading import load_law
from tests.pipeline.replica import Replica, replicas
from tests.running import eventually, read_topic

pytestmark = pytest.mark.engines
REGIONS = 60
SERVICES = ("validation", "scoring")
DONE = {"validation": "spm_reports_judged_total", "scoring": "spm_scorecards_total"}
TAKEN_OVER_WITHIN_S = 60.0


def received(report: PlannedReport, law: Law) -> Event:
    submission = report.submission()
    return Event.of(
        SubmissionReceivedV1(
            submission_id=submission_id(report),
            client_id="importer",
            content_digest=submission.content_digest,
            arrived_at=report.arrived_at,
            due_at=law.calendar(report.quarter.text).due_at,
            recorded_at=report.arrived_at,
            imported=True,
            submission=submission,
        )
    )


def submission_id(report: PlannedReport) -> str:
    return deterministic_id("submission", "importer", report.key)


class Kept:
    """What the services keep in their databases."""

    def __init__(self, settings: Settings) -> None:
        self._mongo = Mongo(settings)

    async def documents(self, service: str, collection: str) -> list[Document]:
        return await self._mongo.database(service)[collection].find({}).to_list(None)

    async def finished(self, reports: Sequence[PlannedReport]) -> bool:
        """Whether each of these has its verdict, and its scorecard where it was accepted."""
        verdicts = await self._mongo.database("validation")["verdicts"].count_documents({})
        scorecards = await self._mongo.database("scoring")["scorecards"].count_documents({})
        accepted = sum(report.outcome is not VerdictOutcome.RETURNED for report in reports)
        return verdicts >= len(reports) and scorecards >= accepted

    async def close(self) -> None:
        await self._mongo.close()


async def both_share(settings: Settings) -> bool:
    """Whether each service's partitions are parted among two readers; while they are being parted, one has them all."""
    admin = admin_client(settings)
    try:
        await admin.start()
        # One by one: aiokafka 0.14 cannot read an answer that speaks of several groups.
        answers = [await admin.describe_consumer_groups([group_of(service, settings)]) for service in SERVICES]
    finally:
        await admin.close()
    described = [row for [answer] in answers for row in answer.to_object()["groups"]]
    return [(row["state"], len(row["members"])) for row in described] == [("Stable", 2)] * len(SERVICES)


async def lose_one(
    made: dict[str, list[Replica]], leaving: int, number: signal.Signals, events: Sequence[Event], publisher: Publisher
) -> None:
    """Publish everything; when each replica has done some of it, one of each service goes while the rest comes in."""
    before = await done_by(made)
    await publisher.publish(events[: len(events) // 2])

    async def all_at_work() -> bool:
        now = await done_by(made)
        return all(now[replica] > before[replica] for replica in now)

    await eventually(all_at_work, within_s=TAKEN_OVER_WITHIN_S)
    await asyncio.gather(
        publisher.publish(events[len(events) // 2 :]), *(made[service][leaving].end(number) for service in SERVICES)
    )


async def done_by(made: dict[str, list[Replica]]) -> dict[Replica, float]:
    return {replica: await replica.count(DONE[service]) for service, several in made.items() for replica in several}


async def test_nothing_is_lost_or_doubled_when_a_replica_is_stopped_and_another_killed(
    settings: Settings, tmp_path: Path
) -> None:
    law = load_law()
    plan = plan_year(law, seed=11, regions=REGIONS)
    events = [received(report, law) for report in plan.reports]
    half = len(events) // 2
    small_batches = settings.model_copy(update={"batch_records": 10})
    await ensure_topics(settings)
    publisher, kept = Publisher(settings, "test", linger_ms=5), Kept(settings)
    await publisher.start()
    try:
        async with replicas(small_batches, tmp_path, dict.fromkeys(SERVICES, 2)) as made:
            await eventually(lambda: both_share(settings), within_s=TAKEN_OVER_WITHIN_S)
            await lose_one(made, 1, signal.SIGTERM, events[:half], publisher)
            await eventually(lambda: kept.finished(plan.reports[:half]), within_s=TAKEN_OVER_WITHIN_S)

            await asyncio.gather(*(made[service][1].start(tmp_path / f"{service}.log") for service in SERVICES))
            await eventually(lambda: both_share(settings), within_s=TAKEN_OVER_WITHIN_S)
            await lose_one(made, 0, signal.SIGKILL, events[half:], publisher)
            await eventually(lambda: kept.finished(plan.reports), within_s=TAKEN_OVER_WITHIN_S)
            # What the killed one had kept and not published is published when its records come again.
            async with asyncio.timeout(TAKEN_OVER_WITHIN_S):
                for service, topic in (("validation", SUBMISSION_RECEIVED), ("scoring", SUBMISSION_JUDGED)):
                    await wait_until_read(settings, group_of(service, settings), topic)
        await assert_each_report_counts_once(settings, plan, kept)
    finally:
        await kept.close()
        await publisher.stop()


async def assert_each_report_counts_once(settings: Settings, plan: Plan, kept: Kept) -> None:
    verdicts = await kept.documents("validation", "verdicts")
    assert {verdict["_id"]: verdict["outcome"] for verdict in verdicts} == {
        submission_id(report): report.outcome for report in plan.reports
    }
    revisions = defaultdict(list)
    for verdict in verdicts:
        revisions[verdict["region_code"], verdict["period"]].append(verdict["revision"])
    assert all(sorted(counted) == list(range(1, len(counted) + 1)) for counted in revisions.values())
    accepted = {submission_id(r) for r in plan.reports if r.outcome is not VerdictOutcome.RETURNED}
    assert {card["_id"] for card in await kept.documents("scoring", "scorecards")} == accepted
    await assert_one_event_each(settings, SUBMISSION_JUDGED, len(plan.reports))
    await assert_one_event_each(settings, SCORECARD_UPDATED, len(accepted))


async def assert_one_event_each(settings: Settings, topic: Topic, count: int) -> None:
    """A crash may publish an event again; then it is the same to the byte."""
    values = defaultdict(set)
    for record in await read_topic(settings, topic.name, count, settle_s=1.0):
        values[dict(record.headers)["ce_id"]].add(record.value)
    assert len(values) == count
    assert all(len(same) == 1 for same in values.values())
