"""The whole service on a real broker, a real database and a mail server."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chassis.clock import SystemClock
from chassis.groups import group_of, rewind, wait_until_read
from chassis.kafka import ensure_topics
from chassis.replay import read_all, reader
from chassis.settings import Settings
from contracts.message import Message, deterministic_id
from contracts.notice import NoticeKind, NoticeSettledV1, NoticeState
from contracts.recipient import Channel, RecipientChangedV1, Role, Scheme, SigningKey
from contracts.topics import NOTICE_SETTLED, Topic
from services.notify.app import NAME
from services.notify.domain.examples import FACTS
from tests.notify.catcher import Catcher, first
from tests.notify.certificates import Authority
from tests.notify.installation import WHAT_NOTIFY_READS, Installation
from tests.notify.messages import award, office, overdue, returned
from tests.notify.receiver import Receiver
from tests.running import Keys, eventually, read_topic, settings_for

REGIONS = ("64.71", "64.72", "64.74")
HOST = "localhost"
FACTS_ALONE = tuple(topic for topic in WHAT_NOTIFY_READS if topic != NOTICE_SETTLED)


@pytest.fixture
def installation(kafka: str, mongo: str, keys: Keys) -> Installation:
    catcher = Catcher()
    return Installation(
        settings=settings_for(kafka, mongo, keys, smtp=catcher.uri),
        catcher=catcher,
        everyone=keys.issue("secretariat", ["notices:read"]),
        own=keys.issue("kota-balikpapan", ["notices:read"], "64.71"),
        narrow=keys.issue("other", ["submissions:write"]),
    )


def recently() -> datetime:
    """Facts must be younger than the log of ends remembers."""
    return SystemClock().now() - timedelta(minutes=5)


def facts() -> list[Message]:
    fresh = recently()
    return [
        *(returned(number, region=region, recorded_at=fresh) for region in REGIONS for number in range(1, 5)),
        *(overdue(region).model_copy(update={"closed_at": fresh}) for region in REGIONS),
        award().model_copy(update={"changed_at": fresh}),
    ]


def end_of_nothing(number: int) -> NoticeSettledV1:
    return NoticeSettledV1(
        notice_id=deterministic_id("test", str(number)),
        kind=NoticeKind.SUBMISSION_RETURNED,
        region_code=REGIONS[number % len(REGIONS)],
        channel="email",
        recipient_digest="0" * 64,
        state=NoticeState.DELIVERED,
        attempts=1,
        settled_at=recently(),
        fact_id="fact",
    )


async def ends_of(settings: Settings) -> dict[int, int]:
    """By partition, where the log of ends ends now."""
    async with reader(settings, NOTICE_SETTLED) as (_, ends):
        return {at.partition: end for at, end in ends.items()}


NOTICES = 3 * 4 + 3 * 2 + 3 * 2
OF_ONE_REGION = 4 + 1 + 1
MAILS = NOTICES - 8 + OF_ONE_REGION
"""Where one region registered its team alone: a mailbox, an inbox and a system."""


def system(address: str) -> RecipientChangedV1:
    since = recently() - timedelta(days=1)
    keys = (SigningKey(number=1, since=since),)
    return office(since, Role.SYSTEM, channel=Channel.WEBHOOK, address=address, scheme=Scheme.SYMMETRIC, keys=keys)


@pytest.mark.parametrize("set_back", [WHAT_NOTIFY_READS, FACTS_ALONE], ids=["every topic", "facts alone"])
async def test_what_was_told_is_not_told_again_after_a_rebuild(
    installation: Installation, set_back: tuple[Topic, ...]
) -> None:
    catcher = installation.catcher
    catcher.data = first("451 greylisted")
    await installation.publish(facts())

    async with catcher.running():
        async with installation.notify():
            await eventually(lambda: installation.all_settled(NOTICES), within_s=60)
        lived = await installation.documents()
        ends = await read_topic(installation.settings, NOTICE_SETTLED.name, NOTICES, settle_s=0.5)
        assert len(ends) == len({end.headers[2][1] for end in ends}) == NOTICES
        assert len(catcher.recipients) == NOTICES
        attempts = len(catcher.raw)

        await installation.forget(*set_back)
        async with installation.notify():
            await eventually(lambda: installation.all_settled(NOTICES), within_s=60)
            await asyncio.sleep(2)

        assert len(catcher.raw) == attempts, "a mail was sent at the rebuild"
        assert await installation.documents() == lived

        # What is new is sent as before.
        await installation.publish([returned(9, recorded_at=recently())])
        async with installation.notify():
            await eventually(lambda: installation.all_settled(NOTICES + 1), within_s=60)
        assert len(catcher.recipients) == NOTICES + 1


async def test_a_database_of_yesterday_sends_nothing_again(installation: Installation) -> None:
    """Restored while the group stays where it was: what came after is in the log alone."""
    catcher, settings = installation.catcher, installation.settings
    await installation.publish(facts())
    async with installation.notify():
        await wait_until_read(settings, group_of(NAME, settings), *WHAT_NOTIFY_READS)
        await eventually(installation.ends_noted, within_s=20)
    yesterday = await installation.dumped()
    async with catcher.running():
        for _ in range(2):
            async with installation.notify():
                await eventually(lambda: installation.all_settled(NOTICES), within_s=60)
                await eventually(installation.ends_noted, within_s=20)
        assert len(catcher.raw) == NOTICES
        today = await installation.documents()

        await installation.restore(yesterday)
        assert not await installation.all_settled(NOTICES)
        async with installation.notify():
            await eventually(lambda: installation.all_settled(NOTICES), within_s=60)
            await asyncio.sleep(2)
        assert await installation.documents() == today
        assert len(catcher.raw) == NOTICES, "a mail was sent again"


async def test_everything_read_again_three_times_makes_and_sends_nothing_anew(
    installation: Installation, tmp_path: Path
) -> None:
    authority, secret = Authority.made_in(tmp_path), tmp_path / "secret"
    secret.write_bytes(b"s" * 32)
    receiver = Receiver(authority.server(HOST))
    hooks = {"webhook_secret": secret, "webhook_ca_file": authority.file, "webhook_networks": "127.0.0.0/8, ::1/128"}
    settings = installation.settings.model_copy(update=hooks)
    installation, group = replace(installation, settings=settings), group_of(NAME, settings)
    since = recently() - timedelta(days=1)
    offices = [office(since), office(since, recipient_id="r-inbox", channel=Channel.INBOX, address=None)]
    await installation.publish([*offices, system(f"https://{HOST}:{receiver.port}/"), *facts()])
    async with installation.catcher.running(), receiver.running():
        async with installation.notify():
            await eventually(lambda: installation.all_settled(MAILS + 2 * OF_ONE_REGION), within_s=60)
        lived, ends = await installation.documents(), await installation.ends()
        assert len(installation.catcher.raw) == MAILS
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == OF_ONE_REGION
        assert len(receiver.requests) == OF_ONE_REGION
        for _ in range(3):
            await rewind(settings, WHAT_NOTIFY_READS, group)
            async with installation.notify():
                await wait_until_read(settings, group, *WHAT_NOTIFY_READS)
            assert await installation.documents() == lived
            assert await installation.ends() == ends, "another end, or other words of one"
        assert len(installation.catcher.raw) == MAILS, "a mail was sent again"
        assert len(receiver.requests) == OF_ONE_REGION, "a delivery was made again"


async def test_a_region_reads_its_inbox_and_nobody_elses(installation: Installation) -> None:
    await installation.publish(facts())

    async with installation.catcher.running(), installation.notify() as client:
        await eventually(lambda: installation.all_settled(NOTICES), within_s=60)

        inbox = await client.get("/inbox/64.71", headers=installation.own)
        assert inbox.status_code == 200
        assert inbox.text.count('<h2><a href="/inbox/64.71/') == 4 + 1 + 1, "one matter, whoever was told of it"
        assert (await client.get("/inbox/64.72", headers=installation.own)).status_code == 404
        assert (await client.get("/inbox/64.72", headers=installation.everyone)).status_code == 200
        assert (await client.get("/inbox/64.71", headers=installation.narrow)).status_code == 403
        assert (await client.get("/inbox/64.71")).headers["www-authenticate"].startswith("Basic")

        own = (await client.get("/v1/notices", headers=installation.own, params={"limit": 3})).json()
        assert [row["region_code"] for row in own["notices"]] == ["64.71"] * 3
        assert "address" not in own["notices"][0]
        rest = await client.get(
            "/v1/notices", headers=installation.own, params={"cursor": own["next_cursor"], "region": "64.71"}
        )
        ids = {row["notice_id"] for row in own["notices"] + rest.json()["notices"]}
        assert len(ids) == 8
        assert rest.json()["next_cursor"] is None

        notice_id = own["notices"][0]["notice_id"]
        page = await client.get(f"/inbox/64.71/{notice_id}", headers=installation.own)
        assert 'lang="en"' in page.text
        assert "bukan produk hukum" in page.text
        assert "Diterima server surat" in page.text
        missing = await client.get(f"/inbox/64.71/{notice_id[:-1]}x", headers=installation.own)
        assert missing.status_code == 404
        other = (await client.get("/v1/notices", headers=installation.everyone, params={"region": "64.72"})).json()
        foreign = other["notices"][0]["notice_id"]
        assert (await client.get(f"/inbox/64.71/{foreign}", headers=installation.own)).status_code == 404

        summary = await client.get("/v1/notices/summary", headers=installation.everyone, params={"fiscal_year": 2023})
        assert summary.json()["counts"] == [
            {"kind": "award_nominated", "state": "delivered", "notices": 6},
            {"kind": "report_overdue", "state": "delivered", "notices": 6},
            {"kind": "submission_returned", "state": "delivered", "notices": 12},
        ]
        refused = await client.get("/v1/notices/summary", headers=installation.own, params={"fiscal_year": 2023})
        assert refused.status_code == 403
        for parameters in ({"cursor": "x"}, {"region": "6471"}, {"kind": "unheard"}, {"limit": "0"}):
            answer = await client.get("/v1/notices", headers=installation.everyone, params=parameters)
            assert answer.status_code == 422, parameters

        preview = await client.get("/preview", headers=installation.everyone)
        assert preview.text.count("<article") == len(FACTS)
        metrics = (await client.get("/metrics")).text
        assert 'spm_notices_total{channel="email",kind="award_nominated",status="delivered"} 6.0' in metrics


async def test_a_topic_is_read_whole_without_a_group(installation: Installation) -> None:
    settings = installation.settings
    await ensure_topics(settings)
    assert [message async for batch in read_all(settings, NOTICE_SETTLED) for message in batch] == []

    ends = [end_of_nothing(number) for number in range(30)]
    await installation.publish(ends)
    await installation.publish_raw([(NOTICE_SETTLED.name, None, [], b"no event")])

    read = [message async for batch in read_all(settings, NOTICE_SETTLED) for message in batch]
    assert sorted(message.identity() for message in read) == sorted(end.notice_id for end in ends)


async def test_of_a_topic_what_was_read_is_left_out(installation: Installation) -> None:
    settings = installation.settings
    await installation.publish([end_of_nothing(number) for number in range(30)])
    read = await ends_of(settings)
    await installation.publish([end_of_nothing(30)])

    async def behind(read: dict[int, int]) -> int:
        return sum([len(batch) async for batch in read_all(settings, NOTICE_SETTLED, behind=read)])

    assert await behind(read) == 1
    assert await behind(await ends_of(settings)) == 0
    assert await behind({}) == 31
    assert await behind(dict.fromkeys(read, 1_000)) == 31, "those offsets are of another log"
