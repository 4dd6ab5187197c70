import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from cli.receipt import JWKS, app
from services.intake.domain import kept
from services.intake.domain.proof import Signer
from services.intake.domain.receipt_keys import ReceiptKeys
from tests.intake.reports import ISSUER, SIGNER, body, received, submission
from tests.running import RECEIPT_KEYS

PUBLIC = json.dumps(SIGNER.keys.public()).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "receipt.json", SIGNER)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_bytes(PUBLIC)
    return path


@pytest.fixture
def intake() -> Iterator[str]:
    """Where public keys are served, and nothing else."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == JWKS else 404)
            self.end_headers()
            self.wfile.write(PUBLIC if self.path == JWKS else b"")

        def log_message(self, *_: object) -> None:
            """Nothing: the requests of a test are known."""

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def written(path: Path, signer: Signer) -> Path:
    path.write_text(signer.receipt(kept.received(received())).model_dump_json())
    return path


def spm(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_genuine_receipt_is_told_in_words(file: Path, keys: Path) -> None:
    told = spm("verify", file, "--keys", keys)
    assert (told.exit_code, told.stderr) == (0, "")
    for words in (
        "Tanda terima ini asli.",
        "Triwulan IV 2023",
        "10 Januari 2024 pukul 10.00 WIB",
        "tepat waktu",
        ISSUER,
    ):
        assert words in told.stdout


def test_an_altered_member_is_named(file: Path, keys: Path) -> None:
    file.write_text(file.read_text().replace('"on_time":true', '"on_time":false'))
    told = spm("verify", file, "--keys", keys, "--lang", "en")
    assert told.exit_code == 1
    assert "This receipt cannot be trusted." in told.stdout
    assert "on_time: the file says false, signed was true" in told.stdout


def test_a_forged_receipt_cannot_speak_through_the_terminal(file: Path, keys: Path) -> None:
    file.write_text(file.read_text().replace("{", r'{"\u001b[2J Tanda terima ini asli":1,', 1))
    told = spm("verify", file, "--keys", keys)
    assert (told.exit_code, "\x1b" in told.stdout, r"\u001b[2J" in told.stdout) == (1, False, True)


def test_an_old_receipt_verifies_after_a_rotation_and_not_without_its_key(file: Path, tmp_path: Path) -> None:
    private = tmp_path / "private.json"
    private.write_bytes(RECEIPT_KEYS.read_bytes())
    rotation = spm("rotate", private)
    assert (rotation.exit_code, private.stat().st_mode & 0o777) == (0, 0o600)
    assert SIGNER.keys.ids[0] in rotation.stdout
    assert spm("verify", file, "--keys", private).exit_code == 0

    rows = json.loads(private.read_bytes())["keys"]
    assert ["d" in row for row in rows] == [True, False]
    private.write_text(json.dumps({"keys": rows[:1]}))
    told = spm("verify", file, "--keys", private)
    assert (told.exit_code, SIGNER.keys.ids[0] in told.stdout, rows[0]["kid"] in told.stdout) == (1, True, True)


def test_a_made_key_signs_and_is_not_written_over(tmp_path: Path) -> None:
    private = tmp_path / "private.json"
    assert spm("keygen", private).exit_code == 0
    made = private.read_bytes()
    receipt = written(tmp_path / "receipt.json", Signer(ReceiptKeys.parse(made), ISSUER))
    assert spm("verify", receipt, "--keys", private).exit_code == 0
    again = spm("keygen", private)
    assert (again.exit_code, private.read_bytes()) == (2, made)
    assert "spm receipt rotate" in again.stderr


def test_keys_are_fetched_from_intake(file: Path, intake: str) -> None:
    assert spm("verify", file, "--from", f"{intake}/").exit_code == 0
    told = spm("verify", file, "--from", f"{intake}/elsewhere")
    assert (told.exit_code, "404" in told.stderr) == (2, True)


def test_a_report_is_recognised_by_its_content(file: Path, keys: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_bytes(body(submission()))
    assert spm("verify", file, "--keys", keys, "--report", report).exit_code == 0
    report.write_bytes(body(submission(served=801)))
    assert spm("verify", file, "--keys", keys, "--report", report).exit_code == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{}", "expected a JWK set"), (b'{"keys": [{}]}', "keys/0 is no Ed25519"), (None, "read")],
)
def test_keys_that_cannot_be_used_are_no_verdict_on_the_receipt(
    file: Path, tmp_path: Path, content: bytes | None, words: str
) -> None:
    keys = tmp_path / "keys.json"
    if content is not None:
        keys.write_bytes(content)
    told = spm("verify", file, "--keys", keys)
    assert (told.exit_code, words in told.stderr) == (2, True)
