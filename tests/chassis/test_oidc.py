"""Sign-in at a small real issuer behind a real socket: taken when genuine, refused in every way it can be wrong."""

import asyncio
import warnings
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Form, Header
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import Key, OctKey, RSAKey

from chassis.clock import FixedClock
from chassis.errors import Misconfigured, Retryable
from chassis.oauth import NotGenuineError
from chassis.oidc import Begun, SignInIssuer
from chassis.settings import Settings
from deploy.local.ports import LOOPBACK
from tests.running import eventually, settings_for

NOW = datetime.fromisoformat("2024-01-10T03:00:00Z")
BACK = "https://notices.example/sign-in/issuer/back"
SECRET = "rahasia"  # noqa: S105 - of an issuer that lives as long as the test
ADDRESS = "sekda@kota-contoh.example"


@dataclass
class House:
    """The issuer: its key, what it says, and the code that it handed out."""

    url: str = ""
    key: Key = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "first"})
    signed_with: Key | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    named: str | None = None
    asked: dict[str, str] = field(default_factory=dict)
    status: int = 200

    @property
    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def configuration() -> dict[str, str]:
            endpoints = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks.json"}
            return {"issuer": self.named or self.url} | {name: f"{self.url}/{path}" for name, path in endpoints.items()}

        @app.get("/jwks.json")
        async def jwks() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.post("/token")
        async def token(
            code: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
            authorization: Annotated[str, Header()],
        ) -> JSONResponse:
            client = b64decode(authorization.removeprefix("Basic ")).decode()
            challenge = urlsafe_b64encode(sha256(code_verifier.encode()).digest()).decode().rstrip("=")
            told = (code, redirect_uri, client, challenge)
            if told != ("kode", BACK, f"spm:{SECRET}", self.asked["code_challenge"]):
                return JSONResponse({"error": "invalid_grant"}, 400)
            return JSONResponse({"id_token": self.id_token(), "access_token": "x"}, self.status)

        return app

    def authorize(self, begun: Begun) -> None:
        """Let the person sign in there."""
        address = urlsplit(begun.address)
        assert f"{address.scheme}://{address.netloc}" == self.url
        self.asked = {name: values[0] for name, values in parse_qs(address.query).items()}

    def id_token(self) -> str:
        seconds = int(NOW.timestamp())
        claims = {
            "iss": self.url,
            "aud": "spm",
            "sub": "1",
            "iat": seconds,
            "exp": seconds + 300,
            "nonce": self.asked["nonce"],
            "email": ADDRESS,
            "email_verified": True,
        } | self.claims
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(self.header, told, self.signed_with or self.key, algorithms=[self.header["alg"]])


@pytest.fixture(autouse=True)
def older_names() -> None:
    warnings.simplefilter("ignore", SecurityWarning)


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    config = uvicorn.Config(house.app, host=LOOPBACK, port=0, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    house.url = f"http://{LOOPBACK}:{server.servers[0].sockets[0].getsockname()[1]}"
    yield house
    server.should_exit = True
    await task


def configured(tmp_path: Path, **changes: object) -> Settings:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    given = {"oidc_client_id": "spm", "oidc_client_secret": tmp_path / "secret"} | changes
    return settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1", None, **given)


@pytest.fixture
def issuer(house: House, tmp_path: Path) -> SignInIssuer:
    made = SignInIssuer.of(configured(tmp_path, oidc_issuer=house.url), FixedClock(NOW), back=BACK)
    assert made is not None
    return made


async def signed_in(house: House, issuer: SignInIssuer, code: str = "kode", nonce: str | None = None) -> str:
    begun = await issuer.begin()
    house.authorize(begun)
    return await issuer.address_of(code, nonce=nonce or begun.nonce, verifier=begun.verifier)


async def test_the_address_that_the_issuer_verified_comes_back(house: House, issuer: SignInIssuer) -> None:
    assert await signed_in(house, issuer) == ADDRESS
    assert (house.asked["response_type"], house.asked["code_challenge_method"]) == ("code", "S256")
    assert set(house.asked["scope"].split()) == {"openid", "email"}


async def test_each_sign_in_asks_anew(issuer: SignInIssuer) -> None:
    begun = [await issuer.begin() for _ in range(2)]
    assert len({secret for one in begun for secret in (one.state, one.nonce, one.verifier)}) == 6


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://another.example"},
        {"aud": "another"},
        {"aud": ["spm", "another"]},
        {"aud": ["spm", "another"], "azp": "another"},
        {"exp": int((NOW - timedelta(minutes=5)).timestamp())},
        {"exp": None},
        {"iat": None},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_proves_less_is_refused(house: House, issuer: SignInIssuer, claims: dict[str, Any]) -> None:
    house.claims = claims
    with pytest.raises(NotGenuineError):
        await signed_in(house, issuer)


async def test_a_token_of_another_key_or_of_a_shared_secret_is_refused(house: House, issuer: SignInIssuer) -> None:
    house.signed_with = RSAKey.generate_key(2048, {"kid": "first"})
    with pytest.raises(NotGenuineError):
        await signed_in(house, issuer)
    house.header, house.signed_with = {"alg": "HS256", "kid": "first"}, OctKey.import_key(SECRET * 8)
    with pytest.raises(NotGenuineError):
        await signed_in(house, issuer)


async def test_a_code_of_another_or_a_second_sign_in_is_refused(house: House, issuer: SignInIssuer) -> None:
    with pytest.raises(NotGenuineError):
        await signed_in(house, issuer, code="lain")
    first, second = await issuer.begin(), await issuer.begin()
    house.authorize(first)
    with pytest.raises(NotGenuineError):
        await issuer.address_of("kode", nonce=first.nonce, verifier=second.verifier)


async def test_an_issuer_that_is_away_or_calls_itself_otherwise_is_asked_again_later(
    house: House, issuer: SignInIssuer
) -> None:
    house.named = "https://another.example"
    with pytest.raises(Retryable, match="another name"):
        await issuer.begin()
    house.named, house.status = None, 500
    with pytest.raises(Retryable, match="500"):
        await signed_in(house, issuer)
    away = SignInIssuer("http://127.0.0.1:1", "spm", SECRET, BACK, FixedClock(NOW))
    with pytest.raises(Retryable):
        await away.begin()


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc_issuer": "http://issuer.example"},
        {"oidc_issuer": None},
        {"oidc_issuer": "https://issuer.example", "oidc_client_secret": Path("/nowhere")},
    ],
)
def test_half_a_configuration_is_none(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match="SPM_OIDC"):
        SignInIssuer.of(configured(tmp_path, **changes), FixedClock(NOW), back=BACK)


def test_without_one_nobody_is_asked() -> None:
    settings = settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1")
    assert SignInIssuer.of(settings, FixedClock(NOW), back=BACK) is None
