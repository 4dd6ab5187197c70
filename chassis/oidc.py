"""Sign-in of people at a configured issuer (OpenID Connect Core 1.0): authorization code with PKCE, state and nonce.

What the issuer says of itself and its keys is fetched at each sign-in: people sign in rarely, and nothing grows old.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.clock import Clock
from chassis.errors import Misconfigured, Retryable
from chassis.logs import logger
from chassis.oauth import LOOPBACK, SKEW_S, NotGenuineError
from chassis.settings import Settings

ANSWER_WITHIN_S: Final = 5.0
ANSWER_BYTES_MAX: Final = 128 * 1024
CODE_CHARS_MAX: Final = 2_048
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures alone: neither ``none`` nor what anybody could make who knows our secret."""
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_RANDOM_BYTES: Final = 32

log = logger(__name__)


class _Provider(BaseModel):
    """What the issuer says of itself."""

    model_config = ConfigDict(extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: ``state`` stays with the browser, ``nonce`` and ``verifier`` here."""

    address: str
    """Where the browser goes."""
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class SignInIssuer:
    issuer: str
    client_id: str
    secret: str
    back: str
    """Our own address, where the issuer sends the browser back to."""
    clock: Clock

    @classmethod
    def of(cls, settings: Settings, clock: Clock, *, back: str) -> "SignInIssuer | None":
        """None where none is configured.

        Raises:
            Misconfigured: only part of it is, or the secret cannot be read.
        """
        given = settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret
        if not any(given):
            return None
        issuer, client_id, secret = given
        if not (issuer and client_id and secret):
            raise Misconfigured("SPM_OIDC_ISSUER, SPM_OIDC_CLIENT_ID and SPM_OIDC_CLIENT_SECRET go together")
        if not _is_safe(issuer):
            raise Misconfigured(f"SPM_OIDC_ISSUER is {issuer!r}, expected https://…")
        try:
            return cls(issuer.rstrip("/"), client_id, secret.read_text("utf-8").strip(), back, clock)
        except (OSError, UnicodeDecodeError) as fault:
            raise Misconfigured(f"SPM_OIDC_CLIENT_SECRET: {secret} cannot be read ({type(fault).__name__})") from None

    async def begin(self) -> Begun:
        """Raises:
        Retryable: the issuer does not answer.
        """
        async with _client() as client:
            provider = await self._provider(client)
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        mark = "&" if "?" in provider.authorization_endpoint else "?"
        return Begun(f"{provider.authorization_endpoint}{mark}{urlencode(asked)}", state, nonce, verifier)

    async def address_of(self, code: str, *, nonce: str, verifier: str) -> str:
        """The mail address that the issuer has verified.

        Raises:
            NotGenuineError: the code or what came for it proves nothing.
            Retryable: the issuer does not answer.
        """
        async with _client() as client:
            provider = await self._provider(client)
            told = await self._redeemed(client, provider, code, verifier)
            keys = await _json(client, "GET", provider.jwks_uri)
        claims = self._verified(str(told.get("id_token", "")), keys)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise NotGenuineError("The issuer's answer belongs to another sign-in.")
        address = claims.get("email")
        if claims.get("email_verified") is not True or not isinstance(address, str):
            raise NotGenuineError("The issuer has not verified the mail address of this account.")
        return address

    async def _provider(self, client: httpx.AsyncClient) -> _Provider:
        found = await _json(client, "GET", self.issuer + _WELL_KNOWN)
        try:
            provider = _Provider.model_validate(found)
        except ValidationError:
            raise Retryable("the issuer of sign-ins does not say where its endpoints are") from None
        if provider.issuer.rstrip("/") != self.issuer:
            raise Retryable("the issuer of sign-ins calls itself by another name than SPM_OIDC_ISSUER")
        if not all(map(_is_safe, (provider.authorization_endpoint, provider.token_endpoint, provider.jwks_uri))):
            raise Retryable("the issuer of sign-ins names an endpoint without https")
        return provider

    async def _redeemed(
        self, client: httpx.AsyncClient, provider: _Provider, code: str, verifier: str
    ) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code[:CODE_CHARS_MAX],
            "redirect_uri": self.back,
            "code_verifier": verifier,
        }
        return await _json(client, "POST", provider.token_endpoint, data=form, auth=(self.client_id, self.secret))

    def _verified(self, token: str, keys: Mapping[str, Any]) -> Mapping[str, Any]:
        registry = JWTClaimsRegistry(
            now=lambda: int(self.clock.now().timestamp()),
            leeway=SKEW_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            signing = [key for key in keys["keys"] if key.get("use", "sig") == "sig"]
            claims = jwt.decode(token, KeySet.import_key_set({"keys": signing}), algorithms=list(ALGORITHMS)).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as fault:
            raise NotGenuineError(f"The issuer's token is refused ({type(fault).__name__}).") from None
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != self.client_id:
            raise NotGenuineError("The issuer's token is meant for others too.")
        return claims


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=ANSWER_WITHIN_S, follow_redirects=False)


async def _json(client: httpx.AsyncClient, method: str, address: str, **sent: Any) -> dict[str, Any]:
    """Raises:
    NotGenuineError: the issuer refuses.
    Retryable: it does not answer, or says what cannot be read.
    """
    try:
        async with client.stream(method, address, headers={"Accept": "application/json"}, **sent) as answer:
            taken = b""
            async for part in answer.aiter_bytes():
                taken += part
                if len(taken) > ANSWER_BYTES_MAX:
                    raise Retryable(f"the issuer's answer is larger than {ANSWER_BYTES_MAX} bytes")
    except httpx.HTTPError as fault:
        raise Retryable(f"the issuer of sign-ins does not answer ({type(fault).__name__})") from None
    if answer.is_client_error:
        log.info("oidc.refused", status=answer.status_code)
        raise NotGenuineError("The issuer does not take what it was sent; sign in once more.")
    try:
        found = json.loads(taken)
    except ValueError:
        found = None
    if not answer.is_success or not isinstance(found, dict):
        raise Retryable(f"the issuer of sign-ins answers {answer.status_code} with nothing that can be read")
    return found


def _is_safe(address: str) -> bool:
    url = httpx.URL(address)
    return url.scheme == "https" or url.host in LOOPBACK
