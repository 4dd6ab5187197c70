import io
import json
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.main import app
from cli.saying import harmless, say
from tests.running import RECEIPT_KEYS

HOSTILE = "Aplikasi\x1b[2J\x9b1m\r\n\tdua\u202egnp.exe"
SHOWN = r"Aplikasi\u001b[2J\u009b1m\u000d\u000a\u0009dua\u202egnp.exe"


def test_what_steers_a_terminal_is_written_out_and_words_stay() -> None:
    assert harmless(HOSTILE) == SHOWN
    assert harmless("→ Mend «supersedes»; pukul 10.00, naïve 漢字") == "→ Mend «supersedes»; pukul 10.00, naïve 漢字"


def test_markup_and_emoji_of_others_are_words() -> None:
    shown = io.StringIO()
    say(Console(file=shown, force_terminal=True, highlight=False), f"[red]:warning:[/red] {HOSTILE}")
    assert shown.getvalue() == f"[red]:warning:[/red] {SHOWN}\n"


KEY = {"key_id": "0" * 12, "client_id": "kota", "region": "64.71", "scopes": [], "state": "issued", "label": HOSTILE}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json=[KEY | {"expires_at": None, "last_used_at": None}]),
        httpx.Response(403, json={"title": "Forbidden", "detail": HOSTILE}),
    ],
)
def test_labels_and_refusals_of_keys_cannot_speak_through_the_terminal(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response
) -> None:
    monkeypatch.setattr(httpx, "request", lambda *_, **__: answer)
    told = CliRunner().invoke(app, ["key", "list", "--url", "http://localhost", "--token", "k"])
    assert (SHOWN in told.output, "\x1b" in told.output) == (True, False)


@pytest.mark.parametrize(
    ("command", "content"),
    [
        (["check"], json.dumps({HOSTILE: 1})),
        (["receipt", "verify", "--keys", str(RECEIPT_KEYS)], None),
        (["award", "verify"], json.dumps({HOSTILE: 1})),
    ],
)
def test_files_of_others_cannot_speak_through_the_terminal(
    tmp_path: Path, command: list[str], content: str | None
) -> None:
    file = tmp_path / HOSTILE
    if content is not None:
        file.write_text(content)
    told = CliRunner().invoke(app, [*command, str(file)], color=True)
    assert told.exit_code != 0
    assert (SHOWN in told.output, "\x1b[2J" in told.output) == (True, False)
