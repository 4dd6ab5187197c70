import pytest
import typer
from typer.testing import CliRunner

from cli.connection import checked_url
from cli.main import app


@pytest.mark.parametrize(
    "url", ["https://spm.example.go.id", "http://127.0.0.1:8100", "http://[::1]:8100", "http://localhost"]
)
def test_an_address_that_nobody_in_between_reads_is_taken(url: str) -> None:
    assert checked_url(f"{url}/", insecure=False) == url


@pytest.mark.parametrize(
    "url",
    ["http://spm.example.go.id", "HTTP://intake:8100", "http://127.0.0.1@example.go.id", "http://localhost.go.id"],
)
def test_without_tls_an_address_elsewhere_is_taken_on_demand_alone(url: str) -> None:
    with pytest.raises(typer.BadParameter, match="expected https"):
        checked_url(url, insecure=False)
    assert checked_url(url, insecure=True) == url


@pytest.mark.parametrize("url", ["ftp://x", "spm.example.go.id", "http://", ""])
def test_what_is_no_address_is_refused_in_any_case(url: str) -> None:
    with pytest.raises(typer.BadParameter):
        checked_url(url, insecure=True)


@pytest.mark.parametrize(
    "words",
    [
        ["key", "list", "--url", "http://intake.invalid", "--token", "k"],
        ["key", "revoke", "0" * 12, "--url", "http://intake.invalid", "--token", "k"],
        ["submit", "--url", "http://intake.invalid", "--token", "k"],
        ["verdict", "satu", "--url", "http://intake.invalid", "--token", "k"],
        ["receipt", "verify", "receipt.json", "--from", "http://intake.invalid"],
    ],
)
def test_every_command_refuses_to_send_a_key_or_fetch_keys_in_the_clear(words: list[str]) -> None:
    told = CliRunner().invoke(app, words)
    assert (told.exit_code, "https" in told.output) == (2, True)
