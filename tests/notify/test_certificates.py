"""Certificates as a region meets them: one running service, read back as PDF."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
import segno
from pypdf import PdfReader

from chassis.errors import Misconfigured
from chassis.events import Event
from chassis.kafka import Publisher, ensure_topics
from chassis.mongo import Database
from chassis.settings import Settings
from contracts.award import AwardStep
from contracts.message import Message
from regulation.law import Law
from services.notify.app import NAME, build
from services.notify.certificates.papers import pdf_of
from services.notify.certificates.press import EMBLEM_BYTES_MAX, Press, read_emblem
from services.notify.domain.certificate import Paper, certificates_of
from services.notify.store.certificates import CertificateStore
from tests.notify.messages import award_step
from tests.running import Keys, eventually, running, settings_for

OWN_URL = "https://spm.example"
NOTICE = "Angka sintetis. / Synthetic figures."
NOMINATED = award_step(2, AwardStep.NOMINATED)
DECIDED = award_step(3, AwardStep.DECIDED, winners=["64.72", "64.71"])
ANNOUNCED = award_step(4, AwardStep.ANNOUNCED, winners=["64.72", "64.71"])
CORRECTED = award_step(5, AwardStep.CORRECTED, refers_to=4)
AGAIN = award_step(6, AwardStep.ANNOUNCED, winners=["64.72", "64.74"])
DOOR = "/v1/certificates/2024/kota/{}.pdf"
WINNER, NOMINEE, RANK = Paper


@dataclass
class Site:
    settings: Settings
    client: httpx.AsyncClient
    own: dict[str, str]
    """Region 64.71: second of the first announcement, and not in the next."""
    other: dict[str, str]
    everyone: dict[str, str]

    async def publish(self, *messages: Message) -> None:
        publisher = Publisher(self.settings, "test", linger_ms=5)
        await ensure_topics(self.settings)
        await publisher.start()
        try:
            await publisher.publish(map(Event.of, messages))
        finally:
            await publisher.stop()

    async def ask(self, paper: Paper | None = None, *, by: dict[str, str] | None = None) -> httpx.Response:
        query = {"paper": paper} if paper else {}
        return await self.client.get(DOOR.format("64.71"), params=query, headers=by or self.own)

    async def check(self, number: str, digest: str) -> str:
        answer = await self.client.get("/certificates/verify", params={"number": number, "digest": digest})
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest_asyncio.fixture(scope="module")
async def site(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    keys = Keys(tmp_path_factory.mktemp("certificates"))
    settings = settings_for(kafka, mongo, keys, public_url=f"{OWN_URL}/", page_notice=NOTICE)
    own, other = (keys.issue(f"kota-{code}", ["notices:read"], code) for code in ("64.71", "64.72"))
    everyone = keys.issue("secretariat", ["notices:read"])
    async with running(NAME, build, settings) as client:
        yield Site(settings, client, own, other, everyone)


async def test_an_edition_from_nomination_to_correction(site: Site) -> None:
    """One story, since each step changes what the doors answer."""
    assert (await site.ask()).status_code == 404
    await site.publish(NOMINATED, DECIDED)

    async def nominated() -> bool:
        return (await site.ask()).status_code == 200

    await eventually(nominated)
    before = await site.ask(WINNER)
    assert (before.status_code, before.json()["type"]) == (404, "urn:spm:problem:not-found")
    assert text_of(await site.ask())[0].startswith("Piagam Nominasi")
    winner = certificates_of(ANNOUNCED)[1]
    assert "Bukan terbitan sistem ini" in await site.check(winner.number, winner.digest)

    await site.publish(ANNOUNCED)

    async def announced() -> bool:
        return (await site.ask(WINNER)).status_code == 200

    await eventually(announced)
    title, words = text_of(await site.ask())
    assert title == "Piagam Penghargaan SPM Awards 2024: Kota Balikpapan"
    assert "peringkat 2 dari 2 penerima" in words
    page = await site.check(winner.number, winner.digest)
    assert "Asli dan berlaku" in page
    assert "peringkat 2 dari 2 penerima" in page

    await site.publish(CORRECTED)

    async def withdrawn() -> bool:
        return (await site.ask(WINNER)).status_code == 404

    await eventually(withdrawn)
    assert "withdrawn by correction 5" in (await site.ask(WINNER)).json()["detail"]
    assert text_of(await site.ask())[0].startswith("Piagam Nominasi"), "what stands is the nomination"
    page = await site.check(winner.number, winner.digest)
    assert "telah ditarik" in page
    assert "26 Januari 2024" in page
    inbox = (await site.client.get("/inbox/64.71", headers=site.own)).text
    assert "Surat Keterangan Peringkat (PDF)" in inbox
    assert "Ditarik 26 Januari 2024" in inbox
    assert f"{DOOR.format('64.71')}?paper=rank" in inbox
    assert "paper=winner" not in inbox


def text_of(answer: httpx.Response) -> tuple[str, str]:
    """Title and words of the one page."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf"), answer.text
    reader = PdfReader(BytesIO(answer.content))
    [page] = reader.pages
    assert reader.metadata is not None
    return str(reader.metadata.title), " ".join(page.extract_text().split())


async def issued(site: Site) -> None:
    await site.publish(NOMINATED)

    async def arrived() -> bool:
        return (await site.ask(RANK)).status_code == 200

    await eventually(arrived)


async def test_the_letter_states_rank_score_and_index(site: Site) -> None:
    await issued(site)
    title, words = text_of(await site.ask(RANK))
    assert title.startswith("Surat Keterangan Peringkat SPM Awards 2024")
    one = certificates_of(NOMINATED)[1]
    for told in ("1 dari 93 daerah", "93,42 dari 100", "95,10 persen", "23 Januari 2024", one.number, one.digest[:22]):
        assert told in words
    assert "Angka sintetis." in words
    assert "bukan produk hukum" in words


