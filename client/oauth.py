"""Access tokens by client credentials, the client proving itself with a signature (RFC 6749 §4.4, RFC 7523).

token = await fetch_token("https://issuer.example/token", client_id="region-64.71", key=jwk, scopes=[...])
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any, Final

import httpx
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import import_key

from client.addresses import require_private

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIVES_S: Final = 60
ANSWER_WITHIN_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024
_ALGORITHMS: Final = {"Ed25519": "EdDSA", "P-256": "ES256"}


class TokenRefusedError(Exception):
    """The issuer gave no token; the text says what it answered, without anything secret."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: str
    expires_at: datetime | None
    """None where the issuer does not say."""

    def __repr__(self) -> str:
        return f"AccessToken(expires_at={self.expires_at})"


async def fetch_token(
    endpoint: str,
    *,
    client_id: str,
    key: dict[str, Any],
    scopes: Iterable[str],
    audience: str | None = None,
    http: httpx.AsyncClient | None = None,
    now: datetime | None = None,
) -> AccessToken:
    """A token with these scopes, such as ``submissions:write region:64.71``.

    Args:
        endpoint: The issuer's token endpoint.
        client_id: As the issuer knows the client.
        key: The client's private key as a JWK with its ``kid``: Ed25519 or P-256.
        scopes: What is asked for; the issuer may give less.
        audience: Whom the assertion is for, where the issuer wants another name than its endpoint's.
        http: A client of the caller's own; by default one for this request.
        now: The present instant; by default the clock's.

    Raises:
        ValueError: the endpoint is on another machine and has no TLS: the token could be read on the way.
        TokenRefusedError: the issuer says no, or something else than a token.
        httpx.HTTPError: the issuer cannot be reached.
    """
    require_private(endpoint)
    now = now or datetime.now(UTC)  # noqa: TID251 - the client package stands alone, without our clock
    form = {
        "grant_type": "client_credentials",
        "scope": " ".join(scopes),
        "client_id": client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": _assertion(client_id, key, audience or endpoint, now),
    }
    if http is not None:
        return _token(await http.post(endpoint, data=form, timeout=ANSWER_WITHIN_S), now)
    async with httpx.AsyncClient(timeout=ANSWER_WITHIN_S, follow_redirects=False) as own:
        return _token(await own.post(endpoint, data=form), now)


def _assertion(client_id: str, key: dict[str, Any], audience: str, now: datetime) -> str:
    try:
        algorithm = _ALGORITHMS[key["crv"]]
    except KeyError:
        raise ValueError(f"the client's key must be of {', '.join(_ALGORITHMS)}, found {key.get('crv')!r}") from None
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": key["kid"]} if "kid" in key else {})
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": token_urlsafe(16),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + ASSERTION_LIVES_S,
    }
    with warnings.catch_warnings():
        # RFC 9864 prefers the name Ed25519 to EdDSA; issuers know the older one.
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(header, claims, import_key(key), algorithms=[algorithm])


def _token(answer: httpx.Response, now: datetime) -> AccessToken:
    if len(answer.content) > ANSWER_BYTES_MAX:
        raise TokenRefusedError(f"{answer.status_code}, with more than {ANSWER_BYTES_MAX} bytes")
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise TokenRefusedError(f"{answer.status_code}, and no JSON object")
    if not answer.is_success:
        raise TokenRefusedError(f"{answer.status_code} {told.get('error')}: {told.get('error_description')}")
    value, kind, lives_s = told.get("access_token"), told.get("token_type"), told.get("expires_in")
    if not isinstance(value, str) or str(kind).lower() != "bearer":
        raise TokenRefusedError(f"{answer.status_code}, and no bearer token")
    lives = timedelta(seconds=lives_s) if isinstance(lives_s, int) and lives_s >= 0 else None
    return AccessToken(value, None if lives is None else now + lives)
