"""Debian's Chromium, driven by its own DevTools protocol: no driver beside the browser, nothing from the network."""

import asyncio
import itertools
import json
import signal
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from shutil import which
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
ANSWER_S: Final = 90.0
"""Long: axe-core looks at every element, and other tests may run beside it."""
_MESSAGE_BYTES_MAX: Final = 64 * 1024 * 1024
_SWITCHES: Final = (
    "--headless",
    "--remote-debugging-port=0",
    "--no-sandbox",  # tests may run as root, where the sandbox does not start; they open our own pages alone
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def program() -> str | None:
    """Where a Chromium is installed."""
    return next((found for name in PROGRAMS if (found := which(name))), None)


class Tab:
    """One page, and what went wrong on it."""

    def __init__(self, wire: ClientConnection) -> None:
        self._wire = wire
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.faults: list[str] = []
        """Script errors, refused content and failed requests, as the browser tells them."""
        self.asked: list[str] = []
        """The address of every request."""

    async def listen(self) -> None:
        """Until the browser closes, which it does without a word."""
        with suppress(ConnectionClosedError):
            async for text in self._wire:
                message = json.loads(text)
                if "id" in message:
                    answer = self._answers.pop(message["id"])
                    if not answer.done():  # it is when nobody waited so long
                        answer.set_result(message)
                else:
                    self._notice(message["method"], message["params"])

    def _notice(self, event: str, params: Mapping[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self._loaded.set()
        elif event == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.faults.append(str(params["exceptionDetails"].get("exception") or params["exceptionDetails"]["text"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.faults.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Raises:
        AssertionError: the browser refused it.
        """
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._wire.send(json.dumps({"id": number, "method": method, "params": params}))
        found = await asyncio.wait_for(answer, ANSWER_S)
        assert "error" not in found, f"{method}: {found['error']}"
        result: dict[str, Any] = found["result"]
        return result

    async def open(self, address: str, *, width: int, height: int = 900) -> None:
        phone = width < 600
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )
        self._loaded.clear()
        await self.call("Page.navigate", url=address)
        await asyncio.wait_for(self._loaded.wait(), ANSWER_S)

    async def ask(self, script: str) -> Any:
        """The value of an expression or promise on the page.

        Raises:
            AssertionError: it threw.
        """
        found = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def press(self, key: str, *, code: int, text: str = "") -> None:
        what = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **what)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    async def tab(self) -> None:
        await self.press("Tab", code=9)

    async def write(self, words: str) -> None:
        await self.call("Input.insertText", text=words)

    async def enter(self) -> None:
        """Press Enter and wait for the page that it leads to."""
        self._loaded.clear()
        await self.press("Enter", code=13, text="\r")
        await asyncio.wait_for(self._loaded.wait(), ANSWER_S)

    async def follow(self, selector: str) -> None:
        """Click on what the selector finds first, and wait for the page that it leads to."""
        self._loaded.clear()
        await self.ask(f"document.querySelector({json.dumps(selector)}).click()")
        await asyncio.wait_for(self._loaded.wait(), ANSWER_S)

    async def picture(self) -> bytes:
        """The whole page as PNG."""
        shot = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return b64decode(shot["data"])


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a browser that is started for it, with nothing kept from before.

    Raises:
        AssertionError: Chromium is not installed or did not start.
    """
    found = program()
    assert found, f"none of {', '.join(PROGRAMS)} is installed"
    process = await asyncio.create_subprocess_exec(
        found,
        *_SWITCHES,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        port = await _port(folder / "DevToolsActivePort", process)
        async with connect(await _page_address(port), max_size=_MESSAGE_BYTES_MAX) as wire:
            tab = Tab(wire)
            listening = asyncio.create_task(tab.listen())
            for domain in ("Page", "Runtime", "Log", "Network"):
                await tab.call(f"{domain}.enable")
            try:
                yield tab
            finally:
                await tab.call("Browser.close")
                await listening
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _port(written: Path, process: asyncio.subprocess.Process) -> int:
    """The port that the browser chose, which it writes once it listens."""
    async with asyncio.timeout(ANSWER_S):
        while not (lines := await asyncio.to_thread(_lines, written)):
            assert process.returncode is None, f"Chromium ended with {process.returncode} before it listened"
            await asyncio.sleep(0.05)
    return int(lines[0])


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


async def _page_address(port: int) -> str:
    async with httpx.AsyncClient() as client:
        targets = (await client.get(f"http://127.0.0.1:{port}/json/list")).json()
    return next(str(target["webSocketDebuggerUrl"]) for target in targets if target["type"] == "page")
