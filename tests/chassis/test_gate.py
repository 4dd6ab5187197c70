"""Who is let in, who is told to wait, and what is noted of it: the middleware and the gate without any engine."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from chassis import problems
from chassis.access import KeyRing, KeyRow, issue_key, mistyped
from chassis.audit import Refusal
from chassis.clock import FixedClock
from chassis.gate import Gate
from chassis.http import Measured, SafeDoors, require_region, require_view, requires, requires_on_page
from chassis.metrics import HttpMetrics
from chassis.quota import Quota
from contracts.key import ClientKeyChangedV1, KeyState

NOW = datetime.fromisoformat("2024-01-10T03:00:00Z")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass
class Witness:
    uses: list[tuple[str, datetime]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def used(self, key: KeyRow, at: datetime) -> None:
        self.uses.append((key.key_id, at))

    def refused(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)


@dataclass
class House:
    """Doors that show the region they are asked for."""

    ring: KeyRing
    clock: FixedClock
    witness: Witness
    requests: int = 1_000
    failures: int = 1_000
    registry: CollectorRegistry = field(default_factory=CollectorRegistry, init=False)

    def __post_init__(self) -> None:
        self.ring.complete = True

    def client(self, address: str = "10.0.0.1") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=(address, 1), raise_app_exceptions=False),
            base_url="http://doors",
        )

    @cached_property
    def app(self) -> FastAPI:
        return self._made()

    def _made(self) -> FastAPI:
        app = FastAPI()
        app.state.gate = Gate(
            self.ring, self.clock, requests=Quota(self.requests), failures=Quota(self.failures), witness=self.witness
        )
        problems.install(app)
        app.add_middleware(SafeDoors)
        app.add_middleware(Measured, metrics=HttpMetrics(self.registry), witness=self.witness, clock=self.clock)

        @app.get("/of/{region}")
        async def read(region: str, caller: Annotated[KeyRow, requires("submissions:read")]) -> str:
            require_view(caller, region)
            return region

        @app.post("/of")
        async def write(caller: Annotated[KeyRow, requires("submissions:write")]) -> str:
            require_region(caller, "64.71")
            return "done"

        @app.get("/page")
        async def page(caller: Annotated[KeyRow, requires_on_page("submissions:read")]) -> str:
            return caller.client_id

        @app.get("/mistake")
        async def mistake() -> None:
            raise ZeroDivisionError

        return app


def key(
    region: str = "64.71", *, scopes: tuple[str, ...] = ("submissions:read",), sandbox: bool = False
) -> tuple[str, KeyRow]:
    return issue_key("kota", scopes, region, sandbox=sandbox)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def house(*rows: KeyRow, **limits: int) -> House:
    return House(KeyRing(rows), FixedClock(NOW), Witness(), **limits)


@pytest.mark.parametrize(
    ("region", "wanted", "status"),
    [
        ("64.71", "64.71", 200),
        ("64.71", "64.72", 404),
        ("64.71", "64", 404),
        ("64", "64", 200),
        ("64", "64.71", 404),
        ("64.*", "64", 200),
        ("64.*", "64.71", 200),
        ("64.*", "6", 404),
        ("64.*", "641", 404),
        ("64.*", "65.71", 404),
        ("*", "64.71", 200),
    ],
)
async def test_a_key_reaches_its_region_its_province_or_all(region: str, wanted: str, status: int) -> None:
    token, row = key(region)
    async with house(row).client() as client:
        assert (await client.get(f"/of/{wanted}", headers=bearing(token))).status_code == status


async def test_why_a_key_is_not_taken_is_said() -> None:
    token, row = key()
    over = row.model_copy(update={"expires_at": NOW})
    gone = row.model_copy(update={"revoked": True})
    wrong = token[:30] + ("a" if token[30] != "a" else "b") + token[31:]
    stranger, _ = key()
    for known, sent, why in (
        (over, token, "expired at 2024-01-10"),
        (gone, token, "was revoked"),
        (row, wrong, "checksum disagrees"),
        (row, stranger, "unknown"),
        (row, "x", "unknown"),
    ):
        async with house(known).client() as client:
            answer = await client.get("/of/64.71", headers=bearing(sent))
            assert (answer.status_code, why in answer.json()["detail"]) == (401, True), answer.text
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="SPM Awards", error="invalid_token"'
            assert sent not in answer.text


async def test_a_lacking_scope_is_named_and_a_page_asks_for_a_password() -> None:
    token, row = key(scopes=("submissions:write",))
    async with house(row).client() as client:
        lacking = await client.get("/of/64.71", headers=bearing(token))
        assert lacking.status_code == 403
        assert 'error="insufficient_scope", scope="submissions:read"' in lacking.headers["WWW-Authenticate"]
        assert (await client.get("/page")).headers["WWW-Authenticate"] == 'Basic realm="SPM Awards", charset="UTF-8"'


async def test_a_page_takes_the_key_as_a_password() -> None:
    token, row = key()
    async with house(row).client() as client:
        for sent in (f"anybody:{token}", f":{token}"):
            basic = {"Authorization": f"Basic {b64encode(sent.encode()).decode()}"}
            assert (await client.get("/page", headers=basic)).json() == "kota"
        for broken in ("Basic %%%", "Basic /w==", "Basic é", "Basic", "Bearer", "Digest x"):
            answer = await client.get("/page", headers={b"Authorization": broken.encode("latin-1")})
            assert answer.status_code == 401


async def test_until_the_log_of_keys_is_read_an_unknown_key_is_told_to_come_again() -> None:
    token, row = key()
    waiting = house(row)
    waiting.ring.complete = False
    stranger, _ = key()
    async with waiting.client() as client:
        assert (await client.get("/of/64.71", headers=bearing(token))).status_code == 200
        assert (await client.get("/of/64.71", headers=bearing(stranger))).status_code == 503


async def test_who_sends_too_much_is_told_how_long_to_wait_and_nobody_else_is() -> None:
    token, row = key()
    other, another = issue_key("kota-lain", ["submissions:read"], "64.72")
    async with house(row, another, requests=2).client() as client:
        for left in (1, 0):
            answer = await client.get("/of/64.71", headers=bearing(token))
            assert answer.headers["RateLimit-Policy"] == '"burst";q=2;w=60'
            assert answer.headers["RateLimit"] == f'"burst";r={left};t=30'
        refused = await client.get("/of/64.71", headers=bearing(token))
        assert refused.status_code == 429
        told = refused.json()
        assert told["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert told["violated-policies"] == ["burst"]
        assert int(refused.headers["Retry-After"]) >= 30
        assert refused.headers["RateLimit"] == '"burst";r=0;t=30'
        assert (await client.get("/of/64.72", headers=bearing(other))).status_code == 200


async def test_a_key_with_a_limit_of_its_own_has_that_one() -> None:
    token, row = key()
    async with house(row.model_copy(update={"requests_per_minute": 1}), requests=100).client() as client:
        answers = [await client.get("/of/64.71", headers=bearing(token)) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]


async def test_unknown_keys_from_one_address_are_told_to_wait_and_a_good_one_is_still_taken() -> None:
    token, row = key()
    guarded = house(row, failures=2)
    for addresses in (
        ("10.0.0.1",) * 4,
        ("::ffff:10.0.0.2",) * 3,
        ("10.0.0.3", "::ffff:10.0.0.3", "10.0.0.3"),
        ("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3"),
    ):
        statuses = []
        for address in addresses:
            async with guarded.client(address) as client:
                refused = await client.get("/of/64.71", headers=bearing("spm_guessed"))
                statuses.append(refused.status_code)
        assert statuses == [401, 401, *[429] * (len(addresses) - 2)]
        assert refused.json()["type"].endswith("#abnormal-usage-detected")
    async with guarded.client() as client:
        assert (await client.get("/of/64.71", headers=bearing(token))).status_code == 200
        assert (await client.get("/of/64.71")).status_code == 401


async def test_a_refusal_is_told_once_with_who_where_and_why_and_without_the_token() -> None:
    token, row = key(scopes=("submissions:read", "submissions:write"), region="64.72")
    watched = house(row)
    async with watched.client() as client:
        with capture_logs() as lines:
            await client.get("/of/64.71", headers=bearing(token) | {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
            written = await client.post("/of", headers=bearing(token))
            await client.get("/of/64.72?region=64.99", headers=bearing(token[:-1]))
            await client.get("/nowhere")
            await client.get("/of/64.72", headers=bearing(token))
    found = [
        (each.slug, each.status, each.client_id, each.method, each.route, each.region)
        for each in watched.witness.refusals
    ]
    assert found == [
        ("not-found", 404, "kota", "GET", "/of/{region}", "64.71"),
        ("outside-region", 403, "kota", "POST", "/of", "64.71"),
        ("unauthenticated", 401, None, "GET", "/of/{region}", "64.72"),
    ]
    assert watched.witness.refusals[0].trace_id == TRACE
    assert watched.witness.refusals[1].trace_id == written.json()["trace_id"]
    told = [line for line in lines if line["event"] == "request.refused"]
    assert [line["slug"] for line in told] == [slug for slug, *_ in found]
    assert token.split("_")[2] not in str(told)
    assert watched.witness.uses == [(row.key_id, NOW)] * 3


def change(row: KeyRow, revision: int, **changes: object) -> ClientKeyChangedV1:
    return ClientKeyChangedV1(
        key_id=row.key_id,
        revision=revision,
        state=KeyState.ISSUED,
        client_id=row.client_id,
        scopes=tuple(row.scopes),
        region=row.region,
        token_sha256=row.sha256,
        issued_at=NOW,
        changed_at=NOW,
        changed_by="sekretariat",
    ).model_copy(update=changes)


def test_the_latest_word_on_a_key_counts_in_whatever_order_it_is_read() -> None:
    token, row = key()
    issued, revoked = change(row, 1), change(row, 2, state=KeyState.REVOKED)
    for order in ([issued, revoked], [revoked, issued], [issued, revoked, issued]):
        ring = KeyRing()
        ring.learn(order)
        assert ring.holder_of(token, NOW) is None
    ring = KeyRing([row])
    assert ring.holder_of(token, NOW) == row
    ring.learn([change(row, 1, expires_at=NOW + timedelta(hours=1))])
    assert ring.holder_of(token, NOW) is not None
    assert ring.holder_of(token, NOW + timedelta(hours=1)) is None


@pytest.mark.parametrize("sandbox", [False, True])
def test_a_token_tells_what_it_is_and_whether_it_was_copied_well(*, sandbox: bool) -> None:
    token, row = key(sandbox=sandbox)
    prefix, key_id, secret, checksum = token.split("_")
    assert (prefix, key_id) == ("spmtest" if sandbox else "spm", row.key_id)
    assert (len(secret), len(checksum)) == (43, 6)
    assert not mistyped(token)
    for at in range(len(prefix) + 1, len(token)):
        if token[at] != "_":
            changed = token[:at] + ("0" if token[at] != "0" else "1") + token[at + 1 :]
            assert mistyped(changed), changed
    assert secret not in row.model_dump_json()


def test_a_key_of_the_older_form_is_still_taken() -> None:
    _, row = key()
    token = f"spm_{row.key_id}_{'ab' * 32}"
    old = row.model_copy(update={"sha256": sha256(token.encode()).hexdigest()})
    assert KeyRing([old]).holder_of(token, NOW) == old


def test_a_key_is_asked_for_again_while_an_answer_goes_on() -> None:
    _, row = key()
    _, foreign = key()
    ends = foreign.model_copy(update={"expires_at": NOW})
    doors = house(row)
    gate: Gate = doors.app.state.gate
    assert (gate.in_force(row), gate.in_force(foreign), gate.in_force(ends)) == (True, True, False)
    doors.ring.learn([change(row, 1, state=KeyState.REVOKED)])
    assert not gate.in_force(row)


async def test_a_mistake_of_ours_is_counted_as_one() -> None:
    doors = house()
    async with doors.client() as client:
        answers = [await client.get("/mistake"), await client.get("/page")]

    def counted(name: str, **labels: str) -> float | None:
        return doors.registry.get_sample_value(f"spm_http_{name}_total", labels)

    assert [answer.status_code for answer in answers] == [500, 401]
    assert answers[0].json()["title"] == "Mistake"
    assert counted("problems", slug="mistake") == 1
    assert counted("requests", method="GET", route="/mistake", status_class="5xx") == 1
    assert counted("problems", slug="unauthenticated") == 1
