"""Pages behind a real socket, and a real browser in front of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from contracts.award import AwardStep
from deploy.local.ports import LOOPBACK, free_port
from regulation.loading import load_law
from tests.browser.chromium import PROGRAMS, Tab, browsing, program
from tests.intake.site import Site, site_of_reports
from tests.running import eventually
from tests.scoring.site import site_of_a_year


@pytest.fixture(scope="session", autouse=True)
def chromium() -> None:
    if program() is None:
        pytest.skip(f"no browser: none of {', '.join(PROGRAMS)} is installed (Debian: apt-get install chromium)")


@asynccontextmanager
async def serving(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    """The address of an application behind a real socket; its parts are running already."""
    config = uvicorn.Config(app, host=LOOPBACK, port=port, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield f"http://{LOOPBACK}:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest_asyncio.fixture(scope="package")
async def address(chromium: None, broker: str, replica_set: str) -> AsyncIterator[str]:
    """Where the public pages are served, with an edition whose winners are announced."""
    async with (
        site_of_a_year(broker, replica_set, load_law(), until=AwardStep.ANNOUNCED) as site,
        serving(site.app) as address,
    ):
        yield address


@pytest_asyncio.fixture(scope="package")
async def clerk(
    chromium: None, broker: str, replica_set: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Site, str]]:
    """Intake with a few reports, and where its pages are served to a clerk who has signed in."""
    port, folder = free_port(), tmp_path_factory.mktemp("clerk")
    own_url = f"http://{LOOPBACK}:{port}"
    async with site_of_reports(broker, replica_set, folder, intake_url=own_url) as site, serving(site.app, port):
        yield site, f"http://petugas:{site.token}@{LOOPBACK}:{port}"


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
