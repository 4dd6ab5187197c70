"""Access tokens of a small real issuer: taken when genuine, refused in every way that they can be wrong."""

import json
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Form
from fastapi.responses import JSONResponse
from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from chassis import oauth
from chassis.clock import FixedClock
from chassis.errors import Misconfigured, Retryable
from chassis.oauth import Issuer, NotGenuineError
from chassis.settings import Settings
from client.oauth import ASSERTION_TYPE, TokenRefusedError, fetch_token
from tests.running import settings_for

ISSUER = "https://issuer.example"
AUDIENCE = "https://spm.example"
NOW = datetime.fromisoformat("2024-01-10T03:00:00Z")
SCOPE = "openid submissions:write submissions:read region:64.71"


def ed25519(kid: str) -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig"})


@dataclass
class House:
    """The issuer: its keys, the client that it knows, and how often its keys were asked for."""

    keys: list[Key] = field(default_factory=lambda: [ed25519("first"), ECKey.generate_key("P-256", {"kid": "second"})])
    client: OKPKey = field(default_factory=lambda: ed25519("client"))
    asked: int = 0
    away: bool = False

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/jwks.json")
        async def jwks() -> dict[str, Any]:
            return self.shown()

        @app.post("/token")
        async def token(
            grant_type: Annotated[str, Form()],
            scope: Annotated[str, Form()],
            client_assertion_type: Annotated[str, Form()],
            client_assertion: Annotated[str, Form()],
        ) -> JSONResponse:
            try:
                proof = jwt.decode(client_assertion, self.client, algorithms=["EdDSA"]).claims
            except JoseError:
                return JSONResponse({"error": "invalid_client", "error_description": "who?"}, 401)
            assert (grant_type, client_assertion_type) == ("client_credentials", ASSERTION_TYPE)
            assert proof["iss"] == proof["sub"] == "region-64.71"
            assert proof["aud"] == "https://issuer.example/token"
            assert proof["exp"] - proof["iat"] <= 60
            signed = self.token(scope=scope, client_id=proof["sub"])
            return JSONResponse({"access_token": signed, "token_type": "Bearer", "expires_in": 300})

        return app

    def shown(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    async def fetch(self) -> bytes:
        self.asked += 1
        if self.away:
            raise OSError("nobody there")
        return json.dumps(self.shown()).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        seconds = int(NOW.timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": seconds,
            "exp": seconds + 300,
            "jti": "1",
            "sub": "region-64.71",
        }
        claims |= {"client_id": "region-64.71", "scope": SCOPE} | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, header: dict[str, Any] | None = None, key: Key | None = None, **changes: Any) -> str:
        head = {"alg": "EdDSA", "typ": "at+jwt", "kid": "first"} | (header or {})
        return jwt.encode(head, self.claims(**changes), key or self.keys[0], algorithms=[head["alg"]])


def configured(**changes: object) -> Settings:
    return settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1", None, **changes)


@pytest.fixture(autouse=True)
def older_names() -> None:
    """The tests write what issuers still write."""
    warnings.simplefilter("ignore", SecurityWarning)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def issuer(house: House, clock: FixedClock) -> Issuer:
    return Issuer(ISSUER, AUDIENCE, house.fetch, clock)


@pytest_asyncio.fixture
async def http(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url=ISSUER) as client:
        yield client


async def test_a_client_gets_a_token_with_its_signature_and_is_known_by_it(
    house: House, issuer: Issuer, http: httpx.AsyncClient
) -> None:
    token = await fetch_token(
        f"{ISSUER}/token",
        client_id="region-64.71",
        key=house.client.as_dict(private=True),
        scopes=["submissions:write", "region:64.71"],
        http=http,
        now=NOW,
    )
    assert token.expires_at == NOW + timedelta(seconds=300)
    assert token.value not in repr(token)
    row = await issuer.holder_of(token.value)
    assert (row.client_id, row.region, row.scopes) == (
        "region-64.71",
        "64.71",
        frozenset({"submissions:write"}),
    )


async def test_a_client_that_the_issuer_does_not_know_is_told_why(http: httpx.AsyncClient) -> None:
    with pytest.raises(TokenRefusedError, match="401 invalid_client: who"):
        await fetch_token(
            f"{ISSUER}/token",
            client_id="region-64.71",
            key=ed25519("client").as_dict(private=True),
            scopes=["region:64.71"],
            http=http,
            now=NOW,
        )


async def test_both_signatures_are_taken_and_two_tokens_of_a_client_are_one_key(house: House, issuer: Issuer) -> None:
    first = await issuer.holder_of(house.token())
    second = await issuer.holder_of(
        house.token(header={"alg": "ES256", "kid": "second", "typ": "application/at+jwt"}, key=house.keys[1], jti="2")
    )
    assert first.key_id == second.key_id
    assert first.scopes == {"submissions:write", "submissions:read"}
    assert (await issuer.holder_of(house.token(client_id="another", sub="another"))).key_id != first.key_id


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://other.example"}, "iss"),
        ({"aud": "https://other.example"}, "aud"),
        ({"aud": []}, "aud"),
        ({"exp": int(NOW.timestamp()) - 60}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"nbf": int(NOW.timestamp()) + 61}, "nbf"),
        ({"iat": int(NOW.timestamp()) + 61}, "iat"),
        *(({name: None}, name) for name in ("iss", "aud", "exp", "iat", "jti", "client_id", "scope")),
        ({"scope": ["submissions:write"]}, "cannot be read"),
        ({"scope": "submissions:write"}, "0 regions"),
        ({"scope": "region:64 region:31"}, "2 regions"),
        ({"scope": "region:everywhere"}, "not written as ours"),
        ({"client_id": "Region 64"}, "not written as ours"),
        ({"client_id": 64}, "not written as ours"),
        ({"exp": 10**18}, "not written as ours"),
    ],
)
async def test_claims_that_are_wrong_or_missing_are_named(
    house: House, issuer: Issuer, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotGenuineError, match=why):
        await issuer.holder_of(house.token(**changes))


