"""The public pages as people meet them: with a keyboard, on a phone, with a screen reader."""

import pytest

from tests.browser.chromium import Tab
from tests.browser.looks import DESKTOP, FOCUSED, PHONE, UNFOLDED, barriers, walk

pytestmark = pytest.mark.browser

PAGES = (
    *("/", "/?period=2023Q1&lang=en", "/tables/2023Q4?province=64", "/tables/2023Q1?level=provinsi&lang=en"),
    *("/regions/64.71", "/regions/64.02?period=2023Q2&lang=en", "/regions/12", "/awards", "/awards/2024"),
    *("/awards/2025?lang=en", "/data"),
)


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_opens_without_a_fault_and_keeps_nobody_out(
    tab: Tab, address: str, axe: str, path: str, width: int
) -> None:
    await tab.open(address + path, width=width)
    assert tab.faults == []
    assert await barriers(tab, axe) == []


@pytest.mark.parametrize("path", PAGES)
async def test_nobody_scrolls_a_page_sideways_on_a_phone(tab: Tab, address: str, path: str) -> None:
    await tab.open(address + path, width=PHONE)
    await tab.ask(f"{UNFOLDED}.forEach(one => one.open = true)")
    assert await tab.ask("document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize("path", ["/", "/tables/2023Q4?level=kota&province=64", "/awards/2024"])
async def test_a_keyboard_reaches_every_stop_in_order_and_sees_where_it_is(tab: Tab, address: str, path: str) -> None:
    await tab.open(address + path, width=DESKTOP)
    stops, met = await walk(tab)
    assert met == stops


async def test_the_first_stop_leads_past_the_navigation(tab: Tab, address: str) -> None:
    await tab.open(f"{address}/regions/64.71", width=DESKTOP)
    await tab.tab()
    assert (await tab.ask(FOCUSED))["target"] == "#content"
    await tab.press("Enter", code=13, text="\r")
    await tab.tab()
    assert (await tab.ask(FOCUSED))["target"].startswith("/tables/2023Q4?province=64")


async def test_the_language_is_changed_by_a_link_and_kept_by_the_next(tab: Tab, address: str) -> None:
    await tab.open(f"{address}/regions/64.71", width=PHONE)
    await tab.follow("a[hreflang=en]")
    assert await tab.ask("document.documentElement.lang") == "en"
    await tab.follow("nav a[href^='/awards']")
    assert await tab.ask("document.querySelector('h1').innerText") == "The SPM Awards"


async def test_a_filter_is_sent_with_the_keyboard_alone(tab: Tab, address: str) -> None:
    await tab.open(f"{address}/tables/2023Q4", width=DESKTOP)
    await tab.ask("document.querySelector('#q').focus()")
    await tab.write("Samarinda")
    await tab.enter()
    assert await tab.ask("document.querySelectorAll('tbody tr').length") == 1
    assert await tab.ask("document.querySelector('tbody th').innerText") == "Kota Samarinda\nKalimantan Timur"


async def test_a_page_works_without_scripts(tab: Tab, address: str) -> None:
    await tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        await tab.open(f"{address}/regions/64.71", width=DESKTOP)
        shown = await tab.call("Page.captureScreenshot", format="png")
        assert shown["data"]
    finally:
        await tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.faults == []
    assert await tab.ask("document.querySelectorAll('svg[role=img]').length") == 1
