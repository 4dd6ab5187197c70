import httpx
import pytest
from fastapi import FastAPI

from chassis import problems
from chassis.pages import View, from_own_site
from contracts.language import Language

app = FastAPI()
problems.install(app)


@app.post("/form", dependencies=[from_own_site])
async def form() -> None:
    """Changes something."""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://spm.example"}, 403),
        ({"Origin": "http://spm.example"}, 200),
        ({"Origin": "http://spm.example:8443"}, 403),
        ({"Origin": "http://spm.example.invalid"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_a_form_of_another_site_changes_nothing(headers: dict[str, str], status: int) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://spm.example") as client:
        answer = await client.post("/form", headers=headers)
    assert answer.status_code == status
    assert status == httpx.codes.OK or answer.json()["type"] == "urn:spm:problem:cross-site-form"


def test_addresses_keep_the_readers_language_and_choices() -> None:
    view = View("/tables", {"level": "kota", "q": "a&b"}, Language.ENGLISH)
    assert view.here(level=None) == "/tables?q=a%26b&lang=en"
    assert view.link("/data") == "/data?lang=en"
    assert view.in_the_other_language == "/tables?level=kota&q=a%26b"


@pytest.mark.parametrize(
    ("here", "link", "current"),
    [
        ("/tables", "/tables", "page"),
        ("/tables/2023Q4", "/tables", "true"),
        ("/tablespoon", "/tables", None),
        ("/data", "/", None),
        ("/", "/", "page"),
    ],
)
def test_the_navigation_says_where_the_reader_is(here: str, link: str, current: str | None) -> None:
    assert View(here, {}, Language.INDONESIAN).current(link) == current
