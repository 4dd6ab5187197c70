"""Finds out who calls, and refuses whom the scope does not admit or who calls too often."""

from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

from fastapi import Request

from chassis.access import KeyRing, KeyRow, mistyped
from chassis.audit import CALLER, NoWitness, Witness
from chassis.clock import Clock
from chassis.errors import Retryable
from chassis.oauth import Issuer, NotGenuineError, looks_like_a_token
from chassis.problems import Problem
from chassis.quota import Quota, Standing

HEADERS: Final = "spm.headers"
BURST: Final = "burst"
SCENARIO: Final = "Spm-Test-Scenario"
ABNORMAL: Final = "failed-keys"
_IPV6_SITE_BITS: Final = 64


Rehearsal = Callable[[Request, KeyRow], Awaitable[None]]
"""What the sandbox does to an admitted request before its door is reached."""


class Gate:
    def __init__(
        self,
        ring: KeyRing,
        clock: Clock,
        *,
        requests: Quota,
        failures: Quota,
        issuer: Issuer | None = None,
        witness: Witness | None = None,
        rehearsal: Rehearsal | None = None,
    ) -> None:
        """``requests`` are counted by client, ``failures`` (unknown keys) by the address that they came from.

        ``rehearsal`` makes it the gate of the sandbox, which admits the sandbox's keys and no others.
        """
        self._ring = ring
        self._clock = clock
        self._requests = requests
        self._failures = failures
        self._issuer = issuer
        self._rehearsal = rehearsal
        self.witness = witness or NoWitness()

    async def caller(self, request: Request, token: str | None, scope: str, *, challenge: str) -> KeyRow:
        """Raises:
        Problem: 401, 403 or 429.
        Retryable: the key is not known here yet, or the issuer's keys cannot be fetched.
        """
        now = self._clock.now()
        if token is None:
            text = "No key was sent; send Authorization: Bearer spm_…"
            raise Problem(401, "unauthenticated", text, headers={"WWW-Authenticate": challenge})
        try:
            key = await self._genuine(token)
        except NotGenuineError as fault:
            raise self._unauthenticated(request, challenge, str(fault)) from None
        if over := key.over(now):
            raise self._unauthenticated(request, challenge, f"The key {key.key_id} {over}; ask for a new one.")
        request.scope[CALLER] = key
        self.witness.used(key, now)
        self._count(request, key)
        if scope not in key.scopes:
            held = ", ".join(sorted(key.scopes)) or "none"
            told = _with_error(challenge, f'error="insufficient_scope", scope="{scope}"')
            raise Problem(403, "forbidden", f"This key's scopes are {held}; this needs {scope}.", headers=told)
        await self._rehearse(request, key)
        return key

    def in_force(self, caller: KeyRow) -> bool:
        """Whether the key still holds of a caller whom an answer keeps for long."""
        # The ring knows what the log has said of the key since; of an access token nothing but its end is known.
        return self._ring.rows.get(caller.key_id, caller).over(self._clock.now()) is None

    async def _rehearse(self, request: Request, key: KeyRow) -> None:
        if key.sandbox != (self._rehearsal is not None):
            raise Problem(403, "forbidden", "A key of the sandbox opens the doors of intake's sandbox and no others.")
        if self._rehearsal is not None:
            await self._rehearsal(request, key)
        elif SCENARIO in request.headers:
            text = f"{SCENARIO} is for keys of the sandbox; this one is in earnest. Nothing was done."
            raise Problem(400, "bad-test-scenario", text)

    async def _genuine(self, token: str) -> KeyRow:
        if self._issuer is not None and looks_like_a_token(token):
            return await self._issuer.holder_of(token)
        key = self._ring.key_of(token)
        if key is not None:
            return key
        if mistyped(token):
            raise NotGenuineError("The key is not as it was issued: its checksum disagrees. Copy it again, all of it.")
        if not self._ring.complete:
            raise Retryable("the log of keys is still being read; the key may stand in it")
        raise NotGenuineError("The key is unknown.")

    def _count(self, request: Request, key: KeyRow) -> None:
        standing = self._requests.take(key.client_id, key.requests_per_minute)
        request.scope[HEADERS] = standing.headers(BURST)
        if not standing.admitted:
            text = f"{key.client_id} has sent more than {standing.limit} requests within a minute."
            raise _too_many("quota-exceeded", BURST, text, standing)

    def _unauthenticated(self, request: Request, challenge: str, detail: str) -> Problem:
        standing = self._failures.take(site_of(request))
        if not standing.admitted:
            text = f"More than {standing.limit} unknown keys came from this address within a minute."
            return _too_many("abnormal-usage-detected", ABNORMAL, text, standing)
        return Problem(401, "unauthenticated", detail, headers=_with_error(challenge, 'error="invalid_token"'))


def _with_error(challenge: str, error: str) -> dict[str, str]:
    """RFC 6750 says why a bearer token was refused; a browser that asks for a password knows no such words."""
    return {"WWW-Authenticate": f"{challenge}, {error}" if challenge.startswith("Bearer") else challenge}


def _too_many(slug: str, policy: str, detail: str, standing: Standing) -> Problem:
    return Problem(
        429,
        slug,
        f"{detail} Wait as long as Retry-After says, and send the same request again.",
        violated_policies=[policy],
        headers={"Retry-After": str(standing.more_in_s)},
    )


def site_of(request: Request) -> str:
    """The caller's address; of IPv6 the network, because a site has 2⁶⁴ addresses of its own."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(int(address) >> _IPV6_SITE_BITS)
    return host
