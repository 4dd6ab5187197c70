"""The weekly digest as its readers get it, and how they end it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import pytest_asyncio

from chassis.clock import FixedClock
from chassis.mongo import Document, Mongo
from contracts.notice import NoticeKind
from contracts.recipient import Subscription
from contracts.topics import WEEK_SUMMED_UP
from services.notify.app import NAME, build
from tests.notify.installation import forget
from tests.notify.messages import office
from tests.notify.site import REGION, SECRETARY, TEAM, Site, site_of_notices
from tests.running import eventually, read_topic, running

MONDAY = datetime(2024, 4, 8, tzinfo=UTC)
"""Seven o'clock in Jakarta; the first quarter's report is due on the twentieth."""
NEXT_MONDAY = MONDAY + timedelta(days=7)
SUNDAY = MONDAY - timedelta(hours=19)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
DIGEST = NoticeKind.WEEKLY_DIGEST


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(SUNDAY)


@pytest_asyncio.fixture(scope="module")
async def site(
    kafka: str, mongo: str, clock: FixedClock, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The team has asked for it, the secretary has not; the week has just begun."""
    folder = tmp_path_factory.mktemp("digest")
    secret = folder / "secret"
    secret.write_bytes(bytes(range(40)))
    async with site_of_notices(kafka, mongo, folder, clock, webhook_secret=secret) as site:
        asked = Subscription(kind=DIGEST, since=SUNDAY - timedelta(days=10))
        since = SUNDAY - timedelta(days=60)
        await site.publish([office(since, address=TEAM, revision=2, subscriptions=(asked,))])

        async def known() -> bool:
            return [DIGEST] in [each["subscribed"] for each in await recipients(site)]

        await eventually(known, within_s=90)
        await eventually(lambda: sent(site), within_s=90)
        clock.instant = MONDAY + timedelta(minutes=5)
        await eventually(lambda: digests(site), within_s=90)
        yield site


async def recipients(site: Site) -> list[dict[str, list[str]]]:
    found = await site.client.get("/v1/recipients", headers=site.own)
    rows: list[dict[str, list[str]]] = found.json()["recipients"]
    return rows


async def sent(site: Site) -> bool:
    """No mail is on its way: a clock that leaps would take its sender for dead."""
    return all(row["state"] == "delivered" for row in await site.notices())


def digests(site: Site) -> list[EmailMessage]:
    return [mail for mail in site.catcher.mails if mail["Subject"].startswith("Ringkasan mingguan")]


def door(mail: EmailMessage) -> str:
    return str(mail["List-Unsubscribe"]).strip().removeprefix("<http://service").removesuffix(">")


async def test_who_asked_is_mailed_once_a_week_what_is_open(site: Site) -> None:
    [mail] = digests(site)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # every mail has a text
    assert TEAM in mail["To"]
    assert mail["Subject"] == "Ringkasan mingguan 8 April 2024: Kota Balikpapan"
    for said in ("3 hal meminta tindakan", "Laporan dikembalikan", "20 April 2024", "Kesehatan: 38,20"):
        assert said in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"http://service{door(mail)}" in text


async def test_what_cannot_be_ended_has_no_door_to_end_it(site: Site) -> None:
    others = [mail for mail in site.catcher.mails if "mingguan" not in mail["Subject"]]
    assert len(others) > 1
    assert not [mail for mail in others if mail["List-Unsubscribe"] or mail["List-Unsubscribe-Post"]]


async def test_opening_the_link_ends_nothing_and_no_other_token_opens_it(site: Site) -> None:
    link = door(digests(site)[0])
    opened = await site.client.get(link)
    assert (opened.status_code, '<form method="post"' in opened.text) == (200, True)
    for forged in (f"{link[:-1]}{'0' if link[-1] != '0' else '1'}", "/unsubscribe/r-secretary-64.71", f"{link}0"):
        assert (await site.client.get(forged)).status_code == 404
        assert (await site.client.post(forged, data=ONE_CLICK)).status_code == 404
    assert [DIGEST] in [each["subscribed"] for each in await recipients(site)]


async def test_one_request_without_a_cookie_ends_it_and_says_the_same_again(site: Site) -> None:
    """As mail programs send it: no origin, no session, no redirect followed."""
    link = door(digests(site)[0])
    answers = [await site.client.post(link, data=ONE_CLICK) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert "set-cookie" not in answers[0].headers
    assert [each["subscribed"] for each in await recipients(site)] == [[], [], []]
    assert [each["muted"] for each in await recipients(site)] == [[], [], []]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"kinds": ["report_overdue"]}, 422), ({"kinds": ["weekly_digest"]}, 200), ({"kinds": [], "x": 1}, 422)],
)
async def test_only_what_is_on_request_is_asked_for(site: Site, body: dict[str, object], status: int) -> None:
    secretary = f"/v1/recipients/{await registered(site, SECRETARY)}/subscriptions"
    answer = await site.client.put(secretary, json=body, headers=site.own)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["subscribed"] == [DIGEST]


async def registered(site: Site, address: str) -> str:
    """The id of a mailbox that is registered through the door."""
    new = {"region": REGION, "role": "Kepala Daerah", "address": f"kepala-{address}"}
    added = await site.client.post("/v1/recipients", json=new, headers=site.own)
    if added.status_code == 201:
        return str(added.json()["recipient_id"])
    rows = await recipients(site)
    return next(str(row["recipient_id"]) for row in rows if str(row["address"]) == new["address"])


async def test_a_week_later_whoever_asked_since_is_told_and_who_ended_it_is_not(site: Site, clock: FixedClock) -> None:
    await eventually(lambda: sent(site), within_s=60)
    clock.instant = NEXT_MONDAY
    await eventually(lambda: len(digests(site)) == 2, within_s=60)
    assert [mail["To"].rpartition("<")[2] for mail in digests(site)] == [f"{TEAM}>", f"kepala-{SECRETARY}>"]


async def kept(site: Site) -> dict[str, list[Document]]:
    mongo = Mongo(site.settings)
    database = mongo.database(NAME)
    wanted: dict[str, Document] = {"digests": {}, "notices": {"kind": DIGEST}}
    found = {name: await database[name].find(query).sort("_id", 1).to_list(None) for name, query in wanted.items()}
    await mongo.close()
    return found


async def test_a_rebuild_tells_the_same_and_mails_nothing(site: Site, clock: FixedClock) -> None:
    """Last: the service of the module is not asked any more."""

    async def settled() -> bool:
        found = await kept(site)
        return all(each.get("published") for each in (*found["digests"], *found["notices"]))

    await eventually(settled, within_s=60)
    lived = await kept(site)
    await site.life.aclose()
    await forget(site.settings)

    async def same() -> bool:
        return await kept(site) == lived

    async with running(NAME, build, site.settings, clock):
        await eventually(same, within_s=60)
        assert len(await read_topic(site.settings, WEEK_SUMMED_UP.name, 2, settle_s=1)) == 2, "summed up once a week"
    assert len(digests(site)) == 2, "somebody was told again"
