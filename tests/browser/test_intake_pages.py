"""Intake's pages as clerks and those who check a receipt meet them, and the documentation of every service."""

from base64 import b64decode
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader

from deploy.local.ports import LOOPBACK
from tests.browser.chromium import Tab
from tests.browser.looks import DESKTOP, PHONE, barriers, walk
from tests.intake.reports import KOTA
from tests.intake.site import Site
from tests.running import eventually

pytestmark = pytest.mark.browser

PAGES = {
    "list": "/reports/{region}",
    "returned": "/reports/{region}/{returned}",
    "receipt": "/receipts/{accepted}",
    "doubt": "/verify?proof={proof}x&lang=en",
}


def path_of(site: Site, page: str) -> str:
    ids = {"accepted": site.accepted["submission_id"], "returned": site.returned["submission_id"]}
    return PAGES[page].format(region=KOTA, proof=site.accepted["proof"], **ids)


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("page", PAGES)
async def test_a_page_opens_without_a_fault_keeps_nobody_out_and_fits(
    tab: Tab, clerk: tuple[Site, str], axe: str, page: str, width: int
) -> None:
    site, address = clerk
    await tab.open(address + path_of(site, page), width=width)
    assert tab.faults == []
    assert await tab.ask("document.documentElement.scrollWidth") <= width
    assert await barriers(tab, axe) == []


@pytest.mark.parametrize("page", ["list", "doubt"])
async def test_a_keyboard_reaches_every_stop_in_order_and_sees_where_it_is(
    tab: Tab, clerk: tuple[Site, str], page: str
) -> None:
    site, address = clerk
    await tab.open(address + path_of(site, page), width=DESKTOP)
    stops, met = await walk(tab)
    assert met == stops


async def test_a_receipt_is_pasted_and_checked_with_the_keyboard_alone(tab: Tab, clerk: tuple[Site, str]) -> None:
    site, address = clerk
    await tab.open(f"{address}/verify", width=PHONE)
    await tab.ask("document.querySelector('#proof').focus()")
    await tab.write(site.accepted["proof"])
    await tab.tab()
    await tab.enter()
    assert await tab.ask("document.querySelector('.verdict h2').innerText") == "Tanda terima ini asli."


async def test_a_receipt_prints_on_one_page(tab: Tab, clerk: tuple[Site, str]) -> None:
    site, address = clerk
    await tab.open(address + path_of(site, "receipt"), width=DESKTOP)
    paper = await tab.call("Page.printToPDF", preferCSSPageSize=True)
    printed = PdfReader(BytesIO(b64decode(paper["data"])))
    assert len(printed.pages) == 1
    assert [round(float(side)) for side in printed.pages[0].mediabox[2:]] == [595, 842]
    assert site.accepted["submission_id"] in printed.pages[0].extract_text()


async def test_the_documentation_shows_every_operation_and_asks_no_other_host(
    tab: Tab, clerk: tuple[Site, str]
) -> None:
    site, address = clerk
    tab.asked.clear()
    # A script may not fetch from an address that holds a password.
    await tab.open(f"http://{LOOPBACK}:{urlsplit(address).port}/docs", width=DESKTOP)
    await eventually(lambda: tab.ask("document.querySelectorAll('.opblock').length > 0"))
    assert tab.faults == []
    described = site.app.openapi()["paths"].values()
    assert await tab.ask("document.querySelectorAll('.opblock').length") == sum(map(len, described))
    assert {urlsplit(url).hostname for url in tab.asked if url.startswith("http")} == {LOOPBACK}
