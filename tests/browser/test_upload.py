"""The page on which clerks hand in workbooks, as they meet it."""

from base64 import b64decode
from pathlib import Path

import pytest

from tests.browser.chromium import Tab
from tests.browser.looks import DESKTOP, PHONE, barriers
from tests.intake.reports import KOTA
from tests.intake.site import Site
from tests.intake.workbooks import TEN_MISTAKES, marked_cells, typed_into

pytestmark = pytest.mark.browser

PAGE = f"/upload/{KOTA}"


async def choose(tab: Tab, file: Path) -> None:
    root = (await tab.call("DOM.getDocument"))["root"]["nodeId"]
    field = await tab.call("DOM.querySelector", nodeId=root, selector="#workbook")
    await tab.call("DOM.setFileInputFiles", nodeId=field["nodeId"], files=[str(file)])
    await tab.follow("form.filter button")


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
async def test_a_faulty_workbook_comes_back_with_its_cells_marked(
    tab: Tab, clerk: tuple[Site, str], axe: str, tmp_path: Path, width: int
) -> None:
    site, address = clerk
    form = (await site.client.get(f"/v1/templates/{KOTA}/2023Q4.xlsx", headers=site.kota)).content
    file = tmp_path / "laporan.xlsx"
    file.write_bytes(typed_into(form, TEN_MISTAKES))
    await tab.open(address + PAGE, width=width)
    assert tab.faults == []
    assert await barriers(tab, axe) == []

    await choose(tab, file)
    assert await tab.ask("document.querySelector('.verdict h2').innerText")
    told = await tab.ask("[...document.querySelectorAll('tbody th')].map(cell => cell.innerText)")
    assert await tab.ask("document.documentElement.scrollWidth") <= width
    assert await barriers(tab, axe) == []
    href = await tab.ask("document.querySelector('a[download]').href")
    assert marked_cells(b64decode(href.partition(",")[2])) == told
    assert len(told) >= len(TEN_MISTAKES)


async def test_a_good_workbook_is_taken_and_leads_to_its_receipt(
    tab: Tab, clerk: tuple[Site, str], tmp_path: Path
) -> None:
    site, address = clerk
    form = (await site.client.get(f"/v1/templates/{KOTA}/2023Q4.xlsx", headers=site.kota)).content
    file = tmp_path / "laporan.xlsx"
    file.write_bytes(typed_into(form, {("services.served", 0): "990"}))
    await tab.open(address + PAGE, width=PHONE)
    await choose(tab, file)
    assert await tab.ask("document.querySelector('.verdict h2').innerText") == "Laporan diterima"
    await tab.follow(".verdict a[href^='/receipts/']")
    assert tab.faults == []