async def test_software_that_reads_aloud_knows_title_language_and_date(site: Site) -> None:
    await issued(site)
    reader = PdfReader(BytesIO((await site.ask(NOMINEE)).content))
    assert reader.metadata is not None
    assert reader.metadata.author == "SPM Awards"
    assert str(reader.metadata.creation_date) == "2024-01-23 08:00:00+07:00"
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "id-ID"
    resources: Any = reader.pages[0]["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


async def test_the_same_facts_are_the_same_bytes(site: Site) -> None:
    await issued(site)
    first, second = [await site.ask(RANK) for _ in range(2)]
    assert first.content == second.content


async def test_the_code_leads_to_the_public_page(site: Site) -> None:
    await issued(site)
    one = certificates_of(NOMINATED)[1]
    leads_to = f"{OWN_URL}/certificates/verify?{urlencode({'number': one.number, 'digest': one.digest})}"
    content = PdfReader(BytesIO((await site.ask(RANK)).content)).pages[0].get_contents()
    assert content is not None
    squares = re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", content.get_data().decode())
    matrix = segno.make_qr(leads_to, error="m").matrix
    side = min(float(width) for _, _, width, _ in squares)
    drawn = [(float(x), float(y)) for x, y, width, _ in squares if abs(float(width) - side) < side / 2]
    left, top = min(x for x, _ in drawn), max(y for _, y in drawn)
    found = {(round((top - y) / side), round((x - left) / side)) for x, y in drawn}
    assert found == {(row, column) for row, line in enumerate(matrix) for column, dark in enumerate(line) if dark}


async def test_another_regions_certificate_is_not_there(site: Site) -> None:
    await issued(site)
    foreign = await site.ask(RANK, by=site.other)
    assert (foreign.status_code, foreign.json()["type"]) == (404, "urn:spm:problem:not-found")
    assert (await site.ask(RANK, by=site.everyone)).status_code == 200
    assert (await site.client.get(DOOR.format("64.71"))).status_code == 401


@pytest.mark.parametrize("paper", ["", "x", "PP"])
async def test_no_such_paper_or_category_is_no_mistake_of_ours(site: Site, paper: str) -> None:
    asked = await site.client.get(DOOR.format("64.71"), params={"paper": paper}, headers=site.own)
    assert asked.status_code == 422
    other = await site.client.get("/v1/certificates/2024/x/64.71.pdf", headers=site.own)
    assert other.status_code == 404


@pytest.mark.parametrize("digest", ["", "0" * 64, "zz", "<script>alert(1)</script>"])
async def test_a_paper_with_another_digest_is_not_ours_and_nothing_is_told_of_it(site: Site, digest: str) -> None:
    await issued(site)
    page = await site.check("SP-2/kota/64.71/2024", digest)
    assert "Bukan terbitan sistem ini" in page
    assert "93,42" not in page
    assert "<script>" not in page


async def test_what_was_typed_with_blanks_and_capitals_is_found(site: Site) -> None:
    await issued(site)
    one = certificates_of(NOMINATED)[1]
    typed = " ".join(re.findall(".{8}", one.digest.upper()))
    assert "Asli dan berlaku" in await site.check(f" {one.number} ", typed)


async def test_the_page_asks_where_nothing_was_asked(site: Site) -> None:
    page = (await site.client.get("/certificates/verify")).text
    assert "Bukan terbitan" not in page
    assert 'name="digest"' in page


async def test_steps_are_kept_alike_in_every_order(database: Database) -> None:
    store = CertificateStore(database)
    outcomes = []
    for order in permutations((NOMINATED, ANNOUNCED, CORRECTED, AGAIN)):
        await database["award_steps"].delete_many({})
        await store.prepare()
        for step in (*order, order[0]):
            await store.keep([step])
        outcomes.append([await store.of_region(region) for region in ("64.71", "64.72", "64.74")])
    assert all(outcome == outcomes[0] for outcome in outcomes)
    second = [(one.certificate.number, one.withdrawn is None) for one in outcomes[0][1]]
    assert second == [
        ("PN-2/kota/64.72/2024", True),
        ("SP-2/kota/64.72/2024", True),
        ("PP-4/kota/64.72/2024", False),
        ("PP-6/kota/64.72/2024", True),
    ]
    assert await store.find("PP-6/kota/64.71/2024") is None
    await store.keep([])


def test_an_emblem_that_is_no_picture_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "emblem.png"
    for content in (b"", b"\x89PNG\r\n", b"x" * (EMBLEM_BYTES_MAX + 1)):
        file.write_bytes(content)
        with pytest.raises(Misconfigured, match="SPM_EMBLEM"):
            read_emblem(file)
    with pytest.raises(Misconfigured, match="SPM_EMBLEM"):
        read_emblem(tmp_path / "absent.png")
    assert read_emblem(None) is None


def test_the_emblem_stands_at_the_head(law: Law, tmp_path: Path) -> None:
    file = tmp_path / "emblem.png"
    segno.make_qr("lambang").save(str(file), light=None, scale=4)
    one = certificates_of(NOMINATED)[0]
    with_emblem, without = (pdf_of(Press(law, OWN_URL, emblem=each).content(one)) for each in (read_emblem(file), None))
    assert [len(PdfReader(BytesIO(pdf)).pages[0].images) for pdf in (with_emblem, without)] == [1, 0]
    assert with_emblem == pdf_of(Press(law, OWN_URL, emblem=read_emblem(file)).content(one))
