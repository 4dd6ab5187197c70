"""Officials in their inbox: how they come in, what they see, what they say, and who is told when nobody does."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from chassis.clock import SystemClock
from chassis.mongo import Document, Mongo
from contracts.recipient import Role
from contracts.topics import AWARD_REASONS_ASKED, NOTICE_ACKNOWLEDGED
from contracts.verdict import VerdictOutcome
from services.notify.app import NAME, build
from services.notify.pages.sign_in import page_of_ours
from services.notify.store.sessions import LINKS_ALIVE_MAX
from tests.notify.installation import forget
from tests.notify.messages import judged
from tests.notify.site import AGENCY, FORM, HTML, NEIGHBOUR, REGION, SECRETARY, TEAM, Site, site_of_notices
from tests.running import eventually, read_topic, running

RETURNED, WEAK, SILENCE = "submission_returned", "achievement_deficiency", "notice_unread"
FROM_THE_LOG = ("matters", "acknowledgements", "standings", "awards", "notices")


@pytest_asyncio.fixture(scope="module")
async def site(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site_of_notices(kafka, mongo, tmp_path_factory.mktemp("inbox")) as site:
        yield site


async def documents(site: Site) -> dict[str, list[Document]]:
    mongo = Mongo(site.settings)
    database = mongo.database(NAME)
    found = {name: await database[name].find({}).sort("_id", 1).to_list(None) for name in FROM_THE_LOG}
    await mongo.close()
    return found


async def test_a_link_is_good_once_and_opening_it_does_not_use_it_up(site: Site) -> None:
    link = await site.link(TEAM)
    for _ in range(2):
        opened = await site.client.get(link)
        assert (opened.status_code, TEAM in opened.text) == (200, True)
    used = await site.client.post(link, headers=FORM)
    assert (used.status_code, used.headers["location"]) == (303, "/inbox")
    [cookie] = used.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert (await site.client.post(link, headers=FORM)).status_code == 410
    assert (await site.client.get(link)).status_code == 410
    site.client.cookies.clear()


async def test_nobody_learns_who_is_registered(site: Site) -> None:
    answers = [
        await site.ask(address) for address in (SECRETARY, "siapa@kota-contoh.example", "<b>", "a\r\nBcc: b@c.d")
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    await eventually(lambda: site.links_to(SECRETARY))
    assert all(site.links_to(address) == [] for address in ("siapa@kota-contoh.example", "<b>", "b@c.d"))


async def test_one_address_gets_a_few_links_at_a_time_however_it_is_written(site: Site) -> None:
    for written in (AGENCY.upper(), AGENCY.title(), *[AGENCY] * 3):
        await site.ask(written)
    await site.link(TEAM)  # those before it are written by now
    await eventually(lambda: len(site.links_to(AGENCY)) == LINKS_ALIVE_MAX)


async def test_whoever_asks_too_often_waits(site: Site) -> None:
    answers = [await site.ask("siapa@kota-contoh.example", caller="192.0.2.1") for _ in range(12)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("asked", "next_page"),
    [
        ("/inbox/64.71/0f0e", "/inbox/64.71/0f0e"),
        ("/situation/64.71", "/situation/64.71"),
        ("//evil.example/inbox", "/inbox"),
        ("https://evil.example/inbox", "/inbox"),
        ("/inbox/../../x", "/inbox"),
        ("/inbox\\evil", "/inbox"),
        ("/v1/recipients", "/inbox"),
        ("", "/inbox"),
    ],
)
def test_nobody_is_led_to_another_site(asked: str, next_page: str) -> None:
    assert page_of_ours(asked) == next_page


async def test_a_browser_is_led_to_sign_in_and_back_to_what_it_asked_for(site: Site) -> None:
    asked = await site.notice_of(RETURNED)
    led = await site.client.get(asked, headers=HTML)
    assert led.status_code == 303
    assert parse_qs(urlsplit(led.headers["location"]).query)["next"] == [asked]
    assert (await site.client.get(f"{asked}?key", headers=HTML)).headers["www-authenticate"].startswith("Basic")
    assert (await site.client.get(asked)).status_code == 401


async def test_an_official_sees_the_own_region_and_of_others_nothing(site: Site) -> None:
    async with site.official(TEAM) as browser:
        assert (await browser.get("/inbox")).headers["location"] == f"/inbox/{REGION}"
        assert "Laporan SPM" in (await browser.get(f"/inbox/{REGION}")).text
        foreign = await site.notice_of(RETURNED, region=NEIGHBOUR)
        for path in (foreign, foreign.replace(NEIGHBOUR, REGION), f"/inbox/{NEIGHBOUR}", f"/situation/{NEIGHBOUR}"):
            assert (await browser.get(path)).status_code == 404, path
        paper = await browser.get(f"/v1/certificates/2024/kota/{REGION}.pdf?paper=nominee")
        assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
        assert (await browser.get(f"/v1/certificates/2024/kota/{NEIGHBOUR}.pdf")).status_code == 404
        assert (await browser.get(f"/recipients/{REGION}")).status_code == 401, "by a key with its own scope"


async def test_an_office_acknowledges_once_and_everybody_sees_when(site: Site) -> None:
    path = await site.notice_of(WEAK)
    async with site.official(SECRETARY) as browser:
        page = await browser.get(path)
        assert "Nyatakan sudah diketahui sebagai Sekretaris Daerah" in page.text
        for _ in range(2):
            done = await browser.post(f"{path}/acknowledge", data={"office": Role.SECRETARY})
            assert (done.status_code, done.headers["location"]) == (303, path)
        assert "Diketahui oleh <strong>Sekretaris Daerah</strong>" in (await browser.get(path)).text
        assert path not in (await browser.get(f"/inbox/{REGION}?open=1")).text
        refused = await browser.post(f"{path}/acknowledge", data={"office": Role.HEAD})
        assert refused.json()["type"] == "urn:spm:problem:forbidden"
    [record] = [
        each
        for each in await read_topic(site.settings, NOTICE_ACKNOWLEDGED.name, 2)
        if b"acknowledged_at" in (each.value or b"")
    ]
    assert SECRETARY.encode() not in record.value


async def test_a_form_of_another_site_acknowledges_nothing(site: Site) -> None:
    path = f"{await site.notice_of(RETURNED)}/acknowledge"
    async with site.official(TEAM) as browser:
        for told in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
        ):
            sent = browser.build_request("POST", path, data={"office": Role.TEAM}, headers=told)
            if "Origin" in told:
                del sent.headers["sec-fetch-site"]
            assert (await browser.send(sent)).status_code == 403, told
        silent = browser.build_request("POST", path, data={"office": Role.TEAM})
        del silent.headers["sec-fetch-site"]
        assert (await browser.send(silent)).json()["type"] == "urn:spm:problem:cross-site-form"


async def test_a_key_reads_and_takes_note_of_nothing(site: Site) -> None:
    path = await site.notice_of(RETURNED)
    assert "Perlu tindakan" in (await site.client.get(path, headers=site.own)).text
    refused = await site.client.post(f"{path}/acknowledge", data={"office": Role.TEAM}, headers=site.own)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:spm:problem:forbidden")


async def test_what_was_opened_is_no_longer_new_to_that_office_alone(site: Site) -> None:
    path = await site.notice_of(RETURNED, role=Role.TEAM)
    async with site.official(TEAM) as team:
        assert path in (await team.get(f"/inbox/{REGION}?unread=1")).text
        await team.get(path)
        assert path not in (await team.get(f"/inbox/{REGION}?unread=1")).text
        chosen = (await team.get(f"/inbox/{REGION}?kind={RETURNED}&period=2023-Q4")).text
        assert chosen.count("<h2><a href=") == 1
        assert "Tidak ada pemberitahuan yang cocok" in (await team.get(f"/inbox/{REGION}?period=2019Q1")).text


async def test_the_situation_tells_what_is_due_what_is_lacking_and_what_there_is_to_win(site: Site) -> None:
    page = (await site.client.get(f"/situation/{REGION}", headers=site.own)).text
    for words in ("Dikembalikan, perbaiki", "Belum diterima, sudah lewat", "71,25", "Kesehatan", "Nomine"):
        assert words in page, words
    assert page.index("Kesehatan") < page.index("Sosial"), "weakest first"
    assert "What is lacking" in (await site.client.get(f"/situation/{REGION}?lang=en", headers=site.own)).text


async def test_who_signs_out_or_is_no_longer_registered_is_out(site: Site) -> None:
    async with site.official(TEAM) as browser:
        old = dict(browser.cookies)
        assert (await browser.post("/sign-out")).headers["location"] == "/sign-in"
        browser.cookies.update(old)
        assert (await browser.get(f"/inbox/{REGION}")).status_code == 303


async def test_what_nobody_acknowledged_goes_to_the_next_office_once(site: Site) -> None:
    rows = [row for row in await site.notices() if row["kind"] == SILENCE]
    assert [row["role"] for row in rows] == [Role.SECRETARY], "four days old, three are given"
    mails = [mail for mail in site.catcher.mails if "Belum ditanggapi" in str(mail["Subject"])]
    assert [str(mail["To"]).rpartition("<")[2] for mail in mails] == [f"{SECRETARY}>"]


async def test_a_report_that_is_accepted_later_answers_the_matter(site: Site) -> None:
    await site.publish([judged(outcome=VerdictOutcome.ACCEPTED, number=3, recorded_at=SystemClock().now())])
    path = await site.notice_of(RETURNED)

    async def answered() -> bool:
        return "Sudah ditindaklanjuti" in (await site.client.get(path, headers=site.own)).text

    await eventually(answered)


async def test_an_official_asks_why_the_region_is_not_nominated_and_its_offices_are_told_once(site: Site) -> None:
    page = f"/situation/{REGION}"
    asked = {"edition_year": "2024"}
    async with site.official(TEAM) as official:
        assert "Minta alasan" in (await official.get(page)).text
        foreign = await official.post(f"{page}/award-reasons", data=asked, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
        neighbour = await official.post(f"/situation/{NEIGHBOUR}/award-reasons", data=asked)
        assert neighbour.status_code == 403
        for _ in range(2):
            taken = await official.post(f"{page}/award-reasons", data=asked)
            assert (taken.status_code, taken.headers["location"]) == (303, f"{page}?asked=2024")
        assert "kotak masuk daerah" in (await official.get(taken.headers["location"])).text
        assert (await official.post(f"{page}/award-reasons", data={"edition_year": "2023"})).status_code == 404

        async def told() -> int:
            return len([row for row in await site.notices() if row["kind"] == "award_not_nominated"])

        await eventually(told, within_s=60)
        assert await told() == 2, "the team and the secretary, once"
        assert "peringkat 9" in (await official.get(await site.notice_of("award_not_nominated"))).text.lower()
    facts = [each.value for each in await read_topic(site.settings, AWARD_REASONS_ASKED.name, 1)]
    assert all(b'"asked_by":"office-team"' in fact for fact in facts), "an office, and no address"
    assert not any(TEAM.encode() in fact for fact in facts)


async def test_a_rebuild_gives_the_same_inbox(site: Site) -> None:
    """Last: the service of the module is not asked any more."""

    async def settled() -> bool:
        kept = await documents(site)
        return all(each.get("published") for each in (*kept["notices"], *kept["acknowledgements"]))

    await eventually(settled)
    lived, mails = await documents(site), len(site.catcher.raw)
    await site.life.aclose()
    await forget(site.settings)

    async def same() -> bool:
        return await documents(site) == lived

    async with running(NAME, build, site.settings):
        await eventually(same, within_s=60)
        assert len(await read_topic(site.settings, NOTICE_ACKNOWLEDGED.name, 2, settle_s=1)) == 2, "said once"
    assert len(site.catcher.raw) == mails, "somebody was told again"
