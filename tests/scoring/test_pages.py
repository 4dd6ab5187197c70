"""The public pages, on the real database."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from contracts.award import AwardStep
from regulation.law import Law
from tests.scoring.nation import award
from tests.scoring.site import Site, site_of_a_year

PAGES = (
    *("/", "/?period=2023Q1", "/tables/2023Q4", "/tables/2023Q1?level=kota&province=64", "/regions/64.71"),
    *("/regions/64.71?period=2023Q2", "/regions/12", "/regions/31.71", "/awards", "/awards/2024", "/data"),
)


@pytest_asyncio.fixture(scope="module")
async def site(kafka: str, mongo: str, law: Law) -> AsyncIterator[Site]:
    async with site_of_a_year(kafka, mongo, law, until=AwardStep.NOMINATED) as site:
        yield site


async def text_of(site: Site, path: str, status: int = 200) -> str:
    """The page's words, without its markup."""
    answer = await site.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    content = re.sub(r"<style>.*?</style>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(content.split())


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_open_to_all_in_indonesian_and_by_a_link_in_english(site: Site, path: str) -> None:
    indonesian = await site.client.get(path)
    assert (indonesian.status_code, indonesian.headers["content-language"]) == (200, "id")
    assert '<html lang="id">' in indonesian.text
    (english_path,) = re.findall(r'href="([^"]+)" lang="en"', indonesian.text)
    english = await site.client.get(english_path.replace("&amp;", "&"))
    assert (english.status_code, english.headers["content-language"]) == (200, "en")
    assert '<html lang="en">' in english.text
    inner = re.findall(r'href="(/(?!open-data)[^"]*)"', english.text)
    assert all("lang=en" in link for link in inner if f'href="{link}" lang="id"' not in english.text)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_nothing_but_itself(site: Site, path: str) -> None:
    answer = await site.client.get(path)
    assert not re.search(r"<script|<img|<link(?! rel=\"icon\" href=\"data:,\")|https?://|@import|url\(", answer.text)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_synthetic_figures_are_called_so_on_every_page(site: Site) -> None:
    for path in PAGES:
        assert "Angka di sini sintetis." in await text_of(site, path)
    assert "Figures here are synthetic." in await text_of(site, "/regions/99?lang=en", 404)


async def test_figures_are_written_as_the_reader_writes_them(site: Site) -> None:
    assert "90,00" in await text_of(site, "/regions/64.71")
    english = await text_of(site, "/regions/64.71?lang=en")
    assert "90.00" in english
    assert "19 January 2024, 23:59 WIB" in english


async def test_the_nation_shows_who_reported_and_in_which_band(site: Site) -> None:
    words = await text_of(site, "/?lang=en")
    assert "Regions with an accepted report 9 of 546 (1.6 %)" in words
    assert "Attained, first class 4 2 0 2" in words
    assert "Mean completeness" in words


async def test_before_the_fourth_quarter_no_page_says_not_attained(site: Site) -> None:
    for path in ("/?period=2023Q1", "/tables/2023Q1", "/regions/11?period=2023Q1"):
        words = await text_of(site, path)
        assert "Belum Tuntas" not in words
        assert "Di bawah jalur" in words
    assert "Belum Tuntas" in await text_of(site, "/regions/11")


async def test_the_table_is_filtered_by_level_and_province_and_sorted_by_links(site: Site) -> None:
    words = await text_of(site, "/tables/2023Q4?level=kota&province=64")
    assert "3 daerah dibandingkan, 2 dengan laporan diterima, 3 ditampilkan." in words
    assert "1 Kota Balikpapan Kalimantan Timur" in words
    assert "1 Kota Samarinda Kalimantan Timur" in words
    turned = await site.client.get("/tables/2023Q4?level=kota&province=64&sort=-name")
    assert turned.text.index("Kota Samarinda") < turned.text.index("Kota Balikpapan")
    assert 'aria-sort="descending"><a href="/tables/2023Q4?level=kota&amp;province=64&amp;sort=name"' in turned.text


async def test_achievement_and_completeness_stand_side_by_side(site: Site) -> None:
    for path in ("/", "/tables/2023Q4", "/regions/64"):
        words = await text_of(site, path)
        assert re.search("[Ii]ndeks.*[Kk]eterisian", words)


async def test_words_that_a_reader_types_are_shown_as_words(site: Site) -> None:
    answer = await site.client.get("/tables/2023Q4", params={"q": '"><script>alert(1)</script>', "level": "pulau"})
    assert "<script" not in answer.text
    assert "Tidak ada daerah yang cocok" in answer.text
    assert "Kota Samarinda" in await text_of(site, "/tables/2023Q4?q=samarinda")


async def test_the_tables_door_leads_to_the_latest_quarter_and_keeps_the_choice(site: Site) -> None:
    answer = await site.client.get("/tables?level=kota&lang=en")
    assert (answer.status_code, answer.headers["location"]) == (307, "/tables/2023Q4?level=kota&lang=en")


async def test_a_region_sees_where_it_loses_most_and_how_its_year_goes(site: Site) -> None:
    words = await text_of(site, "/regions/64.02?lang=en")
    assert "In sum 44.50 points." in words
    assert "Q2 27.70 50 100.00 on time Q3 none yet 75" in words
    assert "of 1 kabupaten that reported" in words
    assert "Rows of law that were used" in words


async def test_what_was_corrected_stays_to_be_seen(site: Site) -> None:
    assert re.search("Corrections .* 1 98.50 .* 2 98.70 ", await text_of(site, "/regions/35?lang=en"))
    assert "Corrections" not in await text_of(site, "/regions/32?lang=en")


async def test_a_region_without_an_accepted_report_has_a_page(site: Site) -> None:
    assert "Belum ada laporan daerah ini" in await text_of(site, "/regions/12")
    assert "tidak wajib melaporkan" in await text_of(site, "/regions/31.71")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/regions/99", "Tidak ada daerah dengan kode 99"),
        ("/regions/%3Cb%3E", "Tidak ada daerah dengan kode &lt;b&gt;"),
        ("/tables/2018Q4", "Tidak ada tabel untuk periode 2018Q4"),
        ("/tables/now?lang=en", "There is no table for the period now"),
        ("/awards/1999", "Tidak ada penyelenggaraan SPM Awards 1999"),
    ],
)
async def test_what_is_not_there_is_told_on_a_page(site: Site, path: str, words: str) -> None:
    assert words in await text_of(site, path, 404)


async def test_nominees_are_shown_with_every_criterion_and_winners_once_announced(site: Site, law: Law) -> None:
    before = await text_of(site, "/awards/2024")
    assert "Nomine telah ditetapkan; pemenang belum diumumkan." in before
    assert "Pemenang 1" not in before
    assert "Pembentukan dan keaktifan Tim Penerapan SPM 7,5 %" in before
    assert "Tidak ada laporan 2023Q3 yang diterima" in before
    await award(site.store, law, law.award_edition(2024), until=AwardStep.ANNOUNCED)
    after = await text_of(site, "/awards/2024?lang=en")
    assert "1 Kalimantan Timur 2 Jawa Barat 3 Jawa Timur" in after
    assert "Closed 1 March 2024, 10:00 WIB, Sekretariat Bersama (sintetis). Angka sintetis Nominated" in after
    assert "No report of 2023Q3 was accepted" in after
    assert "0123456789ab" not in after
