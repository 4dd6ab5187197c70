"""A service as its operators start it, in a process of its own: to be asked over a socket, killed, started again."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil

from chassis.settings import Settings
from deploy.local.engines import Engine
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.program import NotReadyError, Program, connects

ROOT = Path(__file__).parents[1]
_ANSWER_S = 3.0


class Door(Engine):
    """A program that answers HTTP; started again, at the same address."""

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def resident_bytes(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)


@asynccontextmanager
async def started(door: Door) -> AsyncIterator[Door]:
    """The door, ready; stopped at last."""
    await door.start()
    try:
        yield door
    finally:
        await door.stop()


def service_process(
    name: str,
    settings: Settings,
    folder: Path,
    *,
    module: str | None = None,
    arguments: tuple[str, ...] = (),
    secrets: Path | None = None,
    root: Path = ROOT,
) -> Door:
    """Not started yet. Its settings go by the environment; ``http_port`` is a free one; ``module`` stands in for it.

    ``secrets`` is a folder that is made for those that must not be seen there; ``root`` is where its code stands.
    """
    port = free_port()
    address = f"http://{LOOPBACK}:{port}"
    given = settings.model_dump(mode="json", exclude_none=True) | {"http_port": port}
    if secrets is not None:
        given = _without_secrets(given, secrets)

    async def ready() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_S) as client:
            try:
                answer = await client.get(f"{address}/ready")
            except httpx.HTTPError as error:
                raise NotReadyError(type(error).__name__) from error
        if answer.status_code != httpx.codes.OK:
            raise NotReadyError(f"/ready answers {answer.status_code}")

    environment = [f"SPM_{key.upper()}={value}" for key, value in given.items()] + [f"PYTHONPATH={root}"]
    command = ("env", *environment, sys.executable, "-m", module or f"services.{name}", *arguments)
    return Door(Program(name, address, ready, command, folder))


def _without_secrets(given: dict[str, object], folder: Path) -> dict[str, object]:
    """The settings that may be seen, and where the others are written."""
    folder.mkdir(parents=True)
    hidden = {name for name, setting in Settings.model_fields.items() if not setting.repr}
    for name in hidden & given.keys():
        (folder / f"spm_{name}").write_text(f"{given[name]}\n", encoding="utf-8")
    return {name: value for name, value in given.items() if name not in hidden} | {"secrets_dir": folder}


def module_process(module: str, arguments: tuple[str, ...], folder: Path) -> Door:
    """Not started yet; the free port on which it is to listen is its last argument."""
    port = free_port()
    address = f"{LOOPBACK}:{port}"

    async def ready() -> None:
        await connects(address)

    command = ("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", module, *arguments, str(port))
    return Door(Program(module.rpartition(".")[2], f"http://{address}", ready, command, folder))
