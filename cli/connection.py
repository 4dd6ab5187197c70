"""Where intake is and who asks: options of every command of regions, or SPM_URL and SPM_TOKEN."""

from typing import Annotated

import httpx
import typer

from client.addresses import is_private

Url = Annotated[str, typer.Option("--url", envvar="SPM_URL", metavar="URL", help="Where intake is: https://….")]
Token = Annotated[
    str,
    typer.Option(
        "--token", envvar="SPM_TOKEN", show_envvar=True, metavar="KEY", help="The API key; best by the variable alone."
    ),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Take an http:// address elsewhere: in a network that is safe without TLS.")
]


def checked_url(url: str, *, insecure: bool) -> str:
    """The address without its last slash. In the clear a key could be read, and public keys changed, on the way.

    Raises:
        BadParameter: no address of an HTTP server, or of one elsewhere without TLS.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"{url!r} is no address: {error}") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise typer.BadParameter(f"found {url!r}, expected an address like https://spm.example.go.id")
    if not (insecure or is_private(parsed)):
        why = "over http:// anybody in between reads and alters; where nobody is, give --insecure"
        raise typer.BadParameter(f"found {url!r}, expected https://: {why}")
    return url.rstrip("/")
