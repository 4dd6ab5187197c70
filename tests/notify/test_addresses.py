from collections.abc import Sequence
from ipaddress import ip_address

import httpcore
import pytest

from chassis.errors import Misconfigured
from deploy.local.ports import LOOPBACK
from services.notify.webhooks.addresses import CheckedNetwork, ForbiddenAddressError, allowed_networks, may_go_to

PUBLIC = ["1.1.1.1", "103.10.20.30", "2606:4700:4700::1111", "::ffff:1.1.1.1"]
REFUSED = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "224.0.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_gone_to(address: str) -> None:
    assert may_go_to(ip_address(address), ())


@pytest.mark.parametrize("address", REFUSED)
def test_every_other_address_is_refused(address: str) -> None:
    assert not may_go_to(ip_address(address), ())


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("10.2.0.1", False), ("fd00::1", True), ("127.0.0.1", False)],
)
def test_an_installation_can_allow_networks_of_its_own(address: str, *, allowed: bool) -> None:
    assert may_go_to(ip_address(address), allowed_networks("10.1.0.0/16, fd00::/8")) == allowed


@pytest.mark.parametrize("text", ["10.1.0.0/40", "everything", "10.1.2.3/16"])
def test_a_network_that_is_none_stops_the_service(text: str) -> None:
    with pytest.raises(Misconfigured, match="SPM_WEBHOOK_NETWORKS"):
        allowed_networks(text)


class Names:
    """Answers each question with the next answer."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


@pytest.mark.parametrize("answer", [[LOOPBACK], ["1.1.1.1", LOOPBACK], ["fe80::1%eth0"], []])
async def test_a_name_that_leads_inside_is_refused_whatever_else_it_says(answer: list[str]) -> None:
    with pytest.raises(ForbiddenAddressError):
        await CheckedNetwork((), Names(answer).resolve).connect_tcp("hooks.example", 443)


async def test_a_name_without_an_address_is_no_connection() -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    with pytest.raises(httpcore.ConnectError):
        await CheckedNetwork((), unknown).connect_tcp("hooks.example", 443)
