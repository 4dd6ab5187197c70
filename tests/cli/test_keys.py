"""``spm key`` against the real door, which has no socket here: the command's requests are handed to it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from chassis.access import TOKEN_PATTERN
from cli.main import app
from services.intake.app import NAME, build
from tests.running import Keys, running, settings_for

pytestmark = pytest.mark.engines
Spm = Callable[..., Awaitable[Result]]
ORDER = ("--client", "region-64.71", "--region", "64.71", "--scope", "submissions:read")


@pytest_asyncio.fixture(scope="module")
async def door(
    kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    manager = keys.issue("sekretariat", ["keys:write"])["Authorization"].removeprefix("Bearer ")
    async with running(NAME, build, settings_for(kafka, mongo, keys)) as client:
        yield client, manager


@pytest_asyncio.fixture
async def spm(door: tuple[httpx.AsyncClient, str], monkeypatch: pytest.MonkeyPatch) -> Spm:
    client, manager = door
    loop = asyncio.get_running_loop()

    def request(method: str, url: str, **options: Any) -> httpx.Response:
        path = url.removeprefix("http://localhost")
        return asyncio.run_coroutine_threadsafe(client.request(method, path, **options), loop).result(30)

    monkeypatch.setattr(httpx, "request", request)

    async def run(*arguments: str, key: str = manager) -> Result:
        environment = {"SPM_URL": "http://localhost", "SPM_TOKEN": key}
        return await asyncio.to_thread(CliRunner().invoke, app, ["key", *arguments], env=environment)

    return run


async def test_a_key_is_issued_rotated_listed_and_revoked(spm: Spm) -> None:
    issued = await spm("issue", *ORDER, "--label", "Aplikasi")
    assert issued.exit_code == 0, issued.output
    token = issued.stdout.splitlines()[-1]
    assert re.fullmatch(TOKEN_PATTERN, token)
    key_id = token.split("_")[1]

    rotated = await spm("rotate", key_id, "--grace-hours", "1")
    new = rotated.stdout.splitlines()[-1]
    assert re.fullmatch(TOKEN_PATTERN, new)
    assert new != token

    listed = await spm("list", "--region", "64.71")
    assert {key_id, new.split("_")[1]} <= set(listed.stdout.split())
    assert token not in listed.stdout

    revoked = await spm("revoke", key_id)
    assert revoked.stdout.splitlines()[-1] == f"{key_id} (region-64.71): revoked"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("revoke", "0" * 12), "404 Not found"),
        (("issue", *ORDER, "--expires-at", "2001-01-01T00:00:00Z"), "/expires_at"),
        (("issue", *ORDER, "--scope", "everything"), "/scopes"),
    ],
)
async def test_a_refusal_is_told_in_one_sentence(spm: Spm, arguments: tuple[str, ...], told: str) -> None:
    refused = await spm(*arguments)
    assert refused.exit_code == 1
    assert told in refused.stderr
    assert re.search(TOKEN_PATTERN, refused.stdout) is None


async def test_a_wrong_key_is_told_of_and_never_shown(spm: Spm) -> None:
    refused = await spm("list", key="spm_guessed")
    assert refused.exit_code == 1
    assert "401 Unauthenticated" in refused.stderr
    assert "guessed" not in refused.output
