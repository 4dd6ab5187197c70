"""Nothing secret is sent where somebody in between could read it."""

import pytest

from client import SpmClient
from client.oauth import fetch_token

ELSEWHERE = ["http://spm.example.go.id", "HTTP://intake:8100", "http://127.0.0.1@example.go.id", "ftp://127.0.0.1"]


@pytest.mark.parametrize("url", ["https://spm.example.go.id", "http://127.0.0.1:8100", "http://localhost"])
def test_a_client_speaks_to_servers_with_tls_and_to_this_machine(url: str) -> None:
    SpmClient(url, "spm_k")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_client_takes_another_machine_without_tls_on_demand_alone(url: str) -> None:
    with pytest.raises(ValueError, match="expected https://"):
        SpmClient(url, "spm_k")
    SpmClient(url, "spm_k", insecure=True)


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_no_token_is_fetched_in_the_clear(url: str) -> None:
    with pytest.raises(ValueError, match="expected https://"):
        await fetch_token(url, client_id="region-64.71", key={}, scopes=["region:64.71"])
