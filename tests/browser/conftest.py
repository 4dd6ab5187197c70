"""The pages of a synthetic year behind a real socket, and a real browser in front of it."""

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files

import pytest
import pytest_asyncio
import uvicorn

from contracts.award import AwardStep
from regulation.loading import load_law
from tests.browser.chromium import PROGRAMS, Tab, browsing, program
from tests.running import eventually
from tests.scoring.site import site_of_a_year


@pytest.fixture(scope="session", autouse=True)
def chromium() -> None:
    if program() is None:
        pytest.skip(f"no browser: none of {', '.join(PROGRAMS)} is installed (Debian: apt-get install chromium)")


@pytest_asyncio.fixture(scope="package")
async def address(chromium: None, kafka: str, mongo: str) -> AsyncIterator[str]:
    """Where the pages are served, with an edition whose winners are announced."""
    async with site_of_a_year(kafka, mongo, load_law(), until=AwardStep.ANNOUNCED) as site:
        config = uvicorn.Config(site.app, host="127.0.0.1", port=0, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        await eventually(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest_asyncio.fixture(scope="package")
async def browser(chromium: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    async with browsing(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture
def tab(browser: Tab) -> Tab:
    """The browser's one tab, with no fault noted yet."""
    browser.faults.clear()
    return browser


@pytest.fixture(scope="package")
def axe() -> str:
    """axe-core, which looks for what keeps people out."""
    return (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
