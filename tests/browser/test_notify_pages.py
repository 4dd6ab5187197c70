"""Notify's pages as officials meet them: sign in, read, acknowledge, on a phone and at a desk."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from contracts.recipient import Role
from deploy.local.ports import LOOPBACK, free_port
from tests.browser.chromium import Tab
from tests.browser.conftest import serving
from tests.browser.looks import DESKTOP, PHONE, barriers, walk
from tests.notify.site import NEIGHBOUR, REGION, SECRETARY, TEAM, Site, site_of_notices

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Office:
    site: Site
    address: str
    tab: Tab

    async def sign_in(self, mailbox: str) -> None:
        await self.tab.call("Network.clearBrowserCookies")
        await self.tab.open(self.address + await self.site.link(mailbox), width=PHONE)
        await self.tab.follow("main button")


@pytest_asyncio.fixture(scope="module")
async def house(
    chromium: None, broker: str, replica_set: str, tmp_path_factory: pytest.TempPathFactory, browser: Tab
) -> AsyncIterator[Office]:
    port, folder = free_port(), tmp_path_factory.mktemp("officials")
    own_url = f"http://{LOOPBACK}:{port}"
    async with site_of_notices(broker, replica_set, folder, public_url=own_url) as site, serving(site.app, port) as url:
        office = Office(site, url, browser)
        await office.sign_in(TEAM)
        yield office


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("page", ["/inbox/{region}", "{notice}", "/situation/{region}?lang=en", "/preview"])
async def test_a_page_of_who_signed_in_keeps_nobody_out_and_fits(
    tab: Tab, house: Office, axe: str, page: str, width: int
) -> None:
    notice = await house.site.notice_of("submission_returned", role=Role.TEAM)
    await tab.open(house.address + page.format(region=REGION, notice=notice), width=width)
    assert tab.faults == []
    assert await tab.ask("document.documentElement.scrollWidth") <= width
    assert await barriers(tab, axe) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("page", ["/sign-in", "/certificates/verify?number=PN-2/kota/64.71/2024&digest=x"])
async def test_a_public_page_keeps_nobody_out_and_fits(
    tab: Tab, house: Office, axe: str, page: str, width: int
) -> None:
    await tab.open(house.address + page, width=width)
    assert tab.faults == []
    assert await tab.ask("document.documentElement.scrollWidth") <= width
    assert await barriers(tab, axe) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
async def test_the_list_of_recipients_keeps_nobody_out_and_fits(tab: Tab, house: Office, axe: str, width: int) -> None:
    token = house.site.own["Authorization"].removeprefix("Bearer ")
    with_key = house.address.replace("http://", f"http://sistem:{token}@")
    await tab.open(f"{with_key}/recipients/{REGION}", width=width)
    assert await tab.ask("document.documentElement.scrollWidth") <= width
    assert await barriers(tab, axe) == []


async def test_an_official_signs_in_reads_and_acknowledges_on_a_phone(tab: Tab, house: Office) -> None:
    await tab.call("Network.clearBrowserCookies")
    await tab.open(f"{house.address}/inbox/{REGION}", width=PHONE)
    assert await tab.ask("location.pathname") == "/sign-in"
    before = len(house.site.links_to(SECRETARY))
    await tab.ask("document.querySelector('#address').focus()")
    await tab.write(SECRETARY)
    await tab.enter()
    assert "Periksa kotak surel" in await tab.ask("document.querySelector('h1').innerText")
    await house.site.mailed(SECRETARY, before)
    await tab.open(house.site.links_to(SECRETARY)[-1], width=PHONE)
    await tab.follow("main button")
    assert await tab.ask("location.pathname") == f"/inbox/{REGION}"
    notice = await house.site.notice_of("report_overdue", role=Role.SECRETARY)
    await tab.open(house.address + notice, width=PHONE)
    await tab.follow("button[name=office]")
    assert "Diketahui oleh Sekretaris Daerah" in await tab.ask("document.querySelector('.said').innerText")
    await tab.open(house.address + (await house.site.notice_of("submission_returned", region=NEIGHBOUR)), width=PHONE)
    assert "tidak ditemukan" in await tab.ask("document.querySelector('h1').innerText")
    await tab.follow(".leave button")
    assert await tab.ask("location.pathname") == "/sign-in"
    await house.sign_in(TEAM)


async def test_an_official_asks_for_the_reasons_of_the_award_by_a_button(tab: Tab, house: Office, axe: str) -> None:
    await house.sign_in(TEAM)
    await tab.open(f"{house.address}/situation/{REGION}", width=PHONE)
    await tab.follow("form[action$='/award-reasons'] button")
    assert "kotak masuk daerah" in await tab.ask("document.querySelector('.said').innerText")
    assert await tab.ask("document.documentElement.scrollWidth") <= PHONE
    assert await barriers(tab, axe) == []


async def test_a_keyboard_reaches_every_stop_of_a_notice(tab: Tab, house: Office) -> None:
    await house.sign_in(TEAM)
    await tab.open(house.address + await house.site.notice_of("submission_returned", role=Role.TEAM), width=DESKTOP)
    stops, met = await walk(tab)
    assert met == stops
