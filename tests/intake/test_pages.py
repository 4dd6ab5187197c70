"""Intake's pages on a running service: what clerks read, and what everybody may check."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from html import unescape
from typing import Final
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
import segno

from services.intake.domain.proof import verified_file
from tests.intake.reports import ANOTHER_KOTA, KOTA, SIGNER
from tests.intake.site import Site, site_of_reports

NOWHERE: Final = "64.99"
OWN_URL: Final = "https://intake.example"


@pytest_asyncio.fixture(scope="module")
async def site(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("pages")
    async with site_of_reports(kafka, mongo, folder, intake_url=OWN_URL, page_notice="Sintetis. / Synthetic.") as site:
        yield site


async def seen(site: Site, path: str, headers: dict[str, str] | None = None, status: int = 200) -> str:
    answer = await site.client.get(path, headers=site.kota if headers is None else headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    return unescape(answer.text)


async def test_the_receipt_file_is_what_the_hand_in_was_answered_with(site: Site) -> None:
    answer = await site.client.get(f"/v1/submissions/{site.accepted['submission_id']}/receipt", headers=site.kota)
    assert answer.json() == site.accepted
    genuine = verified_file(answer.content, SIGNER.keys)
    assert genuine.statement.iss == OWN_URL
    name = f"tanda-terima-{KOTA}-2023Q4-{site.accepted['submission_id'][:8]}.json"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


async def test_public_keys_are_for_everybody_and_may_be_kept_for_a_while(site: Site) -> None:
    answer = await site.client.get("/.well-known/jwks.json")
    assert answer.json() == SIGNER.keys.public()
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"


async def test_a_browser_is_asked_for_the_key_as_a_password(site: Site) -> None:
    asked = await site.client.get(f"/reports/{KOTA}")
    assert (asked.status_code, asked.headers["WWW-Authenticate"].split()[0]) == (401, "Basic")
    told = b64encode(f"petugas:{site.token}".encode()).decode()
    assert KOTA in await seen(site, f"/reports/{KOTA}", {"Authorization": f"Basic {told}"})


async def test_the_list_shows_every_report_with_its_state(site: Site) -> None:
    page = await seen(site, f"/reports/{KOTA}")
    for receipt, words in (
        (site.returned, "Dikembalikan"),
        (site.accepted, "Diterima, ada peringatan, sudah dinilai"),
        (site.pending, "Sedang diperiksa"),
    ):
        row = page.partition(f"/reports/{KOTA}/{receipt['submission_id']}")[2].partition("</tr>")[0]
        assert words in row
    assert page.count("Belum ada laporan") == 3
    assert "Sintetis." in page


async def test_a_report_tells_its_story_and_how_to_mend_it(site: Site) -> None:
    page = await seen(site, f"/reports/{KOTA}/{site.returned['submission_id']}")
    for words in ("Masuk", "Diperiksa", "Dikembalikan; 1 temuan", "surel: sampai", "Perbaiki angka yang salah"):
        assert words in page
    assert f'href="/reports/{KOTA}/{site.accepted["submission_id"]}"' in page
    assert 'href="http://127.0.0.1:8081/rules/served-within-target"' in page
    english = await seen(site, f"/reports/{KOTA}/{site.accepted['submission_id']}?lang=en")
    assert "index 87.25" in english
    assert 'href="http://127.0.0.1:8081/rules/served-within-target?lang=en"' in english


@pytest.mark.parametrize("path", ["/reports/{region}", "/reports/{region}/{id}"])
async def test_another_region_is_as_if_there_were_no_such_region(site: Site, path: str) -> None:
    submission_id = site.accepted["submission_id"]
    page = await seen(site, path.format(region=ANOTHER_KOTA, id=submission_id), status=404)
    nowhere = await seen(site, path.format(region=NOWHERE, id=submission_id), status=404)
    assert page == nowhere.replace(NOWHERE, ANOTHER_KOTA)


async def test_a_report_under_another_regions_address_is_not_there(site: Site) -> None:
    there = f"/reports/{ANOTHER_KOTA}/{site.accepted['submission_id']}"
    assert "Tidak ada laporan dengan nomor ini." in await seen(site, there, site.nation, status=404)


async def test_another_regions_receipt_is_as_if_there_were_none(site: Site) -> None:
    theirs, none = f"/receipts/{site.accepted['submission_id']}", "/receipts/none"
    page = await seen(site, theirs, site.neighbour, status=404)
    assert page == (await seen(site, none, site.neighbour, status=404)).replace(none, theirs)
    file = await site.client.get(f"/v1/submissions/{site.accepted['submission_id']}/receipt", headers=site.neighbour)
    assert file.status_code == httpx.codes.NOT_FOUND


async def test_a_clerk_of_a_region_is_led_to_it_and_the_nation_chooses(site: Site) -> None:
    led = await site.client.get("/reports?lang=en", headers=site.kota)
    assert (led.status_code, led.headers["Location"]) == (303, f"/reports/{KOTA}?lang=en")
    assert f'<option value="{KOTA}">' in await seen(site, "/reports", site.nation)
    chosen = await site.client.get(f"/reports?region={KOTA}", headers=site.nation)
    assert chosen.headers["Location"] == f"/reports/{KOTA}"


async def test_the_printed_code_leads_to_the_page_that_says_it_is_genuine(site: Site) -> None:
    page = await seen(site, f"/receipts/{site.accepted['submission_id']}")
    drawn = unquote(page.partition('<img src="data:image/svg+xml')[2].partition('"')[0]).partition(",")[2]
    address = f"{OWN_URL}/verify?proof={site.accepted['proof']}"
    assert drawn == unquote(segno.make_qr(address, error="m").svg_data_uri(border=4, scale=3)).partition(",")[2]
    assert "Tanda terima ini asli." in await seen(site, address.removeprefix(OWN_URL), {})


@pytest.mark.parametrize("form", ["proof", "file", "address", "broken into lines"])
async def test_a_receipt_is_checked_by_anybody_in_each_form_that_it_has(site: Site, form: str) -> None:
    proof = site.accepted["proof"]
    file = await site.client.get(f"/v1/submissions/{site.accepted['submission_id']}/receipt", headers=site.kota)
    given = {
        "proof": proof,
        "file": file.text,
        "address": f"{OWN_URL}/verify?proof={proof}",
        "broken into lines": f" {proof[:70]}\r\n{proof[70:]}\n",
    }
    page = (await site.client.get("/verify", params={"proof": given[form], "lang": "en"})).text
    assert "This receipt is genuine." in page
    assert "10 January 2024, 10:00 WIB" in page


@pytest.mark.parametrize("given", ["x", "{}", "a.b.c", "https://elsewhere.example/", "<script>", "a" * 9_000, "é.é.é"])
async def test_what_is_no_receipt_is_said_to_be_none_and_is_shown_as_text(site: Site, given: str) -> None:
    answer = await site.client.get("/verify", params={"proof": given})
    assert answer.status_code == httpx.codes.OK
    assert "tidak dapat dipercaya" in answer.text
    assert "<script" not in answer.text


async def test_a_proof_with_other_facts_is_not_genuine(site: Site) -> None:
    head, payload, signature = site.accepted["proof"].split(".")
    facts = b64decode(payload + "==", altchars=b"-_").replace(KOTA.encode(), ANOTHER_KOTA.encode())
    forged = f"{head}.{b64encode(facts, altchars=b'-_').decode().rstrip('=')}.{signature}"
    page = (await site.client.get("/verify", params={"proof": forged})).text
    assert "Isinya telah diubah" in page
    assert "Samarinda" not in page


async def test_the_page_of_the_documentation_asks_nobody_else(site: Site) -> None:
    page = await site.client.get("/docs")
    assert "http" not in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
    for part in ("swagger-ui-bundle.js", "swagger-ui.css", "docs.js"):
        assert f"/docs/{part}" in page.text
        assert (await site.client.get(f"/docs/{part}")).status_code == httpx.codes.OK
    assert (await site.client.get("/docs/redoc.standalone.js")).status_code == httpx.codes.NOT_FOUND
