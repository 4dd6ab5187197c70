"""Recipients and webhooks as their users meet them: one running service, a real broker and database, a receiver."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio
from standardwebhooks.webhooks import Webhook

from chassis.clock import SystemClock
from chassis.events import Event
from chassis.kafka import Publisher, ensure_topics
from chassis.mongo import Document, Mongo
from chassis.settings import Settings
from contracts.award import AwardStep, Excluded, Ranked
from contracts.message import Message
from contracts.notice import NoticeKind
from contracts.topics import RECIPIENT_CHANGED
from services.notify.app import NAME, build
from services.notify.domain.recipients import ON_REQUEST
from tests.notify.catcher import Catcher, always, refusing
from tests.notify.certificates import Authority
from tests.notify.installation import forget
from tests.notify.messages import award_step, returned
from tests.notify.receiver import Receiver
from tests.notify.test_bounces import report
from tests.running import Keys, eventually, read_topic, running, settings_for

SECRETARY = {"region": "64.71", "role": "Sekretaris Daerah", "address": "sekda@kota-contoh.example"}
TEAM = {"region": "64.71", "role": "Tim Penerapan SPM", "address": "tim@kota-contoh.example"}
SCOPES = ["recipients:read", "recipients:write", "webhooks:read", "webhooks:write", "notices:read"]


@dataclass
class House:
    settings: Settings
    catcher: Catcher
    receiver: Receiver
    own: dict[str, str]
    other: dict[str, str]
    everyone: dict[str, str]
    reader: dict[str, str]
    client: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)
    life: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closed, it ends the service."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with running(NAME, build, self.settings) as self.client:
            yield

    async def post(self, path: str, body: object = None, *, by: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.post(path, json=body, headers=by or self.own)

    async def get(self, path: str, *, by: dict[str, str] | None = None) -> Any:
        return (await self.client.get(path, headers=by or self.own)).json()

    async def register(self, *recipients: dict[str, str]) -> list[str]:
        answers = [await self.post("/v1/recipients", one) for one in recipients]
        assert [answer.status_code for answer in answers] == [201] * len(recipients), answers[0].text
        return [answer.json()["recipient_id"] for answer in answers]

    async def hook(self, path: str, **more: object) -> dict[str, Any]:
        url = f"https://localhost:{self.receiver.port}{path}"
        answer = await self.post("/v1/webhooks", {"url": url, "scheme": "v1"} | more)
        assert answer.status_code == 201, answer.text
        added: dict[str, Any] = answer.json()
        return added

    async def publish(self, *messages: Message) -> None:
        publisher = Publisher(self.settings, "test", linger_ms=5)
        await publisher.start()
        try:
            await publisher.publish(map(Event.of, messages))
        finally:
            await publisher.stop()

    async def documents(self, name: str = "notices") -> list[Document]:
        mongo = Mongo(self.settings)
        try:
            found = await mongo.database(NAME)[name].find({}).to_list(None)
        finally:
            await mongo.close()
        return sorted(found, key=lambda document: document["_id"])

    async def forget(self) -> None:
        await forget(self.settings)

    def all_are_back(self, lived: list[list[Document]]) -> Callable[[], Awaitable[bool]]:
        async def compared() -> bool:
            return [await self.documents(), await self.documents("recipients")] == lived

        return compared

    async def all_said(self) -> bool:
        kept = [*await self.documents(), *await self.documents("recipients")]
        return all(document.get("published") for document in kept)


@pytest_asyncio.fixture(scope="module")
async def house(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    keys, authority = Keys(folder), Authority.made_in(folder)
    catcher, receiver = Catcher(), Receiver(authority.server("localhost"))
    secret = folder / "secret"
    secret.write_bytes(b"a synthetic secret of forty synthetic bytes")
    settings = settings_for(
        kafka,
        mongo,
        keys,
        smtp=catcher.uri,
        webhook_secret=secret,
        webhook_networks="127.0.0.0/8, ::1/128",
        webhook_ca_file=authority.file,
    )
    made = House(
        settings,
        catcher,
        receiver,
        own=keys.issue("region-64.71", SCOPES, "64.71"),
        other=keys.issue("region-64.72", SCOPES, "64.72"),
        everyone=keys.issue("secretariat", SCOPES),
        reader=keys.issue("reader", ["notices:read"], "64.71"),
    )
    await ensure_topics(settings)
    async with catcher.running(), receiver.running(), made.life:
        await made.life.enter_async_context(made.open())
        yield made


def fresh(number: int, region: str = "64.71") -> Message:
    return returned(number, region=region, recorded_at=SystemClock().now() + timedelta(seconds=1))


async def test_a_region_keeps_its_list_and_sees_nobody_elses(house: House) -> None:
    [recipient_id] = await house.register(SECRETARY)

    again = await house.post("/v1/recipients", SECRETARY)
    assert (again.status_code, again.json()["type"]) == (409, "urn:spm:problem:recipient-known")
    foreign = await house.post("/v1/recipients", SECRETARY, by=house.other)
    assert foreign.status_code == 403
    assert (await house.post("/v1/recipients", SECRETARY, by=house.reader)).status_code == 403
    [row] = (await house.get("/v1/recipients"))["recipients"]
    assert (row["recipient_id"], row["address"], row["muted"]) == (recipient_id, SECRETARY["address"], [])
    assert (await house.get("/v1/recipients", by=house.other))["recipients"] == []
    for path in ("/v1/recipients?region=64.71", f"/v1/recipients/{recipient_id}"):
        assert (await house.client.get(path, headers=house.other)).status_code == 404
    taken = await house.client.delete(f"/v1/recipients/{recipient_id}", headers=house.other)
    assert taken.status_code == 404

    path = f"/v1/recipients/{recipient_id}"
    muted = await house.client.put(f"{path}/mutes", json={"kinds": ["award_won"]}, headers=house.own)
    assert muted.json()["muted"] == ["award_won"]
    refused = await house.client.put(f"{path}/mutes", json={"kinds": ["report_overdue"]}, headers=house.own)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:spm:problem:statutory-notice")
    assert (await house.client.delete(path, headers=house.own)).status_code == 204
    assert (await house.get("/v1/recipients"))["recipients"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "Bupati"},
        {"role": "Sistem Informasi"},
        {"address": "sekda@x"},
        {"channel": "webhook"},
        {"region": "64.99"},
        {"role": "Perangkat Daerah Pengampu"},
        {"address": None},
        {"mute": ["submission_returned"]},
        {"phone": "1"},
    ],
    ids=str,
)
async def test_a_recipient_that_cannot_be_told_is_refused_with_its_place(
    house: House, wrong: dict[str, object]
) -> None:
    answer = await house.post("/v1/recipients", SECRETARY | wrong, by=house.everyone)
    assert answer.status_code == 422, answer.text
    [fault] = answer.json()["errors"]
    assert fault["pointer"].rpartition("/")[2] in {*wrong, "sector", "0"}


async def test_a_file_registers_all_or_none_and_can_be_tried(house: House) -> None:
    head = "region,role,sector,channel,address\n"
    good = head + "64.72,Sekretaris Daerah,,email,sekda@lain.example\n64.72,Kepala Daerah,,inbox,\n"
    bad = good + "64.72,Perangkat Daerah Pengampu,,email,a@b.example\n64.72,Bupati,,email,c@d.example\n"

    async def take_in(text: str | bytes, query: str = "", *, by: dict[str, str] = house.other) -> httpx.Response:
        path = f"/v1/recipients:import{query}"
        return await house.client.post(path, content=text, headers=by | {"content-type": "text/csv"})

    refused = await take_in(bad)
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/4/sector", "/5/role"]
    assert (await take_in(good, "?dry_run=true")).json() == {"added": 2, "known": 0, "dry_run": True}
    assert (await house.get("/v1/recipients", by=house.other))["recipients"] == []
    assert (await take_in(good, by=house.own)).status_code == 403
    assert (await take_in("\ufeff" + good)).json() == {"added": 2, "known": 0, "dry_run": False}
    assert (await take_in(good)).json() == {"added": 0, "known": 2, "dry_run": False}
    assert (await take_in(b"region,role\n\xff\xfe")).status_code == 415
    many = head + "".join(f"64.72,Tim Penerapan SPM,,email,t{number}@lain.example\n" for number in range(60))
    assert (await take_in(many)).json()["type"] == "urn:spm:problem:recipients-full"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://user:word@hooks.example/",
        "https://hooks.example/#a",
        "https://hooks.example:99999/",
        "https://2130706433/",
        "https://hooks..example/",
        "ftp://hooks.example/",
        "https://hooks.example/a b",
        "https://hooks.example/" + "a" * 500,
    ],
)
async def test_an_endpoint_is_an_encrypted_address_by_name(house: House, url: str) -> None:
    assert (await house.post("/v1/webhooks", {"url": url})).status_code == 422


async def test_an_endpoint_is_told_signed_and_what_it_missed_can_be_fetched(house: House) -> None:
    added = await house.hook("/told", kinds=["submission_returned"])
    webhook = f"/v1/webhooks/{added['webhook_id']}"
    assert added["key"].startswith("whsec_")
    assert added["key"] not in json.dumps(await house.get("/v1/webhooks"))
    assert added["key"] not in json.dumps(await house.documents("recipients"), default=str)
    assert (await house.client.get(webhook, headers=house.other)).status_code == 404

    await house.publish(fresh(11), fresh(12))
    await eventually(lambda: len(house.receiver.to("/told")) == 2, within_s=60)

    for request in house.receiver.to("/told"):
        told = Webhook(added["key"]).verify(request.body, request.headers)
        assert told["type"] == "submission-returned.v1"
        assert told["data"]["region_code"] == "64.71"
        assert len(request.body) < 20_000
    first = await house.get(f"{webhook}/deliveries?limit=1")
    rest = await house.get(f"{webhook}/deliveries?after={first['next_after']}")
    fetched = [*first["deliveries"], *rest["deliveries"]]
    assert [json.loads(request.body) for request in house.receiver.to("/told")] == [one["body"] for one in fetched]
    assert (await house.get(f"{webhook}/deliveries?after={rest['next_after']}"))["deliveries"] == []

    assert (await house.post(f"{webhook}:test")).json() == {"outcome": "delivered", "status": 204}
    rotated = (await house.post(f"{webhook}:rotate", {"overlap_hours": 1})).json()
    assert (await house.post(f"{webhook}:test")).json()["outcome"] == "delivered"
    last = house.receiver.to("/told")[-1]
    for key in (added["key"], rotated["key"]):
        Webhook(key).verify(last.body, last.headers)
    under_way = await house.post(f"{webhook}:rotate", {})
    assert under_way.json()["type"] == "urn:spm:problem:rotation-under-way"
    tested = [(await house.post(f"{webhook}:test")).status_code for _ in range(6)]
    assert 429 in tested
    assert (await house.client.delete(webhook, headers=house.own)).status_code == 204
    assert (await house.client.get(webhook, headers=house.own)).status_code == 404
    assert 'spm_webhook_attempts_total{outcome="delivered"}' in (await house.client.get("/metrics")).text


async def test_what_webhooks_are_told_stands_in_the_document(house: House) -> None:
    document = (await house.client.get("/openapi.json")).json()
    told = document["webhooks"]["submission-returned.v1"]["post"]
    assert told["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Delivery"}
    assert len(document["webhooks"]) == len(set(NoticeKind) - ON_REQUEST), "who asks for a kind has a mailbox"


async def test_a_mailbox_that_is_none_is_marked_once_and_the_others_are_told(house: House) -> None:
    sekda, _ = await house.register(SECRETARY, TEAM)
    house.catcher.rcpt = refusing(TEAM["address"], "550 5.1.1 no such mailbox")
    await house.publish(fresh(21), fresh(22))

    async def told() -> bool:
        return SECRETARY["address"] in house.catcher.recipients

    await eventually(told, within_s=60)
    [marked] = [row for row in (await house.get("/v1/recipients"))["recipients"] if row["unreachable_since"]]
    assert marked["address"] == TEAM["address"]
    letter = next(mail for mail in house.catcher.mails if SECRETARY["address"] in str(mail["To"]))
    assert "tidak dapat dicapai" in str(letter["Subject"])
    assert TEAM["address"] not in letter.as_string()
    reported = await house.post(f"/v1/recipients/{sekda}:unreachable")
    assert reported.json()["unreachable_since"] is not None
    house.catcher.rcpt = always("250 taken")


async def test_returned_mail_is_handed_in_as_it_came_and_marks_the_address(house: House) -> None:
    [team] = await house.register(TEAM | {"address": "kembali@kota-contoh.example"})
    await house.publish(fresh(51))

    async def came() -> bool:
        return "kembali@kota-contoh.example" in house.catcher.recipients

    await eventually(came, within_s=60)
    mail = next(mail for mail in house.catcher.mails if "kembali@" in str(mail["To"]))
    notice_id = str(mail["Message-ID"]).strip().removeprefix("<").partition(".")[0]
    returned = report(to=f"bounces+{notice_id}@bounces.example")

    assert (await hand_in(house, returned, house.own)).status_code == 403
    wrong = await hand_in(house, b"Subject: cuti", house.everyone)
    assert (wrong.status_code, wrong.json()["type"]) == (422, "urn:spm:problem:no-bounce")
    assert (await hand_in(house, report(), house.everyone)).status_code == 404, "no notice of ours"
    full = await hand_in(house, report("5.2.2", to=f"bounces+{notice_id}@b.example"), house.everyone)
    assert full.json() == {"notice_id": notice_id, "conclusion": "may_pass"}
    for _ in range(2):
        taken = await hand_in(house, returned, house.everyone)
        assert taken.json() == {"notice_id": notice_id, "conclusion": "marked"}
    assert (await house.get(f"/v1/recipients/{team}"))["unreachable_since"] is not None


async def hand_in(house: House, mail: bytes, by: dict[str, str]) -> httpx.Response:
    return await house.client.post("/v1/bounces", content=mail, headers=by | {"content-type": "message/rfc822"})


async def test_a_region_asks_why_it_is_not_nominated_and_is_told_once(house: House) -> None:
    [nominated] = award_step(2, AwardStep.NOMINATED).awards
    left_out = Excluded(region_code="64.02", reasons=("Tidak ada laporan / No report",))
    behind = Ranked(rank=4, region_code="64.03", score=Decimal("90.1"))
    award = nominated.model_copy(update={"excluded": (left_out,), "others": (behind,)})
    await house.publish(award_step(2, AwardStep.NOMINATED).model_copy(update={"awards": (award,)}))

    async def ask(region: str) -> httpx.Response:
        return await house.post("/v1/award-reasons", {"edition_year": 2024, "region": region}, by=house.everyone)

    async def answered() -> bool:
        return (await ask("64.02")).status_code == 200

    await eventually(answered, within_s=60)
    assert (await house.post("/v1/award-reasons", {"edition_year": 2024})).status_code == 404, "is a nominee"
    assert (await house.post("/v1/award-reasons", {"edition_year": 2024, "region": "64.02"})).status_code == 403
    [answer] = (await ask("64.03")).json()["answers"]
    assert (answer["rank"], answer["score"], answer["last_score"]) == (4, "90.1", "93.4249")

    async def told() -> bool:
        kinds = [(each.get("kind"), each.get("region_code")) for each in await house.documents()]
        return {("award_not_nominated", "64.02"), ("award_not_nominated", "64.03")} <= set(kinds)

    await eventually(told, within_s=60)
    before = [each for each in await house.documents() if each.get("kind") == "award_not_nominated"]
    assert (await ask("64.02")).status_code == 200
    assert len(before) == 2 * 2


async def test_officials_change_their_list_on_a_page(house: House) -> None:
    page = "/recipients/64.72"
    filled = {"role": "Tim Penerapan SPM", "channel": "email", "address": "tim@halaman.example", "sector": ""}

    async def send(path: str, **more: Any) -> httpx.Response:
        return await house.client.post(f"{page}{path}", headers=house.other | more.pop("headers", {}), **more)

    assert (await send("", data=filled)).status_code == 303
    shown = await house.client.get(page, headers=house.other)
    assert "tim@halaman.example" in shown.text
    wrong = await send("", data=filled | {"address": "<b>no address"})
    assert (wrong.status_code, "<b>no" in wrong.text) == (422, False)
    assert (await send("", data=filled)).status_code == 409
    assert (await send("", data=filled, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    checked = await send(
        "/import",
        data={"check": "yes"},
        files={"file": ("a.csv", "region,role,channel,address\n64.72,Kepala Daerah,email,kepala@halaman.example\n")},
    )
    assert "1 akan ditambahkan; 0 sudah terdaftar." in checked.text
    rows = (await house.get("/v1/recipients", by=house.other))["recipients"]
    [team] = [row["recipient_id"] for row in rows if row["address"] == "tim@halaman.example"]
    await send(f"/{team}/mutes", data={"kinds": ["award_won", "report_overdue"]})
    assert (await house.get(f"/v1/recipients/{team}", by=house.other))["muted"] == ["award_won"]
    assert (await send(f"/{team}/remove")).status_code == 303
    assert "tim@halaman.example" not in (await house.client.get(page, headers=house.other)).text
    assert (await house.client.get(page, headers=house.own)).status_code == 404
    assert (await house.client.post(page, data=filled, headers=house.own)).status_code == 403


async def test_a_rebuild_tells_nobody_again_and_forgets_no_recipient(house: House) -> None:
    """Last: it drops what the others left, too."""
    added = await house.hook("/rebuilt")
    [inbox] = await house.register({"region": "64.71", "role": "Tim Penerapan SPM", "channel": "inbox"})
    await house.publish(fresh(31), fresh(32))
    await eventually(lambda: len(house.receiver.to("/rebuilt")) == 2, within_s=60)
    await house.client.delete(f"/v1/recipients/{inbox}", headers=house.own)
    await eventually(house.all_said, within_s=60)
    lived = [await house.documents(), await house.documents("recipients")]
    sent = len(house.receiver.requests), len(house.catcher.raw)
    records = await read_topic(house.settings, RECIPIENT_CHANGED.name, 1)
    assert all(b"whsec" not in (record.value or b"") for record in records)

    await house.life.aclose()
    await house.forget()
    async with house.open():
        await eventually(house.all_are_back(lived), within_s=60)
    assert (len(house.receiver.requests), len(house.catcher.raw)) == sent
    assert {one["channel"] for one in lived[0]} == {"email", "webhook", "inbox"}
    assert added["webhook_id"] in {one["_id"] for one in lived[1]}
