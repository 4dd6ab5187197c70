"""A copy of all that nothing else can give back: the log, and the few collections that do not follow from it.

Taken while everything runs. Ends are noted against the flow, effects before their causes, so that no copy holds a fact
whose cause it lacks; what is only a cause is judged, scored and told after it was brought back.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from aiokafka import ConsumerRecord, TopicPartition

from chassis.clock import Clock
from chassis.copies import MANIFEST, PLAN, CopyError, Kept, Manifest, Plan, Span, line_of, measured, write_json, writing
from chassis.groups import existing
from chassis.mongo import Mongo, written
from chassis.replay import RECORDS, WAIT_MS, reader
from chassis.settings import Settings
from contracts.topics import DEAD_LETTER_SETTLED, PERIOD_CHANGED, TOPICS, Topic, dead_letter_of

KEPT: Final = (
    Kept(service="intake", collection="key_uses"),
    Kept(service="intake", collection="refusals"),
    Kept(service="notify", collection="readings"),
)
"""Who is signed in is left out: they sign in again."""
AGAINST_THE_FLOW: Final[tuple[Topic, ...]] = (
    DEAD_LETTER_SETTLED,
    *map(dead_letter_of, TOPICS),
    *(topic for topic in reversed(TOPICS) if topic not in {DEAD_LETTER_SETTLED, PERIOD_CHANGED}),
    PERIOD_CHANGED,
)

Say = Callable[[str], None]


async def take(settings: Settings, folder: Path, clock: Clock, say: Say) -> Manifest:
    """Copy into the folder; after an interruption, go on there.

    Raises:
        CopyError: something else stands there.
    """
    plan = _begun(folder) or await _plan(settings, folder, clock)
    for topic in AGAINST_THE_FLOW:
        spans = [span for span in plan.spans if span.topic == topic.name]
        missing = [span for span in spans if not (folder / span.file).exists()]
        if missing:
            await _copy(settings, topic, missing, folder)
        if held := sum(span.end - span.first for span in spans):
            say(f"{topic.name}: {held:,} records")
    await _keep(settings, [one for one in plan.kept if not (folder / one.file).exists()], folder)
    files = {file: measured(folder / file) for file in plan.files}
    manifest = Manifest(version=version("spm-awards"), plan=plan, files=files)
    write_json(folder / MANIFEST, manifest)
    return manifest


def _begun(folder: Path) -> Plan | None:
    """The plan of a backup that was interrupted; None in an empty folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / MANIFEST).exists():
        raise CopyError(f"{folder} holds a whole backup already; name another folder")
    if (folder / PLAN).exists():
        return Plan.model_validate_json((folder / PLAN).read_bytes())
    if any(folder.iterdir()):
        raise CopyError(f"{folder} is not empty; name another folder")
    return None


async def _plan(settings: Settings, folder: Path, clock: Clock) -> Plan:
    began_at = clock.now()
    spans = [span for topic in await existing(settings, AGAINST_THE_FLOW) for span in await _spans(settings, topic)]
    plan = Plan(began_at=began_at, spans=tuple(spans), kept=KEPT)
    write_json(folder / PLAN, plan)
    return plan


async def _spans(settings: Settings, topic: Topic) -> list[Span]:
    async with reader(settings, topic) as (consumer, _):
        partitions = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        first = await consumer.beginning_offsets(partitions)
    return [Span(topic=topic.name, partition=at.partition, first=first[at], end=ends[at]) for at in partitions]


async def _copy(settings: Settings, topic: Topic, spans: Sequence[Span], folder: Path) -> None:
    async with reader(settings, topic) as (consumer, _):
        for span in spans:
            at = TopicPartition(settings.kafka_prefix + topic.name, span.partition)
            with writing(folder / span.file) as file:
                async for record in _records(consumer, at, span):
                    file.write(line_of(record) + b"\n")


async def _records(consumer: Any, at: TopicPartition, span: Span) -> AsyncIterator[ConsumerRecord]:
    """Those that stand in the span still: compaction and retention take others away at any time."""
    while span.first < span.end and await consumer.position(at) < span.end:
        for records in (await consumer.getmany(at, timeout_ms=WAIT_MS, max_records=RECORDS)).values():
            for record in records:
                if record.offset < span.end:
                    yield record


async def _keep(settings: Settings, kept: Sequence[Kept], folder: Path) -> None:
    mongo = Mongo(settings)
    try:
        for one in kept:
            with writing(folder / one.file) as file:
                async for document in mongo.database(one.service)[one.collection].find({}):
                    file.write(written(document).encode() + b"\n")
    finally:
        await mongo.close()
