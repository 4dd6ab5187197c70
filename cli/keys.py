"""``spm key``: issue, list, rotate and revoke API keys at intake."""

from typing import Annotated, Any, Final, NoReturn

import httpx
import typer

from cli.connection import Insecure, Token, Url, checked_url
from cli.saying import complain, harmless

ANSWER_WITHIN_S: Final = 30.0
PAGES_MAX: Final = 100
_COLUMNS: Final = ("key_id", "client_id", "region", "scopes", "state", "expires_at", "last_used_at", "label")
_SHOWN_ONCE: Final = "Simpan sekarang: token ini tidak ditampilkan lagi. / Keep it now: this token is not shown again."

app = typer.Typer(help="API keys of regional systems and operators.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="Twelve characters; the part of a token after spm_.")]


@app.command()
def issue(
    url: Url,
    token: Token,
    client: Annotated[str, typer.Option(help="Who holds the key, like region-64.71.")],
    region: Annotated[str, typer.Option(help="Whom it acts for: 64.71, 64, 64.* or *.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, like submissions:write; may be repeated.")],
    label: Annotated[str | None, typer.Option(help="What it is for; no name of a person.")] = None,
    expires_at: Annotated[
        str | None, typer.Option(help="Its end, like 2027-01-01T00:00:00+07:00; else as late as may be.")
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Its own limit.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Good for trying out alone.")] = False,
    insecure: Insecure = False,
) -> None:
    """Issue a key and print its token, alone on standard output."""
    order = {
        "client_id": client,
        "region": region,
        "scopes": scope,
        "label": label,
        "expires_at": expires_at,
        "requests_per_minute": requests_per_minute,
        "sandbox": sandbox,
    }
    _show_token(_asked("POST", checked_url(url, insecure=insecure), token, "/v1/keys", order).json())


@app.command("list")
def list_(
    url: Url,
    token: Token,
    region: Annotated[str | None, typer.Option(help="Of this region alone.")] = None,
    insecure: Insecure = False,
) -> None:
    """List keys, newest first, a line each, tabs between: their end and their last use among them."""
    print("\t".join(_COLUMNS))
    address = checked_url(url, insecure=insecure)
    path = f"/v1/keys?limit=1000&region={region}" if region else "/v1/keys?limit=1000"
    for _ in range(PAGES_MAX):
        answer = _asked("GET", address, token, path)
        for key in answer.json():
            print("\t".join(_text(key[name]) for name in _COLUMNS))
        if "next" not in answer.links:
            break
        path = answer.links["next"]["url"]


@app.command()
def revoke(url: Url, token: Token, key_id: KeyId, insecure: Insecure = False) -> None:
    """End a key at once, in every service."""
    key = _asked("POST", checked_url(url, insecure=insecure), token, f"/v1/keys/{key_id}:revoke").json()
    print(harmless(f"{key['key_id']} ({key['client_id']}): {key['state']}"))


@app.command()
def rotate(
    url: Url,
    token: Token,
    key_id: KeyId,
    grace_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old key stays in force.")] = 24,
    expires_at: Annotated[str | None, typer.Option(help="The new key's end; that of the old one without it.")] = None,
    insecure: Insecure = False,
) -> None:
    """Issue a key in place of another and print its token, alone on standard output."""
    order = {"grace_hours": grace_hours, "expires_at": expires_at}
    _show_token(_asked("POST", checked_url(url, insecure=insecure), token, f"/v1/keys/{key_id}:rotate", order).json())


def _asked(method: str, address: str, token: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    where = address + path
    try:
        answer = httpx.request(
            method, where, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=ANSWER_WITHIN_S
        )
    except httpx.HTTPError as error:
        _fail(f"{address} does not answer ({type(error).__name__}).")
    if not answer.is_success:
        _fail(_problem(answer))
    return answer


def _problem(answer: httpx.Response) -> str:
    try:
        told = answer.json()
        faults = [f"{fault['pointer']}: {fault['detail']}" for fault in told.get("errors", ())]
        return " ".join([f"{answer.status_code} {told['title']}: {told['detail']}", *faults])
    except (ValueError, LookupError, TypeError):
        return f"{answer.status_code}, and no explanation; is it intake's address?"


def _show_token(key: dict[str, Any]) -> None:
    held = ", ".join(key["scopes"])
    told = f"{key['key_id']}: {key['client_id']}, {key['region']}, {held}, {key['expires_at'] or '∞'}"
    typer.echo(harmless(told), err=True)
    typer.echo(_SHOWN_ONCE, err=True)
    print(harmless(key["token"]))


def _text(value: object) -> str:
    return harmless(" ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value))


def _fail(sentence: str) -> NoReturn:
    complain(sentence)
    raise typer.Exit(1)
