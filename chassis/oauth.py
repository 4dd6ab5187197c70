"""Access tokens of a configured issuer (OAuth 2, RFC 9068), told as the same rows that API keys have.

Keys come from the configured set alone: what a token says of its own key is refused, and so is every algorithm but two
signatures. ``region:<code>`` in the scope says whom the client acts for, exactly once.
"""

import asyncio
import json
import re
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
from joserfc import jws
from joserfc.errors import ClaimError, JoseError, SecurityWarning
from joserfc.jwk import KeySet
from joserfc.jws import CompactSignature, JWSRegistry
from joserfc.jwt import JWTClaimsRegistry
from pydantic import ValidationError

from chassis.access import KeyRow
from chassis.clock import Clock, monotonic_s
from chassis.errors import Misconfigured, Retryable
from chassis.logs import logger
from chassis.settings import Settings
from contracts.scopes import SCOPES

SKEW_S: Final = 60
KEYS_LIVE_S: Final = 600.0
"""A key that the issuer took back is trusted no longer than this, while the issuer answers."""
LOOK_AGAIN_S: Final = 60.0
FETCH_WITHIN_S: Final = 5.0
KEY_SET_BYTES_MAX: Final = 64 * 1024
KEYS_MAX: Final = 20
TOKEN_CHARS_MAX: Final = 8_192
_TYPES: Final = {"at+jwt", "application/at+jwt"}
_CURVES: Final = {"EdDSA": "Ed25519", "Ed25519": "Ed25519", "ES256": "P-256"}
_KEYS_OF_ITS_OWN: Final = ("jwk", "jku", "x5u", "x5c", "crit")
_REQUIRED: Final[dict[str, Any]] = {claim: {"essential": True} for claim in ("exp", "iat", "jti", "client_id", "scope")}
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_REGION: Final = "region:"
LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}

log = logger(__name__)


class NotGenuineError(Exception):
    """The token proves nothing; the text says why, without the token."""


class Fetch(Protocol):
    async def __call__(self) -> bytes: ...


def looks_like_a_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


class Issuer:
    """Tells whose access token it is."""

    def __init__(self, issuer: str, audience: str, fetch: Fetch, clock: Clock) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys = IssuerKeys(fetch)
        self._registry = JWSRegistry(algorithms=list(_CURVES))
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock.now().timestamp()),
            leeway=SKEW_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            **_REQUIRED,
        )

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> "Issuer | None":
        """None where no issuer is configured.

        Raises:
            Misconfigured: only part of it is.
        """
        given = settings.oauth_issuer, settings.oauth_audience, settings.oauth_jwks
        if not any(given):
            return None
        issuer, audience, jwks = given
        if not (issuer and audience and jwks):
            raise Misconfigured("SPM_OAUTH_ISSUER, SPM_OAUTH_AUDIENCE and SPM_OAUTH_JWKS go together; set all or none")
        if jwks.startswith("http://") and httpx.URL(jwks).host not in LOOPBACK:
            raise Misconfigured("SPM_OAUTH_JWKS: keys come from a file or over https://, found http://")
        return cls(issuer, audience, _fetch(jwks), clock)

    async def holder_of(self, token: str) -> KeyRow:
        """Raises:
        NotGenuineError: not this issuer's token for this audience, or over.
        Retryable: the issuer's keys were never fetched and cannot be now.
        """
        if len(token) > TOKEN_CHARS_MAX:
            raise NotGenuineError(f"The access token is longer than {TOKEN_CHARS_MAX} characters.")
        try:
            signed = jws.extract_compact(token.encode(), registry=self._registry)
            await self._verify(signed)
            claims = json.loads(signed.payload)
            if not isinstance(claims, dict):
                raise NotGenuineError("The access token holds no claims.")
            self._claims.validate(claims)
            return _row_of(claims, self._issuer)
        except ClaimError as fault:
            raise NotGenuineError(f"The access token's claims are refused: {fault.error}, {fault.claim}.") from None
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as fault:
            raise NotGenuineError(f"The access token cannot be read ({type(fault).__name__}).") from None

    async def _verify(self, signed: CompactSignature) -> None:
        header = signed.headers()
        if str(header.get("typ")).lower() not in _TYPES:
            raise NotGenuineError("The token is no access token: its typ is not at+jwt.")
        if foreign := [name for name in _KEYS_OF_ITS_OWN if name in header]:
            raise NotGenuineError(f"The access token brings {', '.join(foreign)}; keys come from the issuer alone.")
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in _CURVES or not isinstance(kid, str):
            raise NotGenuineError("The access token must be signed with EdDSA or ES256 and name its key (kid).")
        key = (await self._keys.holding(kid)).get(kid)
        if key is None or key.get("crv") != _CURVES[algorithm]:
            raise NotGenuineError("The access token is signed with a key that the issuer does not show.")
        with warnings.catch_warnings():
            # RFC 9864 prefers the name Ed25519 to EdDSA; issuers still write the older one.
            warnings.simplefilter("ignore", SecurityWarning)
            genuine = jws.validate_compact(signed, KeySet.import_key_set({"keys": [key]}), registry=self._registry)
        if not genuine:
            raise NotGenuineError("The access token's signature does not hold.")


