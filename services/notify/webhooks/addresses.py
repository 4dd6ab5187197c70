"""Where a delivery may go: the address that was checked is the one that is connected to.

A name is resolved once for each connection. What is not public (private, loopback, link-local, metadata, shared,
multicast, or any of them in IPv6's clothes) is refused, unless the installation allows its network.
"""

import asyncio
import socket
import typing
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpcore

from chassis.errors import Misconfigured

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address of a name."""

ADDRESSES_MAX: Final = 8
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_TUNNELS: Final = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "192.88.99.0/24")))
"""Documentation, and tunnels: behind a tunnel's address stands another one, which nobody checked."""


class ForbiddenAddressError(httpcore.ConnectError):
    """The name leads to where no webhook is."""


def allowed_networks(text: str) -> tuple[Network, ...]:
    """The networks of ``10.1.0.0/16, fd00::/8``.

    Raises:
        Misconfigured: one of them is none.
    """
    try:
        return tuple(ip_network(word.strip()) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise Misconfigured(f"SPM_WEBHOOK_NETWORKS: {error}; write networks like 10.1.0.0/16, fd00::/8") from None


def may_go_to(address: Address, allowed: Sequence[Network]) -> bool:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in allowed):
        return True
    if address.is_multicast or not address.is_global or any(address in network for network in _TUNNELS):
        return False
    return isinstance(address, IPv4Address) or address in _PUBLIC_V6


async def resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses alone. TLS and the Host header keep speaking of the name."""

    def __init__(self, allowed: Sequence[Network], resolved: Resolve = resolve) -> None:
        self._allowed = allowed
        self._resolved = resolved
        self._wire = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        local_address: str | None = None,
        socket_options: typing.Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises:
        ForbiddenAddressError: one of the name's addresses is none that we may go to.
        """
        try:
            found = await self._resolved(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} has no address: {error}") from error
        addresses = [ip_address(text.partition("%")[0]) for text in found[:ADDRESSES_MAX]]
        if not addresses or not all(may_go_to(address, self._allowed) for address in addresses):
            raise ForbiddenAddressError(f"{host} leads to no public address")
        return await self._wire.connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