@pytest.mark.parametrize("skew_s", [-60, 0, 59])
async def test_clocks_may_differ_by_a_minute(house: House, issuer: Issuer, clock: FixedClock, skew_s: int) -> None:
    clock.instant = NOW + timedelta(seconds=300 + skew_s) if skew_s > 0 else NOW + timedelta(seconds=skew_s)
    assert (await issuer.holder_of(house.token())).over(clock.now()) is None


async def test_a_token_with_a_byte_changed_anywhere_is_refused(house: House, issuer: Issuer) -> None:
    token = house.token()
    for at in range(0, len(token), 7):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(NotGenuineError):
            await issuer.holder_of(changed)


async def test_algorithms_and_keys_that_a_token_brings_itself_are_refused(house: House, issuer: Issuer) -> None:
    secret = OctKey.import_key(json.dumps(house.shown()["keys"][0]), {"kid": "first"})
    foreign = ed25519("first")
    rsa = RSAKey.generate_key(2048, {"kid": "third"})
    house.keys.append(rsa)
    unsigned = jws.serialize_compact(
        {"alg": "none", "typ": "at+jwt", "kid": "first"}, json.dumps(house.claims()), None, algorithms=["none"]
    )
    own_key = {"jwk": foreign.as_dict(private=False)}
    for token in (
        unsigned,
        unsigned.rstrip("."),
        house.token(header={"alg": "HS256"}, key=secret),
        house.token(header={"alg": "RS256", "kid": "third"}, key=rsa),
        house.token(key=foreign),
        house.token(header=own_key, key=foreign),
        house.token(header={"jku": "https://other.example/jwks"}),
        house.token(header={"x5u": "https://other.example/x5u"}),
        house.token(header={"typ": "JWT"}),
        house.token(header={"kid": "second"}),
        house.token(header={"kid": "unheard-of"}),
        house.token(filler="x" * oauth.TOKEN_CHARS_MAX),
        "..",
        "eyJ.e30.x",
    ):
        with pytest.raises(NotGenuineError):
            await issuer.holder_of(token)


async def test_keys_are_looked_for_again_when_one_is_unknown_but_once_a_minute(
    house: House, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed_s = 1_000.0
    monkeypatch.setattr(oauth, "monotonic_s", lambda: passed_s)
    await issuer.holder_of(house.token())
    replaced = ed25519("third")
    house.keys = [replaced]
    new = house.token(header={"kid": "third"}, key=replaced)
    for _ in range(5):
        with pytest.raises(NotGenuineError, match="does not show"):
            await issuer.holder_of(new)
    assert house.asked == 1
    passed_s += oauth.LOOK_AGAIN_S
    assert (await issuer.holder_of(new)).client_id == "region-64.71"
    assert house.asked == 2


async def test_a_key_that_the_issuer_took_back_ends_within_minutes_and_survives_the_issuers_absence(
    house: House, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed_s = 1_000.0
    monkeypatch.setattr(oauth, "monotonic_s", lambda: passed_s)
    token = house.token()
    await issuer.holder_of(token)
    passed_s += oauth.KEYS_LIVE_S
    house.away = True
    await issuer.holder_of(token)
    passed_s += oauth.KEYS_LIVE_S
    house.away, house.keys = False, [ed25519("third")]
    with pytest.raises(NotGenuineError, match="does not show"):
        await issuer.holder_of(token)


async def test_while_the_keys_were_never_seen_the_answer_is_later_and_not_no(house: House, issuer: Issuer) -> None:
    house.away = True
    with pytest.raises(Retryable):
        await issuer.holder_of(house.token())


@pytest.mark.parametrize(
    "given",
    [
        {"oauth_issuer": ISSUER},
        {"oauth_issuer": ISSUER, "oauth_audience": AUDIENCE},
        {"oauth_issuer": ISSUER, "oauth_audience": AUDIENCE, "oauth_jwks": "http://issuer.example/jwks.json"},
    ],
)
def test_half_a_configuration_and_keys_over_plain_http_stop_the_service(
    given: dict[str, str], clock: FixedClock
) -> None:
    with pytest.raises(Misconfigured, match="SPM_OAUTH"):
        Issuer.of(configured(**given), clock)


async def test_keys_can_stand_in_a_file(house: House, clock: FixedClock, tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps(house.shown()))
    given = {"oauth_issuer": ISSUER, "oauth_audience": AUDIENCE, "oauth_jwks": str(tmp_path / "jwks.json")}
    issuer = Issuer.of(configured(**given), clock)
    assert issuer is not None
    assert (await issuer.holder_of(house.token())).region == "64.71"


def test_nothing_is_taken_where_no_issuer_is_configured(clock: FixedClock) -> None:
    assert Issuer.of(configured(), clock) is None
