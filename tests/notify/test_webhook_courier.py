"""A hostile receiver: each of its answers has one name, in bounded time, and nobody follows it anywhere."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from chassis.clock import monotonic_s
from deploy.local.ports import LOOPBACK, free_port
from services.notify.domain.delivery import Outcome
from services.notify.webhooks.addresses import CheckedNetwork
from services.notify.webhooks.courier import Reply, WebhookCourier, retry_after_of
from tests.notify.certificates import Authority
from tests.notify.receiver import Answering, Receiver, later_s, never, raw, says, without_end

HOST = "hooks.example"
NOW = datetime(2024, 1, 21, 1, 0, tzinfo=UTC)
ANSWER_S = 0.4
LOOPBACK_ALLOWED = (ip_network("127.0.0.0/8"),)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made_in(tmp_path_factory.mktemp("ca"))


class Names:
    """Leads every name to the loopback at the first question, and elsewhere at the next."""

    def __init__(self, *then: str) -> None:
        self.answers = [LOOPBACK, *then]
        self.asked: list[str] = []

    async def resolve(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return [self.answers[min(len(self.asked), len(self.answers)) - 1]]


@asynccontextmanager
async def courier(authority: Authority, names: Names | None = None) -> AsyncIterator[WebhookCourier]:
    network = CheckedNetwork(LOOPBACK_ALLOWED, (names or Names()).resolve)
    made = WebhookCourier(network, authority.trusted, answer_s=ANSWER_S)
    try:
        yield made
    finally:
        await made.close()


async def delivered(made: WebhookCourier, port: int, path: str = "/") -> Reply:
    return await made.deliver(f"https://{HOST}:{port}{path}", b"{}", {"webhook-id": "n"}, now=NOW)


@pytest.mark.parametrize(
    ("answering", "reply"),
    [
        (says("200 OK", body=b"thanks"), Reply(Outcome.DELIVERED, 200)),
        (says("204 No Content"), Reply(Outcome.DELIVERED, 204)),
        (says("302 Found", f"location: https://{LOOPBACK}/admin"), Reply(Outcome.REFUSED, 302)),
        (says("308 Permanent Redirect", "location: /elsewhere"), Reply(Outcome.REFUSED, 308)),
        (says("400 Bad Request"), Reply(Outcome.REFUSED, 400)),
        (says("410 Gone"), Reply(Outcome.GONE, 410)),
        (says("429 Slow", "retry-after: 120"), Reply(Outcome.THROTTLED, 429, timedelta(seconds=120))),
        (says("502 Bad Gateway"), Reply(Outcome.THROTTLED, 502)),
        (says("504 Gateway Timeout"), Reply(Outcome.THROTTLED, 504)),
        (says("500 Oops"), Reply(Outcome.REFUSED, 500)),
        (without_end, Reply(Outcome.DELIVERED, 200)),
        (raw(b"NOT HTTP AT ALL\r\n\r\n"), Reply(Outcome.UNREACHED)),
        (raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000), Reply(Outcome.UNREACHED)),
        (raw(b""), Reply(Outcome.UNREACHED)),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"), Reply(Outcome.UNREACHED)),
        (never, Reply(Outcome.TIMED_OUT)),
        (later_s(ANSWER_S * 3), Reply(Outcome.TIMED_OUT)),
    ],
    ids=lambda value: value.outcome if isinstance(value, Reply) else None,
)
async def test_each_answer_has_one_name_and_takes_bounded_time(
    authority: Authority, answering: Answering, reply: Reply
) -> None:
    receiver = Receiver(authority.server(HOST), answers={"/": answering})
    async with receiver.running(), courier(authority) as made:
        started = monotonic_s()
        assert await delivered(made, receiver.port) == reply
        assert monotonic_s() - started < ANSWER_S * 5
    assert [request.path for request in receiver.requests] == ["/"]


async def test_a_delivery_names_its_host_and_is_what_was_given(authority: Authority) -> None:
    receiver = Receiver(authority.server(HOST))
    async with receiver.running(), courier(authority) as made:
        await delivered(made, receiver.port, "/hooks?a=b")

    [request] = receiver.requests
    assert request.path == "/hooks?a=b"
    assert request.headers["host"] == f"{HOST}:{receiver.port}"
    assert (request.headers["webhook-id"], request.body) == ("n", b"{}")


async def test_the_checked_address_is_the_one_that_is_connected_to(authority: Authority) -> None:
    receiver, names = Receiver(authority.server(HOST)), Names("169.254.169.254")
    async with receiver.running(), courier(authority, names) as made:
        assert (await delivered(made, receiver.port)).outcome is Outcome.DELIVERED
        assert names.asked == [HOST], "the name was resolved again between check and connection"
    async with courier(authority, names) as made:
        assert (await delivered(made, receiver.port)).outcome is Outcome.FORBIDDEN_ADDRESS
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("server", ["another name", "another authority", "no encryption"])
async def test_a_receiver_that_cannot_prove_its_name_gets_nothing(
    authority: Authority, tmp_path: Path, server: str
) -> None:
    stranger = Authority.made_in(tmp_path)
    tls = {"another name": authority.server("other.example"), "another authority": stranger.server(HOST)}.get(server)
    receiver = Receiver(tls)
    async with receiver.running(), courier(authority) as made:
        assert (await delivered(made, receiver.port)).outcome is Outcome.UNREACHED
    assert not [request for request in receiver.requests if request.body]


async def test_a_receiver_that_is_away_is_not_reached(authority: Authority) -> None:
    async with courier(authority) as made:
        assert await delivered(made, free_port()) == Reply(Outcome.UNREACHED)


async def test_a_proxy_of_the_environment_is_not_asked(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOOPBACK}:{free_port()}")
    receiver = Receiver(authority.server(HOST))
    async with receiver.running(), courier(authority) as made:
        assert (await delivered(made, receiver.port)).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("Sun, 21 Jan 2024 01:02:00 GMT", timedelta(minutes=2)),
        ("Sun, 21 Jan 2024 00:02:00 GMT", None),
        ("99999999999999999999", timedelta(seconds=10**8)),
        ("-5", None),
        ("soon", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("²", None),
        ("", None),
    ],
)
def test_a_receiver_says_how_long_to_wait_in_seconds_or_by_a_date(text: str, wait: timedelta | None) -> None:
    assert retry_after_of([(b"Retry-After", text.encode())], NOW) == wait
