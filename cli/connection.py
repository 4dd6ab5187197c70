"""Where intake is and who asks: options of every command of regions, or SPM_URL and SPM_TOKEN."""

from typing import Annotated

import httpx
import typer

Url = Annotated[str, typer.Option("--url", envvar="SPM_URL", metavar="URL", help="Where intake is: https://….")]
Token = Annotated[
    str,
    typer.Option(
        "--token", envvar="SPM_TOKEN", show_envvar=True, metavar="KEY", help="The API key; best by the variable alone."
    ),
]


def checked_url(url: str) -> str:
    """The address without its last slash.

    Raises:
        BadParameter: no address of an HTTP server.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"{url!r} is no address: {error}") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise typer.BadParameter(f"found {url!r}, expected an address like https://spm.example.go.id")
    return url.rstrip("/")
