"""A log with all that may stand in one, copied and brought back; what is refused. A whole year: ``test_year.py``."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import RecordsToDelete

from chassis import backup
from chassis.backup import KEPT, take
from chassis.clock import SystemClock
from chassis.copies import MANIFEST, PLAN, Copied, CopyError, Span, checked
from chassis.kafka import admin_client, ensure_topics
from chassis.mongo import Mongo
from chassis.replay import read_records
from chassis.restore import GAP, _without_holes, bring_back
from chassis.settings import Settings
from contracts.topics import NOTICE_SETTLED, PAUSE_CHANGED, SUBMISSION_RECEIVED
from tests.running import settings_for

TOPICS = (SUBMISSION_RECEIVED, NOTICE_SETTLED, PAUSE_CHANGED)
REFUSAL = {"_id": "refusal-1", "at": SystemClock().now(), "slug": "forbidden", "region": None}


class Row(NamedTuple):
    """A record, apart from the installation's prefix."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    headers: tuple[Any, ...]
    value: bytes | None


async def rows(settings: Settings) -> list[Row]:
    found = [
        Row(
            one.topic.removeprefix(settings.kafka_prefix),
            *(one.partition, one.offset, one.timestamp),
            *(one.key, tuple(one.headers), one.value),
        )
        async for records in read_records(settings, *TOPICS)
        for one in records
    ]
    return sorted(found, key=lambda row: row[:3])


def said(_: str) -> None:
    """Nobody listens."""


async def append(settings: Settings, topic: str, *records: Copied) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka) as producer:
        for one in records:
            await producer.send_and_wait(
                settings.kafka_prefix + topic,
                value=one.value,
                key=one.key,
                headers=one.headers,
                partition=0,
                timestamp_ms=one.timestamp_ms,
            )


@pytest_asyncio.fixture(scope="module")
async def source(kafka: str, mongo: str) -> Settings:
    """A region's records, notices of which the oldest are gone, an order, and what follows from no log."""
    settings = settings_for(kafka, mongo)
    await ensure_topics(settings, TOPICS)
    odd = [("null", None), ("same", b"1"), ("same", b"\xff\x00"), ("", b"")]
    reports = [Copied(at, 1_700_000_000_000 + at, b"64.71", odd, bytes([at]) * 100) for at in range(3)]
    await append(settings, SUBMISSION_RECEIVED.name, *reports, Copied(3, 1, None, [], b""), Copied(4, 2, b"", [], None))
    notices = [Copied(at, 1_700_000_000_000, b"64.71", [], b"notice") for at in range(5)]
    await append(settings, NOTICE_SETTLED.name, *notices)
    await append(settings, PAUSE_CHANGED.name, Copied(0, 1_700_000_000_000, b"scoring", [], b"{}"))
    await forget_before(settings, NOTICE_SETTLED.name, 3)
    client = Mongo(settings)
    await client.database("intake")["refusals"].insert_one(dict(REFUSAL))
    await client.close()
    return settings


async def forget_before(settings: Settings, topic: str, offset: int) -> None:
    admin = admin_client(settings)
    await admin.start()
    await admin.delete_records({TopicPartition(settings.kafka_prefix + topic, 0): RecordsToDelete(offset)})
    await admin.close()


def elsewhere(source: Settings) -> Settings:
    """Empty engines."""
    return settings_for(source.kafka, source.mongo)


@pytest.mark.engines
async def test_every_record_stands_where_and_when_it_stood_and_what_was_gone_is_gone(
    source: Settings, tmp_path: Path
) -> None:
    copied = await take(source, tmp_path / "copy", SystemClock(), said)
    target = elsewhere(source)
    assert await bring_back(target, tmp_path / "copy", said) == copied
    assert await rows(target) == await rows(source)
    assert sum(file.entries for file in copied.files.values()) == 5 + 2 + 1 + 1
    client = Mongo(target)
    [found] = await client.database("intake")["refusals"].find({}).to_list(None)
    await client.close()
    assert found == REFUSAL
    assert {oct(path.stat().st_mode & 0o077) for path in (tmp_path / "copy").rglob("*")} == {"0o0"}

    with pytest.raises(CopyError, match=r"records stand in .*: name empty engines"):
        await bring_back(target, tmp_path / "copy", said)
    assert await rows(target) == await rows(source)


@pytest.mark.engines
async def test_an_interrupted_backup_goes_on_as_of_when_it_began(
    source: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, before, whole = tmp_path / "copy", await rows(source), backup._copy

    async def interrupted(settings: Settings, topic: Any, *rest: Any) -> None:
        if topic == SUBMISSION_RECEIVED:
            raise OSError("no space left")
        await whole(settings, topic, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(backup, "_copy", interrupted)
        with pytest.raises(OSError, match="no space"):
            await take(source, folder, SystemClock(), said)
    with pytest.raises(CopyError, match="holds no whole backup"):
        checked(folder)
    await append(source, SUBMISSION_RECEIVED.name, Copied(5, 3, b"64.71", [], b"later"))
    await take(source, folder, SystemClock(), said)
    target = elsewhere(source)
    await bring_back(target, folder, said)
    assert await rows(target) == before
    with pytest.raises(CopyError, match="holds a whole backup already"):
        await take(source, folder, SystemClock(), said)


@pytest.mark.engines
async def test_a_backup_that_was_changed_is_refused_and_nothing_written(source: Settings, tmp_path: Path) -> None:
    folder, target = tmp_path / "copy", elsewhere(source)
    manifest = await take(source, folder, SystemClock(), said)
    broken = folder / f"topics/{SUBMISSION_RECEIVED.name}/00000.jsonl.zst"
    good = broken.read_bytes()
    for bad in (good[:-1], good[:40] + bytes([good[40] ^ 1]) + good[41:], (folder / MANIFEST).read_bytes()):
        broken.write_bytes(bad)
        with pytest.raises(CopyError, match=r"cannot be read|not as it was written"):
            await bring_back(target, folder, said)
    broken.write_bytes(good)
    assert checked(folder) == manifest
    broken.unlink()
    with pytest.raises(CopyError, match="cannot be read"):
        checked(folder)
    assert not [name for name in await topics_of(target) if name.startswith(target.kafka_prefix)]


async def topics_of(settings: Settings) -> list[str]:
    admin = admin_client(settings)
    await admin.start()
    names: list[str] = await admin.list_topics()
    await admin.close()
    return names


@pytest.mark.engines
async def test_a_folder_of_somebody_else_is_left_alone(source: Settings, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CopyError, match="is not empty"):
        await take(source, tmp_path, SystemClock(), said)
    assert not (tmp_path / PLAN).exists()


def test_what_compaction_took_becomes_a_gap_that_nobody_reads() -> None:
    span = Span(topic=PAUSE_CHANGED.name, partition=0, first=1, end=6)
    held = [Copied(offset, 7, b"scoring", [], b"{}") for offset in (1, 4)]
    written = list(_without_holes(span, held))
    assert [one.offset for one in written] == list(range(6))
    assert [one.offset for one in written if one.key != GAP] == [1, 4]
    assert {(one.value, tuple(one.headers)) for one in written if one.key == GAP} == {
        (None, (("__spm.replay.for", b"nobody"),))
    }


def test_what_follows_from_no_log_and_matters_is_kept() -> None:
    assert {f"{one.service}.{one.collection}" for one in KEPT} == {
        "intake.key_uses",
        "intake.refusals",
        "notify.readings",
    }