class IssuerKeys:
    """The issuer's public keys by their id; looked for again when old, or when one is unknown: once a minute."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._keys: Mapping[str, dict[str, Any]] | None = None
        self._looked_s: float | None = None
        self._one_at_a_time = asyncio.Lock()

    async def holding(self, kid: str) -> Mapping[str, dict[str, Any]]:
        """The keys as they are known, looked for again where this one is unknown or they are old.

        Raises:
            Retryable: they were never fetched and cannot be now.
        """
        async with self._one_at_a_time:
            if self._due(kid):
                self._looked_s = monotonic_s()
                try:
                    self._keys = _read_keys(await self._fetch())
                except (OSError, httpx.HTTPError, JoseError, ValueError, TypeError) as fault:
                    log.warning("oauth.keys", cause=type(fault).__name__, detail=str(fault)[:500])
            if self._keys is None:
                raise Retryable("the keys of the OAuth issuer cannot be fetched")
            return self._keys

    def _due(self, kid: str) -> bool:
        age_s = float("inf") if self._looked_s is None else monotonic_s() - self._looked_s
        if self._keys is None:
            return age_s >= FETCH_WITHIN_S
        return age_s >= (LOOK_AGAIN_S if kid not in self._keys else KEYS_LIVE_S)


def _read_keys(text: bytes) -> dict[str, dict[str, Any]]:
    """Only public keys of our two kinds; an issuer may show others."""
    keys = [
        key
        for key in json.loads(text)["keys"][:KEYS_MAX]
        if key.get("crv") in _CURVES.values() and isinstance(key.get("kid"), str) and key.get("use", "sig") == "sig"
    ]
    if any("d" in key for key in keys):
        raise ValueError("the key set holds a private key")
    KeySet.import_key_set({"keys": keys})
    return {key["kid"]: key for key in keys}


def _fetch(jwks: str) -> Fetch:
    async def from_file() -> bytes:
        return await asyncio.to_thread(Path(jwks).read_bytes)

    async def from_url() -> bytes:
        async with (
            asyncio.timeout(FETCH_WITHIN_S),
            httpx.AsyncClient(timeout=FETCH_WITHIN_S, follow_redirects=False) as client,
            client.stream("GET", jwks, headers={"Accept": "application/jwk-set+json, application/json"}) as answer,
        ):
            answer.raise_for_status()
            taken = b""
            async for part in answer.aiter_bytes():
                taken += part
                if len(taken) > KEY_SET_BYTES_MAX:
                    raise ValueError(f"the key set is larger than {KEY_SET_BYTES_MAX} bytes")
            return taken

    return from_url if jwks.startswith(("https://", "http://")) else from_file


def _row_of(claims: Mapping[str, Any], issuer: str) -> KeyRow:
    given = claims["scope"].split()
    regions = [scope.removeprefix(_REGION) for scope in given if scope.startswith(_REGION)]
    if len(regions) != 1:
        raise NotGenuineError(
            f"The access token names {len(regions)} regions in its scope; one region:<code> is needed."
        )
    client_id = claims["client_id"]
    try:
        return KeyRow(
            # The same for every token of a client, so that two tokens are not taken for two people.
            key_id=sha256(f"{issuer} {client_id}".encode()).hexdigest()[:12],
            client_id=client_id,
            scopes=frozenset(given) & SCOPES.keys(),
            region=regions[0],
            sha256=sha256(str(claims["jti"]).encode()).hexdigest(),
            expires_at=datetime.fromtimestamp(claims["exp"] + SKEW_S, UTC),
        )
    except (ValidationError, OverflowError, OSError):
        raise NotGenuineError("The access token's client_id or region is not written as ours are.") from None
