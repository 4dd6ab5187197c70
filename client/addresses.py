"""Where something secret may be sent."""

from ipaddress import ip_address

import httpx


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_private(url: httpx.URL) -> bool:
    """Whether nobody on the way reads or alters what is sent: over TLS, or within this machine."""
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))


def require_private(url: str) -> None:
    """Raises:
    ValueError: somebody on the way could read what is sent there.
    """
    if not is_private(httpx.URL(url)):
        raise ValueError(f"found {url!r}, expected https://: over http:// anybody in between reads a key and alters")
